"""What leaves before what: alerts, words to clients, our people's pings, cards, edits of cards, and digests last."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from adapters.message import Channel, Conversation
from bot.store.delivery import outbox, patience
from bot.store.delivery.outbox import Settled
from bot.store.delivery.told import PRIORITY, outbox_row, ping_rows
from bot.store.driver.database import Database
from bot.store.unit import write_outbox
from bot.tickets.facts import Ping
from routing.people import PersonId
from sla.duration import Instant, later

NOW = Instant(1_000_000)
VERA = PersonId("vera")
DM = Conversation(Channel.SLACK, "desk", "T1/U1")
MINUTE = timedelta(minutes=1)


class Direct:
    """Everything of Vera's goes to her direct messages."""

    def __call__(self, person: PersonId) -> Conversation:
        return DM

    alert = card = thread = home = mail = __call__


def told(conn: Connection, *pings: Ping, at: Instant = NOW) -> None:
    write_outbox(conn, ping_rows(pings, Direct(), None, at))


def shown(conn: Connection, key: str, urgency: str, *, at: Instant = NOW) -> None:
    what = "card" if urgency == "redrawn" else urgency
    write_outbox(conn, [outbox_row(key, what, DM, None, None, at, priority=urgency)])


def next_out(conn: Connection, now: Instant = NOW) -> str | None:
    """Send the next row of the lane; its key."""
    claimed = outbox.claim(conn, now=now, owner="me", claim_for=MINUTE, count=1)
    for one in claimed:
        outbox.settle(conn, [Settled(one.id, f"m{one.id}", now)])
    return claimed[0].key if claimed else None


def digest(key: str = "digest", *, is_alert: bool = False) -> Ping:
    return Ping(VERA, key, "3 tickets waited for you", is_digest=True, is_alert=is_alert)


async def test_alerts_leave_before_edits_and_edits_before_digests(database: Database) -> None:
    def plant(conn: Connection) -> Sequence[str | None]:
        told(conn, digest())
        for urgency in ("home", "redrawn", "card"):
            shown(conn, urgency, urgency)
        told(conn, Ping(VERA, "ping", "Lena wrote"), Ping(VERA, "alert", "Overdue", is_alert=True))
        shown(conn, "reply", "reply")
        told(conn, digest("pile", is_alert=True))
        return [next_out(conn) for _ in range(9)]

    assert await database.write(plant) == ["alert", "pile", "reply", "ping", "card", "redrawn", "home", "digest", None]


@pytest.mark.parametrize("kind", ["redrawn", "card"])
async def test_a_digest_leaves_in_time_where_there_is_always_a_card_to_draw(database: Database, kind: str) -> None:
    def minutes(conn: Connection) -> Sequence[tuple[int, str | None]]:
        told(conn, digest())
        left = []
        for second in range(0, 300, 15):
            now = later(NOW, timedelta(seconds=second))
            for number in range(2):
                shown(conn, f"{kind} {second}.{number}", kind, at=now)
            patience.hurry(conn, now=now)
            left.append((second, next_out(conn, now)))
        return left

    left = dict(await database.write(minutes))
    assert [second for second, key in left.items() if key == "digest"] == [60]


async def test_only_digests_become_urgent_by_waiting_and_no_more_than_a_ping(database: Database) -> None:
    def plant(conn: Connection) -> Sequence[str | None]:
        told(conn, digest())
        for urgency in ("mark", "redrawn", "card"):
            shown(conn, urgency, urgency)
        much_later = later(NOW, timedelta(days=1))
        assert patience.hurry(conn, now=much_later) == 1
        assert patience.hurry(conn, now=much_later) == 0
        told(conn, Ping(VERA, "ping", "Lena wrote"), Ping(VERA, "alert", "Overdue", is_alert=True), at=much_later)
        return [next_out(conn, much_later) for _ in range(6)]

    assert await database.write(plant) == ["alert", "digest", "ping", "card", "redrawn", "mark"]


async def test_a_digest_that_is_being_sent_or_has_ended_is_left_as_it_is(database: Database) -> None:
    def plant(conn: Connection) -> int:
        told(conn, digest("sent"), digest("sending"))
        assert next_out(conn) == "sent"
        assert len(outbox.claim(conn, now=NOW, owner="me", claim_for=MINUTE, count=1)) == 1
        return patience.hurry(conn, now=later(NOW, timedelta(days=1)))

    assert await database.write(plant) == 0
    assert PRIORITY["alert"] < PRIORITY["ping"] < PRIORITY["redrawn"] < PRIORITY["digest"]

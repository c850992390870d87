"""The outbox: everything leaves once and in order, and nothing that stopped half-way is sent again blindly."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import Connection, select

from bot.store.delivery import outbox, sending
from bot.store.delivery.outbox import Outgoing, Outlook, Put, Settled
from bot.store.driver.committer import Committer
from bot.store.driver.database import Database
from bot.store.driver.engine import open_database
from bot.store.tables import schema
from sla.duration import Instant
from tests.contract.store.rows import outbox_row, plant_lines, plant_outbox

NOW = Instant(1_000)
MINUTE = timedelta(minutes=1)


def claim_at(
    conn: Connection,
    now: int = NOW,
    *,
    busy: Sequence[str] = (),
    count: int = 10,
    claim_for: timedelta = MINUTE,
    owner: str = "me",
) -> list[int]:
    claimed = outbox.claim(conn, now=Instant(now), owner=owner, claim_for=claim_for, busy=busy, count=count)
    return [one.id for one in claimed]


def doubtful(conn: Connection, now: int = NOW) -> list[int]:
    return [one.id for one in outbox.claim_uncertain(conn, now=Instant(now), owner="me", claim_for=MINUTE, count=10)]


async def row(database: Database, number: int) -> Outgoing:
    found = await database.read(lambda conn: outbox.show(conn, number))
    assert found is not None
    return found


async def line(database: Database, number: int) -> tuple[str, int, str | None]:
    message = schema.message.c
    query = select(message.state, message.rev, message.external_id).where(message.id == number)
    found = await database.read(lambda conn: conn.execute(query).one())
    return found.state, found.rev, found.external_id


@pytest.fixture
async def three_lines(database: Database) -> Database:
    """Lines 1 to 3 of one conversation, each with its row in the outbox, and row 4 to another lane."""

    def plant(conn: Connection) -> None:
        plant_lines(conn, 3)
        plant_outbox(conn, [outbox_row(number, message_id=number) for number in (1, 2, 3)])
        plant_outbox(conn, [outbox_row(4, lane="slack:T1:D1", what="ping", priority=2)])

    await database.write(plant)
    return database


async def test_one_row_of_each_lane_is_claimed(three_lines: Database) -> None:
    assert await three_lines.write(claim_at) == [1, 4]
    assert await three_lines.write(claim_at) == []

    first = await row(three_lines, 1)
    assert (first.state, first.attempts) == ("sending", 1)


async def test_the_most_urgent_row_is_claimed_first(database: Database) -> None:
    rows = [outbox_row(n, lane=f"lane {n}", priority=priority) for n, priority in ((1, 3), (2, 0), (3, 1))]
    await database.write(lambda conn: plant_outbox(conn, rows))

    assert await database.write(lambda conn: claim_at(conn, count=2)) == [2, 3]
    assert await database.write(lambda conn: claim_at(conn, count=2)) == [1]


async def test_a_busy_lane_and_a_row_whose_time_has_not_come_are_left(three_lines: Database) -> None:
    assert await three_lines.write(lambda conn: claim_at(conn, -1)) == []
    assert await three_lines.write(lambda conn: claim_at(conn, busy=["inapp:desk:1"])) == [4]


async def test_a_channel_that_is_held_sends_nothing_and_holds_nobody_else(database: Database) -> None:
    rows = [outbox_row(1, lane="a", channel="slack"), outbox_row(2, lane="b", channel="telegram")]
    await database.write(lambda conn: plant_outbox(conn, rows))

    def claim(conn: Connection) -> Sequence[Outgoing]:
        return outbox.claim(conn, now=NOW, owner="me", claim_for=MINUTE, held=["slack"], count=9)

    assert [one.id for one in await database.write(claim)] == [2]


async def test_a_row_sent_another_way_starts_afresh_there(three_lines: Database) -> None:
    await three_lines.write(claim_at)
    await three_lines.write(
        lambda conn: outbox.reroute(conn, 4, channel="board", lane="board:desk:vera", reason="no such channel")
    )

    rerouted = await row(three_lines, 4)

    assert (rerouted.channel, rerouted.lane) == ("board", "board:desk:vera")
    assert (rerouted.state, rerouted.attempts, rerouted.error) == ("pending", 0, "no such channel")
    assert await three_lines.write(claim_at) == [4]


async def test_nothing_is_ready_before_its_time_or_after_its_end(three_lines: Database) -> None:
    async def outlook(now: int) -> Outlook:
        return await three_lines.read(lambda conn: outbox.outlook(conn, now=Instant(now)))

    assert await outlook(-1) == Outlook(is_ready=False, ready_at=Instant(0))
    assert await outlook(0) == Outlook(is_ready=True)
    await three_lines.write(lambda conn: outbox.drop(conn, [Put(number, "over") for number in (1, 2, 3, 4)]))
    assert await outlook(0) == Outlook(is_ready=False)


async def test_a_sent_row_has_a_receipt_and_frees_its_lane(three_lines: Database) -> None:
    await three_lines.write(claim_at)

    assert await three_lines.write(lambda conn: outbox.settle(conn, [Settled(1, "m77", NOW)])) == [True]

    sent = await row(three_lines, 1)
    assert sent.state == "sent"
    receipt = await three_lines.read(lambda conn: conn.execute(select(schema.receipt)).one())
    assert (receipt.outbox_id, receipt.lane, receipt.external_id, receipt.at) == (1, "inapp:desk:1", "m77", NOW)
    assert await three_lines.write(claim_at) == [2]


async def test_of_a_page_only_the_last_drawing_is_kept_and_of_a_card_the_last_is_read(database: Database) -> None:
    lanes = {"home:vera": "slack:T1:U1#home", "card:1:vera": "slack:T1:U1"}
    slots = ["home:vera", "card:1:vera"] * 3

    def draw(conn: Connection) -> None:
        for number, slot in enumerate(slots, start=1):
            plant_outbox(conn, [outbox_row(number, lane=lanes[slot], what=slot.partition(":")[0], slot=slot)])
            outbox.settle(conn, [Settled(number, f"m{number}", NOW)])

    await database.write(draw)

    kept = await database.read(lambda conn: conn.execute(select(schema.receipt.c.outbox_id)).scalars().all())
    assert sorted(kept) == [2, 4, 5, 6]
    shown = await database.read(lambda conn: sending.shown(conn, list(lanes)))
    assert shown == {("home:vera", lanes["home:vera"]): "m5", ("card:1:vera", lanes["card:1:vera"]): "m6"}


async def test_a_line_that_was_sent_is_seen_by_live_pages(three_lines: Database) -> None:
    await three_lines.write(claim_at)
    await three_lines.write(lambda conn: outbox.settle(conn, [Settled(1, "m77", NOW)]))

    assert await line(three_lines, 1) == ("sent", 4, "m77")
    rev = await three_lines.read(lambda conn: conn.execute(select(schema.conversation.c.rev)).scalar_one())
    assert rev == 4


async def test_rows_settled_together_get_a_rev_each(three_lines: Database, committer: Committer) -> None:
    settled = [Settled(number, f"m{number}", NOW) for number in (2, 1, 3, 4)]

    assert await asyncio.gather(*(committer.commit(outbox.settle, one) for one in settled)) == [True] * 4

    assert [await line(three_lines, number) for number in (1, 2, 3)] == [
        ("sent", 4, "m1"),
        ("sent", 5, "m2"),
        ("sent", 6, "m3"),
    ]


async def test_settling_twice_counts_once(three_lines: Database) -> None:
    first = await three_lines.write(lambda conn: outbox.settle(conn, [Settled(1, "m1", NOW)]))
    again = await three_lines.write(lambda conn: outbox.settle(conn, [Settled(1, "m2", NOW)]))

    assert (first, again) == ([True], [False])
    assert (await line(three_lines, 1))[2] == "m1"


async def test_a_postponed_row_waits_and_holds_its_lane(three_lines: Database) -> None:
    await three_lines.write(claim_at)
    await three_lines.write(lambda conn: outbox.postpone(conn, [Put(1, "slow down", Instant(5_000))]))

    assert await three_lines.write(lambda conn: claim_at(conn, 4_999)) == []
    assert (await three_lines.read(lambda conn: outbox.outlook(conn, now=Instant(-1)))).ready_at == 0
    assert await three_lines.write(lambda conn: claim_at(conn, 5_000)) == [1]
    assert (await row(three_lines, 1)).attempts == 2


async def test_an_uncertain_row_is_asked_about_before_anything_behind_it_is_sent(three_lines: Database) -> None:
    await three_lines.write(claim_at)
    await three_lines.write(lambda conn: outbox.doubt(conn, [Put(1, "the line went dead", Instant(2_000))]))

    assert await three_lines.write(lambda conn: claim_at(conn, 9_000)) == []
    assert await three_lines.write(lambda conn: doubtful(conn, 1_999)) == []
    assert await three_lines.write(lambda conn: doubtful(conn, 2_000)) == [1]
    assert await three_lines.write(lambda conn: doubtful(conn, 2_000)) == []  # it is being asked about

    await three_lines.write(lambda conn: outbox.postpone(conn, [Put(1, "it had not arrived")]))
    assert await three_lines.write(claim_at) == [1]


async def test_a_row_that_will_never_arrive_says_so_in_the_transcript(three_lines: Database) -> None:
    await three_lines.write(claim_at)

    assert await three_lines.write(lambda conn: outbox.bury(conn, [Put(1, "blocked by the client")])) == [True]

    assert ((await row(three_lines, 1)).state, (await row(three_lines, 1)).error) == ("failed", "blocked by the client")
    assert await line(three_lines, 1) == ("failed", 4, None)
    assert await three_lines.write(claim_at) == [2]


async def test_a_row_that_is_no_longer_true_is_dropped_with_its_reason(three_lines: Database) -> None:
    await three_lines.write(claim_at)

    await three_lines.write(lambda conn: outbox.drop(conn, [Put(4, "answered meanwhile")]))

    dropped = await row(three_lines, 4)
    assert (dropped.state, dropped.error) == ("dropped", "answered meanwhile")


async def test_a_send_that_a_crash_interrupted_is_uncertain(three_lines: Database) -> None:
    await three_lines.write(lambda conn: claim_at(conn, claim_for=timedelta(0) - MINUTE))

    assert await three_lines.write(outbox.recover) == 2
    assert await three_lines.write(outbox.recover) == 0
    assert await three_lines.write(doubtful) == [1, 4]


async def test_a_send_that_still_has_time_is_left_alone(three_lines: Database) -> None:
    await three_lines.write(claim_at)

    assert await three_lines.write(outbox.recover) == 0
    assert await three_lines.write(lambda conn: outbox.recover(conn, everything=True)) == 2


async def test_a_failed_row_can_be_sent_again_or_given_up(three_lines: Database) -> None:
    await three_lines.write(lambda conn: outbox.bury(conn, [Put(1, "blocked"), Put(2, "blocked")]))

    assert await three_lines.write(lambda conn: outbox.retry(conn, [1], now=NOW)) == 1
    assert await three_lines.write(lambda conn: outbox.discard(conn, [2, 3], reason="said by phone")) == 2

    assert (await line(three_lines, 1))[0] == "pending"
    assert (await line(three_lines, 3))[0] == "failed"
    rows = await three_lines.read(lambda conn: outbox.listing(conn, states=["discarded"], count=9))
    assert [(one.id, one.error) for one in rows] == [(3, "said by phone"), (2, "said by phone")]
    waiting = await three_lines.read(lambda conn: outbox.listing(conn, count=9))
    assert [one.id for one in waiting] == [1, 4]


async def test_what_is_on_its_way_is_counted_by_channel(three_lines: Database) -> None:
    await three_lines.write(claim_at)

    assert await three_lines.read(outbox.counts) == {("inapp", "sending"): (2, 1), ("inapp", "pending"): (2, 2)}


async def test_two_replicas_send_everything_once_and_in_order(database_url: str) -> None:
    replicas = [await open_database(database_url) for _ in range(2)]
    rows = [outbox_row(n, lane=f"lane {n % 4}") for n in range(1, 61)]
    await replicas[0].write(lambda conn: plant_outbox(conn, rows))
    sent: list[int] = []

    async def work(database: Database) -> None:
        while (await database.read(lambda conn: outbox.outlook(conn, now=NOW))).is_ready:
            claimed = await database.write(lambda conn: claim_at(conn, owner=str(id(database)), count=2))
            sent.extend(claimed)
            settled = [Settled(number, f"m{number}", NOW) for number in claimed]
            await database.write(partial(outbox.settle, settled=settled))

    await asyncio.gather(*(work(one) for one in replicas))

    assert sorted(sent) == list(range(1, 61))
    for lane in range(4):
        of_lane = [number for number in sent if number % 4 == lane]
        assert of_lane == sorted(of_lane)
    for one in replicas:
        await one.close()

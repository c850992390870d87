"""What became of each alert about a ticket: when it was sent, arrived, was acknowledged, and was acted upon.

Nothing of it is kept twice: the outbox knows what left, its receipts what the channel took, the history who did what.
Acknowledged and acted mean by the person who was alerted, after they were.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.store.delivery.told import PRIORITY
from bot.store.driver.connection import Connection
from bot.store.driver.look import rows_by_keys
from bot.tickets.facts import Event
from bot.tickets.ticket import TicketId
from routing.people import PersonId
from sla.duration import Instant

ACKNOWLEDGED: Final = "acknowledged"
_ALERTS: Final = f"""
SELECT outbox.key, outbox.channel, outbox.person, outbox.payload, outbox.state, outbox.created_at, outbox.attempts,
outbox.error, receipt.at AS taken_at FROM outbox LEFT JOIN receipt ON receipt.outbox_id = outbox.id
WHERE outbox.ticket_id IN {{keys}} AND outbox.what = 'ping' AND outbox.priority = {PRIORITY["alert"]} ORDER BY outbox.id
"""  # noqa: S608 - a number of ours


@dataclass(frozen=True, slots=True)
class AlertReceipt:
    """One alert to one person. A moment is None while that has not happened; `error` says why it could not be sent.

    `alerted_at` is when it was decided, `sent_at` the same once it has left, `delivered_at` when the channel took it.
    """

    person: PersonId
    channel: str
    title: str
    state: str
    alerted_at: Instant
    sent_at: Instant | None
    delivered_at: Instant | None
    acknowledged_at: Instant | None
    acted_at: Instant | None
    error: str


def alert_receipts(conn: Connection, ticket: TicketId, events: Sequence[Event]) -> tuple[AlertReceipt, ...]:
    """Every alert about a ticket, the oldest first, but for those that were no longer true when they would have left.

    `events` are all that happened to it. Who was told in a place with others has the receipt of what stood there.
    """
    rows = [row for row in rows_by_keys(conn, _ALERTS, [ticket]) if row.state != "dropped"]
    together: dict[str, Instant | None] = {}
    for row in rows:
        for person in json.loads(row.payload).get("among", ()):
            together[f"{row.key}:{person}"] = row.taken_at
    found: list[AlertReceipt] = []
    for row in rows:
        people = json.loads(row.payload).get("among") or [row.person]
        # The others of a place have rows of their own, which say when it stood there.
        person = PersonId(row.person or people[0])
        after = [one for one in events if one.by == person and one.at >= row.created_at]
        found.append(
            AlertReceipt(
                person=person,
                channel=row.channel,
                title=json.loads(row.payload)["title"],
                state=row.state,
                alerted_at=row.created_at,
                sent_at=row.created_at if row.attempts or row.state == "sent" else None,
                delivered_at=row.taken_at if row.taken_at is not None else together.get(row.key),
                acknowledged_at=_first(after, is_acknowledgement=True),
                acted_at=_first(after, is_acknowledgement=False),
                error=row.error if row.state != "sent" else "",
            )
        )
    return tuple(found)


def _first(after: Sequence[Event], *, is_acknowledgement: bool) -> Instant | None:
    moments = (one.at for one in after if (one.what == ACKNOWLEDGED) is is_acknowledgement)
    return min(moments, default=None)

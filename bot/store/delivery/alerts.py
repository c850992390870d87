"""What a person was told, newest first: the pings that were decided for them, wherever they went out."""

import json
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, text

from adapters.message import Untrusted
from bot.store.delivery.owed import owed
from bot.store.driver.look import rows_by_keys
from bot.store.facts import tickets_by_id
from bot.tickets.ticket import TicketId
from routing.people import PersonId
from sla.duration import Instant

LIMIT: Final = 50

_PINGS = text("""
SELECT id, ticket_id, payload, guard, created_at, state FROM outbox WHERE what = 'ping' AND person = :person
ORDER BY id DESC LIMIT :limit
""")
_SEEN = (
    "SELECT ticket_id, max(at) AS at FROM event WHERE ticket_id IN {keys} AND what = 'acknowledged' GROUP BY ticket_id"
)


@dataclass(frozen=True, slots=True)
class Alert:
    """One ping. `is_pending` while it is the latest word about something on an open ticket that is still so.

    An acknowledgement by anybody, or the promise kept after all, ends that.
    """

    id: int
    ticket_id: TicketId | None
    title: str
    lines: tuple[str, ...]
    quote: Untrusted
    at: Instant
    is_alert: bool
    is_pending: bool


def alerts_of(conn: Connection, person: PersonId, *, limit: int = LIMIT) -> tuple[Alert, ...]:
    """The latest pings of one person; those that turned out untrue before they were sent are left out."""
    rows = [row for row in conn.execute(_PINGS, {"person": person, "limit": limit}) if row.state != "dropped"]
    ids = sorted({row.ticket_id for row in rows if row.ticket_id is not None})
    tickets = tickets_by_id(conn, ids)
    seen = {row.ticket_id: row.at for row in rows_by_keys(conn, _SEEN, ids)}
    still = owed(conn, ids)
    found, said_already = [], set()
    for row in rows:
        told = json.loads(row.payload)
        guard = json.loads(row.guard or "{}")
        about = (row.ticket_id, guard.get("metric"), guard.get("started_at"))
        is_so = (about[1] is None or still.has(row.ticket_id, guard)) and about not in said_already
        if about[1] is not None:
            said_already.add(about)
        ticket = tickets.get(row.ticket_id)
        is_seen = row.ticket_id in seen and seen[row.ticket_id] >= row.created_at
        found.append(
            Alert(
                id=row.id,
                ticket_id=ticket.id if ticket else None,
                title=told["title"],
                lines=tuple(told["lines"]),
                quote=Untrusted(told["quote"]),
                at=row.created_at,
                is_alert=told["is_alert"],
                is_pending=told["is_alert"] and is_so and not is_seen and ticket is not None and ticket.status.is_open,
            )
        )
    return tuple(found)

"""What a person was told, newest first: the pings that were decided for them, wherever they went out."""

import json
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, text

from adapters.message import Untrusted
from bot.store.facts import tickets_by_id
from bot.store.look import rows_by_keys
from bot.tickets.ticket import TicketId
from routing.people import PersonId
from sla.duration import Instant

LIMIT: Final = 50

_PINGS = text("""
SELECT id, ticket_id, payload, created_at, state FROM outbox WHERE what = 'ping' AND person = :person
ORDER BY id DESC LIMIT :limit
""")
_SEEN = (
    "SELECT ticket_id, max(at) AS at FROM event WHERE ticket_id IN {keys} AND what = 'acknowledged' GROUP BY ticket_id"
)


@dataclass(frozen=True, slots=True)
class Alert:
    """One ping. `is_pending` while it is an alert about an open ticket that nobody has acknowledged since."""

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
    found = []
    for row in rows:
        told = json.loads(row.payload)
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
                is_pending=told["is_alert"] and ticket is not None and ticket.status.is_open and not is_seen,
            )
        )
    return tuple(found)

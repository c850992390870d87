"""The words that tickets opened with, for whoever wants to judge them again. One that was merged has none left."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from bot.tickets.ticket import TicketId
from routing.people import ClientId
from sla.duration import Instant

_FIRST = text("""
SELECT ticket.id, ticket.client, ticket.is_verified, ticket.urgency, ticket.subject, ticket.opened_at, message.text
FROM ticket JOIN message ON message.id = (
SELECT min(first.id) FROM message AS first WHERE first.ticket_id = ticket.id AND first.direction = 'in')
ORDER BY ticket.id
""")


@dataclass(frozen=True, slots=True)
class FirstWords:
    """`client` is None where the contact was never proven to belong to one."""

    ticket: TicketId
    client: ClientId | None
    urgency: str
    subject: str
    opened_at: Instant
    text: str


def first_words(conn: Connection) -> list[FirstWords]:
    """Of every ticket, the oldest first."""
    return [
        FirstWords(
            TicketId(row.id),
            ClientId(row.client) if row.client and row.is_verified else None,
            row.urgency,
            row.subject,
            Instant(row.opened_at),
            row.text,
        )
        for row in conn.execute(_FIRST)
    ]

"""One message a client wrote, by the name its channel has for it."""

from dataclasses import dataclass

from sqlalchemy import Connection

from bot.store.driver.look import rows_by_keys
from bot.tickets.ticket import MessageId, TicketId

_SAID = """
SELECT message.id, message.ticket_id, (
    SELECT min(other.id) FROM message AS other WHERE other.ticket_id = message.ticket_id AND other.direction = 'in'
) AS first_id FROM message WHERE message.key IN {keys} AND message.direction = 'in' AND message.ticket_id IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Said:
    """The line, the ticket it belongs to, and whether that began with it."""

    line: MessageId
    ticket: TicketId
    is_first: bool


def said_by_key(conn: Connection, key: str) -> Said | None:
    """None for what no client wrote, and for words that belong to no ticket."""
    for row in rows_by_keys(conn, _SAID, [key]):
        return Said(MessageId(row.id), TicketId(row.ticket_id), row.id == row.first_id)
    return None

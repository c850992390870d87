"""What concerns one place or one channel at once: its open tickets, and the words to clients that wait for it."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, text

from adapters.message import Channel, Conversation
from bot.store.delivery.outbox import Outgoing, show
from bot.store.tables import schema
from bot.tickets.ticket import TicketId

_HERE: Final = "(conversation.key = :place OR substr(conversation.key, 1, length(:place) + 1) = :place || '#')"
_OPEN: Final = schema.is_one_of("ticket.status", schema.OPEN)
_TICKETS = text(f"""
SELECT ticket.id FROM ticket JOIN conversation ON conversation.id = ticket.conversation_id
WHERE {_OPEN} AND {_HERE} ORDER BY ticket.id
""")  # noqa: S608 - words of ours
_TALKED_ABOUT = text(f"""
SELECT max(ticket.id) FROM ticket JOIN conversation ON conversation.id = ticket.conversation_id
WHERE {_OPEN} AND ticket.is_current = 1 AND substr(conversation.key, 1, length(:channel) + 1) = :channel || ':'
GROUP BY conversation.id ORDER BY 1
""")  # noqa: S608 - words of ours
_WAITING = text(f"""
SELECT id FROM outbox WHERE {schema.is_one_of("state", schema.ON_ITS_WAY)} AND state IN ('pending', 'postponed')
AND message_id IS NOT NULL AND (lane = :place OR substr(lane, 1, length(:place) + 1) = :place || '#') ORDER BY id
""")  # noqa: S608 - words of ours


def open_tickets(conn: Connection, where: Conversation) -> Sequence[TicketId]:
    """The open tickets that are talked about in a place, or in a thread of it."""
    return [TicketId(number) for number in conn.execute(_TICKETS, {"place": where.lane}).scalars()]


def talked_about(conn: Connection, channel: Channel) -> Sequence[TicketId]:
    """Of each conversation of a channel with somebody we work for, the ticket that is talked about there."""
    return [TicketId(number) for number in conn.execute(_TALKED_ABOUT, {"channel": str(channel)}).scalars()]


def waiting(conn: Connection, where: Conversation) -> Sequence[Outgoing]:
    """Lines that have not begun to leave for a place, oldest first."""
    numbers = conn.execute(_WAITING, {"place": where.lane}).scalars().all()
    return [row for number in numbers if (row := show(conn, number)) is not None]

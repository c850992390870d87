"""What concerns one place or one channel at once: its open tickets, and the words to clients that wait for it.

Also whose people were told that nothing arrives there, for the day on which it does again.
"""

from collections.abc import Mapping, Sequence
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

#: What was told of the place last, and what became of our last words.
_MISSED = text(f"""
SELECT ticket.id, said.state, said.text, (SELECT event.what FROM event WHERE event.ticket_id = ticket.id
AND event.what IN ('place_lost', 'place_back') ORDER BY event.id DESC LIMIT 1) AS told
FROM ticket JOIN conversation ON conversation.id = ticket.conversation_id LEFT JOIN message AS said ON said.id = (
SELECT max(message.id) FROM message WHERE message.ticket_id = ticket.id AND message.kind = 'reply')
WHERE {_OPEN} AND {_HERE} ORDER BY ticket.id
""")  # noqa: S608 - words of ours


def missed(conn: Connection, where: Conversation) -> Mapping[TicketId, str]:
    """The open tickets of a place that was lost, or where our last words failed, with those words; else empty."""
    rows = conn.execute(_MISSED, {"place": where.lane}).all()
    return {
        TicketId(row.id): row.text if row.state == "failed" else ""
        for row in rows
        if row.told == "place_lost" or row.state == "failed"
    }


def known(conn: Connection, where: Conversation) -> set[TicketId]:
    """The open tickets of a place of which it was told already that it is lost."""
    rows = conn.execute(_MISSED, {"place": where.lane}).all()
    return {TicketId(row.id) for row in rows if row.told == "place_lost"}


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

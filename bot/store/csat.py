"""What clients said of how it went: one question a ticket, and where in its conversation the last word about it is."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row

from bot.store.driver.bulk import upsert_many
from bot.store.driver.look import rows_by_keys
from bot.store.tables import care_schema
from bot.store.tables.schema import OPEN, is_one_of
from bot.tickets.care.csat import Csat
from bot.tickets.ticket import ConversationId, TicketId
from sla.duration import Instant

_ASKED = "SELECT * FROM csat WHERE ticket_id IN {keys}"
_LAST_LINES = """
SELECT message.id FROM conversation JOIN message ON message.conversation_id = conversation.id
AND message.rev = conversation.rev WHERE conversation.id IN {keys}
"""
#: What was said or shown last in a conversation has its `rev`. Where another ticket is open, words may be about that.
_WAITING = f"""
SELECT csat.*, conversation.key FROM conversation JOIN message ON message.conversation_id = conversation.id
AND message.rev = conversation.rev JOIN csat ON csat.line = message.id WHERE conversation.key IN {{keys}}
AND NOT EXISTS (SELECT 1 FROM ticket WHERE (ticket.conversation_id = conversation.id
OR ticket.id = conversation.ticket_id) AND ticket.id <> csat.ticket_id AND {is_one_of("ticket.status", OPEN)})
"""  # noqa: S608 - words of the schema
#: Of each conversation the ticket that was asked about last.
_LATEST = """
SELECT csat.*, conversation.key FROM csat JOIN ticket ON ticket.id = csat.ticket_id
JOIN conversation ON conversation.id = ticket.conversation_id WHERE conversation.key IN {keys}
AND conversation.ticket_id = ticket.id
"""


def asked_about(conn: Connection, tickets: Sequence[TicketId]) -> dict[TicketId, Csat]:
    """Those of these tickets that were asked about."""
    return {found.ticket: found for found in map(_csat, rows_by_keys(conn, _ASKED, tickets))}


def waiting_in(conn: Connection, conversations: Sequence[str]) -> dict[str, Csat]:
    """By conversation the question, or the thanks for an answer, that is the last thing said there."""
    return {row.key: _csat(row) for row in rows_by_keys(conn, _WAITING, conversations)}


def latest_in(conn: Connection, conversations: Sequence[str]) -> dict[str, Csat]:
    """By conversation the question about the last ticket there."""
    return {row.key: _csat(row) for row in rows_by_keys(conn, _LATEST, conversations)}


def last_line(conn: Connection, conversation: ConversationId) -> int:
    """The newest line of a conversation; 0 where nothing was said."""
    return next((row.id for row in rows_by_keys(conn, _LAST_LINES, [conversation])), 0)


def keep(conn: Connection, csats: Sequence[Csat]) -> None:
    """Write questions and answers as they are now."""
    upsert_many(
        conn,
        care_schema.csat,
        [
            {
                "ticket_id": one.ticket,
                "asked_at": one.asked_at,
                "line": one.line,
                "score": one.score,
                "answered_at": one.answered_at,
                "comment": one.comment,
                "is_told": int(one.is_told),
                "escalated_at": one.escalated_at,
            }
            for one in csats
        ],
    )


def _csat(row: Row[Any]) -> Csat:
    return Csat(
        TicketId(row.ticket_id),
        Instant(row.asked_at),
        row.line,
        row.score,
        row.answered_at,
        row.comment,
        bool(row.is_told),
        row.escalated_at,
    )

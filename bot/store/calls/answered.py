"""What was said in a conversation since times were offered there, and which line of ours a message replies to."""

import json
from typing import Final

from sqlalchemy import Connection

from bot.store.delivery import parts
from bot.store.driver.look import rows_by_keys
from bot.tickets.calls.answering import Line, Named
from bot.tickets.ticket import ConversationId
from sla.duration import Instant

_SINCE: Final = """
SELECT message.direction, message.kind, message.recorded_at
FROM call_offer JOIN message ON message.conversation_id = call_offer.conversation_id
WHERE call_offer.conversation_id IN {keys} AND message.id >= call_offer.newest ORDER BY message.id
"""
_NEWEST: Final = "SELECT max(id) AS line FROM message WHERE conversation_id IN {keys}"
_NAMED: Final = """
SELECT receipt.lane, outbox.message_id, outbox.what, outbox.payload
FROM receipt JOIN outbox ON outbox.id = receipt.outbox_id
WHERE receipt.external_id IN {keys} AND outbox.message_id IS NOT NULL ORDER BY outbox.id
"""
_NAMED_WHOLE: Final = """
SELECT receipt.lane, outbox.message_id, outbox.what, outbox.payload
FROM receipt JOIN outbox ON outbox.id = receipt.outbox_id
WHERE outbox.key IN {keys} AND outbox.message_id IS NOT NULL
"""


def said_since(conn: Connection, talk: ConversationId) -> list[Line]:
    """The lines from the newest when times were shown last on, the oldest first."""
    rows = rows_by_keys(conn, _SINCE, [talk])
    return [Line(row.direction == "out", row.kind == "auto", Instant(row.recorded_at)) for row in rows]


def newest_line(conn: Connection, talk: ConversationId) -> int:
    """The last line that was written there; 0 where nothing was said."""
    return next((row.line or 0 for row in rows_by_keys(conn, _NEWEST, [talk])), 0)


def line_named(conn: Connection, lane: str, external_id: str, button: str) -> Named | None:
    """The line of ours that a channel knows by this name; those with such a button below them offered something."""
    rows = rows_by_keys(conn, _NAMED, [external_id])
    if not rows and (whole := parts.key_of(conn, external_id)) is not None:
        rows = rows_by_keys(conn, _NAMED_WHOLE, [whole])  # a reply may name any part of a long message
    for row in rows:
        if row.lane == lane:
            kept = json.loads(row.payload) if row.payload else {}
            is_offer = any(one["action"] == button for one in kept.get("buttons", ()))
            return Named(row.message_id, is_offer, is_written=row.what == "reply")
    return None

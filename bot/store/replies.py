"""What is known of one reply of ours, long after it was written."""

import json

from sqlalchemy import Connection

from bot.store.look import rows_by_keys
from bot.tickets.ticket import MessageId
from sla.promise import ReplyKind

_REPLY = "SELECT ticket_id, reply_kind, at FROM message WHERE id IN {keys} AND kind = 'reply'"
_NAMINGS = "SELECT particulars FROM event WHERE ticket_id IN {keys} AND what = 'reply_named' ORDER BY id"


def kind_of(conn: Connection, message: MessageId) -> ReplyKind | None:
    """Which kind of reply a line is, as its author named it then or afterwards; None for any other line."""
    row = next(iter(rows_by_keys(conn, _REPLY, [message])), None)
    if row is None or row.ticket_id is None:
        return None
    kind = ReplyKind(row.reply_kind or ReplyKind.UNSET)
    for naming in rows_by_keys(conn, _NAMINGS, [row.ticket_id]):
        named = json.loads(naming.particulars)
        if named["written_at"] == row.at:
            kind = ReplyKind(named["kind"])
    return kind

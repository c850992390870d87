"""What is known of one reply of ours, long after it was written."""

import json
from dataclasses import dataclass

from sqlalchemy import Connection

from adapters.message import Conversation, conversation_from_key
from bot.store.driver.bulk import update_many
from bot.store.driver.look import rows_by_keys
from bot.store.tables.schema import outbox
from bot.tickets.ticket import MessageId, TicketId
from sla.duration import Instant
from sla.promise import ReplyKind

_REPLY = "SELECT ticket_id, merged_from, reply_kind, at FROM message WHERE id IN {keys} AND kind = 'reply'"
_SPOKEN = """
SELECT message.id, message.ticket_id, message.external_id, message.rev, message.at, outbox.id AS row_id, outbox.state,
outbox.lane FROM message JOIN outbox ON outbox.message_id = message.id WHERE message.key IN {keys}
"""
_NAMINGS = "SELECT particulars FROM event WHERE ticket_id IN {keys} AND what = 'reply_named' ORDER BY id"


@dataclass(frozen=True, slots=True)
class Spoken:
    """A reply that was written in a thread of ours, and how far it has got: `state` is its row's in the outbox."""

    line: MessageId
    ticket: TicketId
    said_at: Instant
    row: int
    state: str
    where: Conversation


def spoken(conn: Connection, key: str) -> Spoken | None:
    """The reply that came of a message of one of our people, by the message's own key."""
    # Held until we are done, so that it does not leave while its author takes it back or gives it new words.
    query = _SPOKEN if conn.dialect.name == "sqlite" else f"{_SPOKEN} FOR UPDATE OF outbox"
    for one in rows_by_keys(conn, query, [key]):
        where = conversation_from_key(one.lane)
        return Spoken(MessageId(one.id), TicketId(one.ticket_id), Instant(one.at), one.row_id, one.state, where)
    return None


def let_wait(conn: Connection, said: Spoken, *, until: Instant) -> None:
    """Let a reply that has not been tried yet leave then, and no sooner; it is ours since it was `spoken` of."""
    if said.state == "pending":
        update_many(conn, outbox, [{"id": said.row, "not_before": until}])


def kind_of(conn: Connection, message: MessageId) -> ReplyKind | None:
    """Which kind of reply a line is, as its author named it then or afterwards; None for any other line."""
    row = next(iter(rows_by_keys(conn, _REPLY, [message])), None)
    if row is None or row.ticket_id is None:
        return None
    kind = ReplyKind(row.reply_kind or ReplyKind.UNSET)
    # It may have been named on a ticket that was merged into this one since.
    for naming in rows_by_keys(conn, _NAMINGS, [one for one in (row.ticket_id, row.merged_from) if one is not None]):
        named = json.loads(naming.particulars)
        if named["written_at"] == row.at:
            kind = ReplyKind(named["kind"])
    return kind

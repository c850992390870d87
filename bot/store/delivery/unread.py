"""Replies that nobody has read yet, and the rows of the outbox that carry them to their reader's mail."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from adapters.message import Conversation
from bot.store.delivery.outbox import Outgoing
from bot.store.delivery.told import CARRIED, Row, carried_row
from bot.store.driver.bulk import insert_many, update_many
from bot.store.driver.ids import take
from bot.store.driver.look import rows_by_keys
from bot.store.facts import lock_conversations
from bot.store.tables import schema
from bot.tickets.ticket import ContactId, ConversationId, TicketId
from sla.duration import Instant

#: Whoever has read one has read those before it, and whoever speaks has looked.
_UNREAD = """
SELECT message.id, message.ticket_id, message.conversation_id, message.author FROM message
WHERE message.conversation_id IN {keys} AND message.direction = 'out' AND message.kind = 'reply'
AND message.is_deleted = 0 AND message.state NOT IN ('seen', 'failed') AND message.ticket_id IS NOT NULL
AND message.id > coalesce((
    SELECT max(known.id) FROM message AS known
    WHERE known.conversation_id = message.conversation_id AND (known.direction = 'in' OR known.state = 'seen')
), 0)
ORDER BY message.id
"""
_CARRIED = "SELECT payload FROM outbox WHERE ticket_id IN {keys} AND what = 'carried' ORDER BY id"
_TALK = "SELECT id, key FROM conversation WHERE key IN {keys}"
_KEY = "SELECT key FROM conversation WHERE id IN {keys}"


@dataclass(frozen=True, slots=True)
class Unread:
    """A reply of ours that was not read, by its line."""

    line: int
    ticket: TicketId
    author: str | None


def unread(conn: Connection, talks: Sequence[int]) -> dict[int, list[Unread]]:
    """By conversation, the replies that nobody has read, in their order; also those that were carried on already."""
    found: dict[int, list[Unread]] = {}
    for row in rows_by_keys(conn, _UNREAD, sorted(set(talks))):
        found.setdefault(row.conversation_id, []).append(Unread(row.id, TicketId(row.ticket_id), row.author))
    return found


def carried(conn: Connection, tickets: Sequence[TicketId]) -> frozenset[int]:
    """The lines of these tickets that follow by mail already, whatever became of that mail."""
    rows = rows_by_keys(conn, _CARRIED, sorted(set(tickets)))
    return frozenset(line for row in rows for line in json.loads(row.payload)["lines"])


def carry(lines: Sequence[Unread], talk: ConversationId, where: Conversation, at: Instant) -> Row:
    """The row that carries lines of a conversation to a mail address, for the ticket of the last of them."""
    last = lines[-1]
    return carried_row([one.line for one in lines], talk, where, last.ticket, last.author, at)


def still_unread(conn: Connection, rows: Sequence[Outgoing]) -> dict[str, list[Unread]]:
    """By the key of a row that carries lines: those of them that nobody has read to this moment."""
    kept = {row.key: json.loads(row.payload) for row in rows if row.what == CARRIED}
    if not kept:
        return {}
    found = unread(conn, [one["talk"] for one in kept.values()])
    return {
        key: [one for one in found.get(payload["talk"], ()) if one.line in payload["lines"]]
        for key, payload in kept.items()
    }


def begin_talk(conn: Connection, where: Conversation, contact: ContactId, ticket: TicketId, *, at: Instant) -> None:
    """A conversation by mail whose answers belong to the ticket; one that is there already belongs to it from now."""
    lock_conversations(conn, [where.key])
    rows = rows_by_keys(conn, _TALK, [where.key])
    if not rows:
        (number,) = take(conn, schema.conversation, 1)
        fresh = {"id": number, "key": where.key, "contact_id": contact, "created_at": at, "ticket_id": ticket}
        insert_many(conn, schema.conversation, [fresh])
        return
    update_many(conn, schema.conversation, [{"id": rows[0].id, "ticket_id": ticket}])


def key_of_talk(conn: Connection, talk: ConversationId) -> str:
    """The key of a conversation."""
    return str(rows_by_keys(conn, _KEY, [talk])[0].key)

"""Where a caller is told of their calls: nobody writes to a telephone, so they read it where else they are known."""

from collections.abc import Collection
from dataclasses import replace
from typing import Final

from sqlalchemy import Connection

from adapters.message import Channel, Conversation
from bot.store.driver.bulk import insert_many
from bot.store.driver.ids import take
from bot.store.driver.look import rows_by_keys
from bot.store.facts import lock_conversations
from bot.store.people.elsewhere import other_channels
from bot.store.tables import schema
from bot.tickets.calling_back import is_phone
from bot.tickets.facts import Facts, Talk
from bot.tickets.ticket import ContactId, ConversationId, TicketId
from sla.duration import Instant

_NAMED: Final = "SELECT id, contact_id, rev, ticket_id FROM conversation WHERE key IN {keys}"
#: Where people look first; a mail takes an invitation along.
_BEST: Final = (Channel.EMAIL, Channel.TELEGRAM, Channel.SLACK, Channel.INAPP)


def reached(conn: Connection, facts: Facts, served: Collection[Channel]) -> Facts | None:
    """The same facts where their contact can be written to: as they are but for a caller; None where nobody can.

    A caller's other conversation is held until the transaction ends; one that there never was begins by it.
    """
    if not is_phone(facts.talk.conversation):
        return facts
    ways = other_channels(conn, facts, served) if facts.speaker.is_verified else {}
    where = next((ways[one] for one in _BEST if one in ways), None)
    if where is None or facts.ticket is None:
        return None
    contact = facts.ticket.contact
    return replace(facts, talk=talk_at(conn, where, contact, now=facts.now))


def talk_at(conn: Connection, where: Conversation, contact: ContactId, *, now: Instant) -> Talk:
    """That conversation with a contact, held until the transaction ends; one that there never was begins by it."""
    lock_conversations(conn, [where.key])
    for row in rows_by_keys(conn, _NAMED, [where.key]):
        current = TicketId(row.ticket_id) if row.ticket_id is not None else None
        return Talk(ConversationId(row.id), where, contact, row.rev, current)
    (number,) = take(conn, schema.conversation, 1)
    begun = {"id": number, "key": where.key, "contact_id": contact, "created_at": now}
    insert_many(conn, schema.conversation, [begun])
    return Talk(ConversationId(number), where, contact, 0, None)

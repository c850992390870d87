"""The other channels on which a contact is known for certain, and a ticket that goes on there."""

from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import Connection, text

from adapters.message import Channel, Conversation, conversation_from_key
from bot.store.driver.bulk import insert_many, update_many
from bot.store.driver.ids import take
from bot.store.driver.look import rows_by_keys
from bot.store.facts import lock_conversations
from bot.store.tables import schema
from bot.tickets.facts import Facts
from bot.tickets.ticket import Ticket, TicketId
from sla.duration import Instant

#: Our end of the pipe where nobody has written yet.
_OUR_END: Final = {Channel.INAPP: "web"}
_USUAL_END: Final = "desk"
_KNOWN = text("SELECT key FROM identity WHERE contact_id = :contact AND is_verified = 1 ORDER BY key")
_TALKS = text("SELECT key FROM conversation WHERE contact_id = :contact ORDER BY id DESC")
_FAILED = text("""
SELECT text FROM message WHERE ticket_id = :ticket AND kind = 'reply' AND state = 'failed' ORDER BY id DESC LIMIT 1
""")
_LAST = text("SELECT text, state FROM message WHERE ticket_id = :ticket AND kind = 'reply' ORDER BY id DESC LIMIT 1")
_PARTED = "UPDATE ticket SET is_current = 0 WHERE conversation_id IN {keys} AND is_current = 1 RETURNING id"


def other_channels(conn: Connection, facts: Facts, up: Collection[Channel]) -> dict[Channel, Conversation]:
    """Where the contact of a ticket can be written to instead, by channel, of those that are `up`."""
    ticket = facts.ticket
    if ticket is None:
        return {}
    here = facts.talk.conversation
    identities = [key.split(":", 1) for key in conn.execute(_KNOWN, {"contact": ticket.contact}).scalars()]
    addresses = {Channel(channel): address for channel, address in identities}
    talks = [conversation_from_key(key) for key in conn.execute(_TALKS, {"contact": ticket.contact}).scalars()]
    found: dict[Channel, Conversation] = {}
    for channel, address in addresses.items():
        if channel is Channel.BOARD:
            continue  # a number to call back, not to write to
        if channel not in up or (channel, address) == (here.channel, here.place):
            continue
        if channel is here.channel and here.address == address:
            continue
        own = next((one for one in talks if (one.channel, one.address) == (channel, address)), None)
        found[channel] = own or Conversation(channel, _OUR_END.get(channel, _USUAL_END), address)
    return found


def last_failed(conn: Connection, ticket: TicketId) -> str:
    """The words of ours on a ticket that failed to arrive last; empty where all arrived."""
    return next(iter(conn.execute(_FAILED, {"ticket": ticket}).scalars()), "")


def unheard(conn: Connection, ticket: TicketId) -> str:
    """The last words of ours on a ticket, where they failed to arrive; else empty."""
    last = conn.execute(_LAST, {"ticket": ticket}).first()
    return last.text if last is not None and last.state == "failed" else ""


def go_on_in(conn: Connection, ticket: Ticket, where: Conversation, *, at: Instant) -> None:
    """From now on the ticket is talked about there, and is what is talked about there. The caller holds the ticket."""
    lock_conversations(conn, [where.key])
    rows: Sequence[Any] = rows_by_keys(conn, "SELECT id FROM conversation WHERE key IN {keys}", [where.key])
    if rows:
        number = rows[0].id
    else:
        (number,) = take(conn, schema.conversation, 1)
        insert_many(
            conn,
            schema.conversation,
            [{"id": number, "key": where.key, "contact_id": ticket.contact, "created_at": at}],
        )
    rows_by_keys(conn, _PARTED, [number])
    update_many(conn, schema.conversation, [{"id": number, "ticket_id": ticket.id}])
    change = {"id": ticket.id, "conversation_id": number, "is_current": int(ticket.status.is_open)}
    update_many(conn, schema.ticket, [change])

"""Tickets that are talked about where somebody else is now go back to where their own contact speaks.

A ticket follows its contact from one channel to another. When it turns out that whoever speaks there is somebody else,
the next reply would be read by them; so the ticket is talked about again where it was before. A place that several
share is nobody's own, and tickets stay there. Bound by the transaction of the caller.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection

from adapters.message import conversation_from_key
from bot.store.driver.bulk import update_many
from bot.store.driver.look import rows_by_keys
from bot.store.facts import lock_tickets
from bot.store.tables import schema
from bot.tickets.ticket import TicketId

_WHERE: Final = """
SELECT ticket.id, ticket.contact_id, ticket.status, ticket.conversation_id, conversation.key, conversation.ticket_id
FROM ticket JOIN conversation ON conversation.id = ticket.conversation_id WHERE ticket.id IN {keys} ORDER BY ticket.id
"""
#: Where it was spoken about, the latest last; before that, where its contact ever spoke.
_BEFORE: Final = """
SELECT ticket.id AS about, conversation.id, conversation.key, coalesce((
    SELECT max(message.id) FROM message
    WHERE message.ticket_id = ticket.id AND message.conversation_id = conversation.id
), 0) AS latest
FROM ticket JOIN conversation ON conversation.contact_id = ticket.contact_id
    OR conversation.id IN (SELECT message.conversation_id FROM message WHERE message.ticket_id = ticket.id)
WHERE ticket.id IN {keys} ORDER BY latest, conversation.id
"""
_OWNERS: Final = "SELECT key, contact_id FROM identity WHERE key IN {keys}"
_HELD: Final = "SELECT conversation_id FROM ticket WHERE conversation_id IN {keys} AND is_current = 1"


def go_home(conn: Connection, tickets: Sequence[TicketId]) -> list[TicketId]:
    """Let those of these tickets that strayed be talked about where their contact is; gives them."""
    lock_tickets(conn, tickets)
    here = rows_by_keys(conn, _WHERE, tickets)
    before = rows_by_keys(conn, _BEFORE, [row.id for row in here])
    places = {row.key: _place(row.key) for row in (*here, *before)}
    owners = {row.key: row.contact_id for row in rows_by_keys(conn, _OWNERS, sorted(set(places.values())))}
    strayed = [row for row in here if owners.get(places[row.key], row.contact_id) != row.contact_id]
    contacts = {row.id: row.contact_id for row in strayed}
    homes = {
        row.about: row.id
        for row in before
        if row.about in contacts and owners.get(places[row.key], contacts[row.about]) == contacts[row.about]
    }
    held = {row.conversation_id for row in rows_by_keys(conn, _HELD, sorted(set(homes.values())))}
    for row in strayed:
        home = homes.get(row.id)
        if home is None:
            continue
        is_current = row.status in schema.OPEN and home not in held
        update_many(conn, schema.ticket, [{"id": row.id, "conversation_id": home, "is_current": int(is_current)}])
        if row.ticket_id == row.id:
            update_many(conn, schema.conversation, [{"id": row.conversation_id, "ticket_id": None}])
        if is_current:
            held.add(home)
            update_many(conn, schema.conversation, [{"id": home, "ticket_id": row.id}])
    return [TicketId(row.id) for row in strayed if row.id in homes]


def _place(key: str) -> str:
    """The key of whoever's own place a conversation is in, if it is anybody's."""
    where = conversation_from_key(key)
    return f"{where.channel}:{where.place}"

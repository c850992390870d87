"""Tickets that are talked about where somebody else is now go back to where their own contact speaks.

A ticket follows its contact from one channel to another. When it turns out that whoever speaks there is somebody else,
the next reply would be read by them; so the ticket is talked about again where it was before, and what waits to be said
on it is said there. A place that several share is nobody's own, and tickets stay there. Bound by the transaction of the
caller.
"""

from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row

from adapters.message import conversation_from_key
from bot.store.delivery import outbox
from bot.store.delivery.outbox import Put
from bot.store.driver.bulk import update_many
from bot.store.driver.look import rows_by_keys
from bot.store.facts import lock_tickets
from bot.store.reading.touch import Touched, touch_lines
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
), 0) AS latest, conversation.id = (
    SELECT message.conversation_id FROM message WHERE message.ticket_id = ticket.id ORDER BY message.id LIMIT 1
) AS is_first
FROM ticket JOIN conversation ON conversation.contact_id = ticket.contact_id
    OR conversation.id IN (SELECT message.conversation_id FROM message WHERE message.ticket_id = ticket.id)
WHERE ticket.id IN {keys} ORDER BY latest, conversation.id
"""
_OWNERS: Final = "SELECT key, contact_id FROM identity WHERE key IN {keys}"
_HELD: Final = "SELECT conversation_id FROM ticket WHERE conversation_id IN {keys} AND is_current = 1"
#: What is being sent right now cannot be held back any more.
_UNSAID: Final = """
SELECT id, ticket_id, message_id, what, lane FROM outbox
WHERE ticket_id IN {keys} AND state IN ('pending', 'postponed', 'uncertain')
AND (message_id IS NOT NULL OR what = 'edit') ORDER BY id
"""


def go_home(conn: Connection, tickets: Sequence[TicketId], *, nobodys: Collection[str] = ()) -> list[TicketId]:
    """Let those of these tickets that strayed be talked about where their contact is; gives them.

    `nobodys` are places, `telegram:5001`, that were somebody's own and are no known contact's any more.
    """
    lock_tickets(conn, tickets)
    here = rows_by_keys(conn, _WHERE, tickets)
    before = rows_by_keys(conn, _BEFORE, [row.id for row in here])
    places = {row.key: _place(row.key) for row in (*here, *before)}
    owners: dict[str, int | None] = dict.fromkeys(nobodys)
    owners |= {row.key: row.contact_id for row in rows_by_keys(conn, _OWNERS, sorted(set(places.values())))}
    strayed = [row for row in here if owners.get(places[row.key], row.contact_id) != row.contact_id]
    contacts = {row.id: row.contact_id for row in strayed}
    homes = {
        row.about: row
        for row in before
        if row.about in contacts
        # Where others read as well it is talked about only if it began there.
        and owners.get(places[row.key], contacts[row.about] if row.is_first else None) == contacts[row.about]
    }
    held = {row.conversation_id for row in rows_by_keys(conn, _HELD, sorted({row.id for row in homes.values()}))}
    for row in strayed:
        if row.id not in homes:
            continue
        home = homes[row.id].id
        is_current = row.status in schema.OPEN and home not in held
        update_many(conn, schema.ticket, [{"id": row.id, "conversation_id": home, "is_current": int(is_current)}])
        if row.ticket_id == row.id:
            update_many(conn, schema.conversation, [{"id": row.conversation_id, "ticket_id": None}])
        if is_current:
            held.add(home)
            update_many(conn, schema.conversation, [{"id": home, "ticket_id": row.id}])
    _bring(conn, {row.id: (row.key, homes[row.id]) for row in strayed if row.id in homes})
    return [TicketId(row.id) for row in strayed if row.id in homes]


def _bring(conn: Connection, moved: dict[int, tuple[str, Row[Any]]]) -> None:
    """What waits to be said where these tickets were is said at their homes; words said there are reworded no more."""
    brought: list[Touched] = []
    for row in rows_by_keys(conn, _UNSAID, sorted(moved)):
        left, home = moved[row.ticket_id]
        if row.lane != left:
            continue
        if row.what == "edit":
            outbox.drop(conn, [Put(row.id, "whoever reads there is somebody else")])
            continue
        channel = str(conversation_from_key(home.key).channel)
        outbox.reroute(conn, row.id, channel=channel, lane=home.key, reason="whoever reads there is somebody else")
        brought.append(Touched(row.message_id, home.id, home.key, None))
    touch_lines(conn, brought, "pending")


def _place(key: str) -> str:
    """The key of whoever's own place a conversation is in, if it is anybody's."""
    where = conversation_from_key(key)
    return f"{where.channel}:{where.place}"

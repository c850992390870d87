"""Places that have a new address: a group of Telegram's that became a supergroup is another group to the whole world.

Everything of ours goes along in the transaction that hears of it: conversations with their tickets, and what waits to
be said there. The desk directory still names the old address; the revision in force is read as if it named the new one,
until an admin has written it.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection, text

from adapters.message import Conversation
from bot.store.driver.bulk import delete_many, update_many, upsert_many
from bot.store.driver.look import rows_by_keys
from bot.store.remembered import remember
from bot.store.tables import channel_schema, schema
from bot.tickets.revision import Revision
from routing.people import Client
from sla.duration import Instant

#: Where it is remembered that something has moved, for every process to notice.
MARK: Final = "moved places"

_BELOW = "(substr({column}, 1, length(:old) + 1) = :old || '#' OR {column} = :old)"
_TALKS = text(f"SELECT id, key, ticket_id FROM conversation WHERE {_BELOW.format(column='key')} ORDER BY id")  # noqa: S608 - words of ours
_NEW_TALKS = "SELECT id, key, ticket_id FROM conversation WHERE key IN {keys}"
_LANES = text(
    f"UPDATE outbox SET lane = :new || substr(lane, length(:old) + 1) "  # noqa: S608 - words of ours
    f"WHERE {schema.is_one_of('state', schema.ON_ITS_WAY)} AND {_BELOW.format(column='lane')}"
)
_PART = text("""
UPDATE ticket SET is_current = 0 WHERE conversation_id = :old AND is_current = 1
AND EXISTS (SELECT 1 FROM ticket AS other WHERE other.conversation_id = :new AND other.is_current = 1)
""")
_JOIN = text("UPDATE ticket SET conversation_id = :new WHERE conversation_id = :old")
_ON = text("UPDATE moved_place SET address = :new WHERE channel = :channel AND address = :old")
_ALL = text("SELECT key, channel, old, address FROM moved_place")


def concerned(conn: Connection, old: Conversation, new: Conversation) -> list[str]:
    """The conversations that a move touches, by their old and their new names: whoever decides it holds them."""
    values = {"old": replace(old, address=old.place).key}
    keys = [row.key for row in conn.execute(_TALKS, values)]
    return [*keys, *(f"{new.channel}:{new.account}:{new.place}{key[len(values['old']) :]}" for key in keys)]


def move(conn: Connection, old: Conversation, new: Conversation, *, at: Instant) -> bool:
    """Let everything of a place go to its new address; False if it has gone there already."""
    key = replace(old, address=old.place).key
    known = next(iter(rows_by_keys(conn, "SELECT address FROM moved_place WHERE key IN {keys}", [key])), None)
    if old.place == new.place or (known is not None and known.address == new.place):
        return False
    values = {"old": key, "new": replace(new, address=new.place).key}
    _readdress_talks(conn, values)
    conn.execute(_LANES, values)
    conn.execute(_ON, {"channel": str(old.channel), "old": old.place, "new": new.place})
    delete_many(conn, channel_schema.moved_place, [values["new"]])  # it came back
    moved = {"key": key, "channel": str(old.channel), "old": old.place, "address": new.place, "at": at}
    upsert_many(conn, channel_schema.moved_place, [moved])
    remember(conn, MARK, f"{key} at {at}")
    return True


def moves(conn: Connection) -> Mapping[tuple[str, str], str]:
    """Channel and old address of every place that has moved, with the new address."""
    return {(row.channel, row.old): row.address for row in conn.execute(_ALL)}


def forget(conn: Connection, revision: Revision) -> None:
    """Where the desk directory names an old address no more, nothing has to be followed."""
    theirs = (pair for client in revision.clients.values() for pair in client.channels.items())
    named = {(channel, place) for channel, places in theirs for place in places}
    named |= {*revision.alerts.items(), *revision.cards.items()}
    gone = [row.key for row in conn.execute(_ALL) if (row.channel, row.old) not in named]
    delete_many(conn, channel_schema.moved_place, gone)


def followed(revision: Revision, moved: Mapping[tuple[str, str], str]) -> Revision:
    """The revision with every place at the address it has now."""
    if not moved:
        return revision

    def now(channel: str, place: str) -> str:
        return moved.get((channel, place), place)

    def at_home(client: Client) -> Client:
        places = {channel: tuple(now(channel, place) for place in each) for channel, each in client.channels.items()}
        if places == client.channels:
            return client
        addresses = {place: now(channel, place) for channel, each in client.channels.items() for place in each}
        own = {addresses.get(place, place): way for place, way in client.receipts_in.items()}
        return replace(client, channels=places, receipts_in=own)

    return replace(
        revision,
        clients={name: at_home(client) for name, client in revision.clients.items()},
        alerts={channel: now(channel, place) for channel, place in revision.alerts.items()},
        cards={channel: now(channel, place) for channel, place in revision.cards.items()},
    )


def _readdress_talks(conn: Connection, values: Mapping[str, str]) -> None:
    """Conversations get their new name; one that was begun at the new address already takes the tickets of the old."""
    old, new = values["old"], values["new"]
    found: list[Any] = list(conn.execute(_TALKS, values))
    names = {row.id: f"{new}{row.key[len(old) :]}" for row in found}
    begun = {row.key: row for row in rows_by_keys(conn, _NEW_TALKS, sorted(names.values()))}
    renamed = [{"id": row.id, "key": names[row.id]} for row in found if names[row.id] not in begun]
    update_many(conn, schema.conversation, renamed)
    for row in found:
        if (there := begun.get(names[row.id])) is None:
            continue
        ids = {"old": row.id, "new": there.id}
        conn.execute(_PART, ids)
        conn.execute(_JOIN, ids)
        if there.ticket_id is None and row.ticket_id is not None:
            update_many(conn, schema.conversation, [{"id": there.id, "ticket_id": row.ticket_id}])

"""Places that are shared with others than they were when an admin wrote whose they are.

Until an admin confirms one, it is nobody's: the revision in force is read as if the desk directory named it nowhere, so
that what is said there is believed of nobody and nothing of ours is put there. A directory that names it no more ends
that as well.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Connection, text

from adapters.message import Channel, Conversation
from bot.store.driver.bulk import delete_many, upsert_many
from bot.store.remembered import remember
from bot.store.tables import channel_schema
from bot.tickets.revision import Revision
from routing.people import Client, ClientId
from sla.duration import Instant

#: Where it is remembered that a place was suspended or confirmed, for every process to notice.
MARK: Final = "suspended places"

_ALL = text("SELECT key, channel, address, at FROM suspended_place ORDER BY key")


@dataclass(frozen=True, slots=True)
class Suspended:
    """One place, and since when."""

    channel: Channel
    place: str
    since: Instant


def suspend(conn: Connection, where: Conversation, *, at: Instant) -> None:
    """Make a place nobody's. One that is already stays so, with the newer moment."""
    key = _key(where.channel, where.place)
    row = {"key": key, "channel": str(where.channel), "address": where.place, "at": at}
    upsert_many(conn, channel_schema.suspended_place, [row])
    remember(conn, MARK, f"{key} suspended at {at}")


def confirm(conn: Connection, channel: Channel, place: str, *, at: Instant) -> bool:
    """Give a place back to whom the desk directory names; False if it was not suspended."""
    if (channel, place) not in {(one.channel, one.place) for one in suspended(conn)}:
        return False
    key = _key(channel, place)
    delete_many(conn, channel_schema.suspended_place, [key])
    remember(conn, MARK, f"{key} confirmed at {at}")
    return True


def suspended(conn: Connection) -> list[Suspended]:
    """All that wait for an admin."""
    return [Suspended(Channel(row.channel), row.address, Instant(row.at)) for row in conn.execute(_ALL)]


def forget(conn: Connection, revision: Revision) -> None:
    """What the desk directory names no more needs no confirming; written again it was looked at again."""
    gone = [
        _key(one.channel, one.place)
        for one in suspended(conn)
        if not owners(revision, one.channel, one.place) and not is_our_own(revision, one.channel, one.place)
    ]
    delete_many(conn, channel_schema.suspended_place, gone)


def owners(revision: Revision, channel: Channel, place: str) -> tuple[ClientId, ...]:
    """Whose place it is by the desk directory; also of one that is suspended."""
    named = tuple(one.id for one in revision.clients.values() if place in one.channels.get(channel, ()))
    return named or revision.suspended.get((channel, place), ())


def is_our_own(revision: Revision, channel: Channel, place: str) -> bool:
    """Whether our own people meet there, and no client reads."""
    is_suspended = revision.suspended.get((channel, place)) == ()
    return is_suspended or place in {places.get(channel) for places in (revision.alerts, revision.cards)}


def without(revision: Revision, places: list[Suspended]) -> Revision:
    """The revision as it is in force while these wait: they are no client's place and none of ours."""
    if not places:
        return revision
    gone = {(str(one.channel), one.place): owners(revision, one.channel, one.place) for one in places}

    def of_client(client: Client) -> Client:
        left = {
            channel: tuple(place for place in each if (channel, place) not in gone)
            for channel, each in client.channels.items()
        }
        return client if left == client.channels else replace(client, channels=left)

    def of_ours(each: Mapping[str, str]) -> dict[str, str]:
        return {channel: place for channel, place in each.items() if (channel, place) not in gone}

    return replace(
        revision,
        clients={name: of_client(client) for name, client in revision.clients.items()},
        alerts=of_ours(revision.alerts),
        cards=of_ours(revision.cards),
        suspended=gone,
    )


def _key(channel: str, place: str) -> str:
    return f"{channel}:{place}"

"""Addresses at which nothing arrived lately, until somebody writes from there or something arrives again."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from adapters.message import Channel, Conversation, Identity
from bot.store.driver.bulk import delete_many, upsert_many
from bot.store.driver.look import rows_by_keys
from bot.store.tables import channel_schema
from sla.duration import Instant

_FAILING = "SELECT key, reason FROM failing_address WHERE key IN {keys}"


def flag(conn: Connection, key: str, reason: str, *, at: Instant) -> None:
    """Nothing arrives at the address of this identity."""
    upsert_many(conn, channel_schema.failing_address, [{"key": key, "reason": reason, "at": at}])


def clear(conn: Connection, keys: Iterable[str]) -> None:
    """They are alive."""
    delete_many(conn, channel_schema.failing_address, sorted(set(keys)))


def failing(conn: Connection, keys: Sequence[str]) -> dict[str, str]:
    """Which of these identities nothing arrives at, and why."""
    return {row.key: row.reason for row in rows_by_keys(conn, _FAILING, sorted(set(keys)))}


def failing_places(conn: Connection, places: Sequence[Conversation]) -> dict[str, str]:
    """The same for conversations by mail, by the conversation's key; elsewhere a place is not an address."""
    keys = {one.key: Identity(one.channel, one.place).key for one in places if one.channel is Channel.EMAIL}
    found = failing(conn, list(keys.values()))
    return {place: found[key] for place, key in keys.items() if key in found}

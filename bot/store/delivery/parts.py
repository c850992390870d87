"""What a channel has taken of messages that go in several parts: one that was interrupted goes on where it stopped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, select

from bot.store.driver.bulk import upsert_many
from bot.store.tables.channel_schema import sent_part
from sla.duration import Instant


@dataclass(frozen=True, slots=True)
class Taken:
    """Parts of the message with this key, each with the channel's name for it, by position."""

    key: str
    parts: Mapping[int, str]
    at: Instant


_BY_KEY = select(sent_part.c.position, sent_part.c.external_id).where(sent_part.c.key == bindparam("wanted"))
_KEY = (
    select(sent_part.c.key)
    .where(sent_part.c.external_id == bindparam("wanted"))
    .order_by(sent_part.c.at.desc(), sent_part.c.key)
)
_OLD = delete(sent_part).where(sent_part.c.at < bindparam("before"))


def take(conn: Connection, taken: Sequence[Taken]) -> Sequence[None]:
    """Note what was taken; a part that was said anew has another name from then on. A Change."""
    rows = {
        (one.key, position): {"key": one.key, "position": position, "external_id": external_id, "at": one.at}
        for one in taken
        for position, external_id in one.parts.items()
    }
    upsert_many(conn, sent_part, [rows[key] for key in sorted(rows)])
    return [None] * len(taken)


def taken(conn: Connection, key: str) -> Mapping[int, str]:
    """What was taken of one message, by position."""
    return {row.position: row.external_id for row in conn.execute(_BY_KEY, {"wanted": key})}


def key_of(conn: Connection, external_id: str) -> str | None:
    """The key of the message that this is a part of; None for one that went in one piece."""
    return conn.execute(_KEY, {"wanted": external_id}).scalar()


def forget(conn: Connection, *, before: Instant) -> int:
    """Remove what was taken before that; returns how many parts."""
    return conn.execute(_OLD, {"before": before}).rowcount

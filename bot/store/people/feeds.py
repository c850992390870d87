"""What people's own calendars said when they were read last, and since when one cannot be read.

What was known stays until a feed is read again: a calendar that is down hides nobody's appointments. A feed that the
desk directory names no more, or at another address, is forgotten.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, text

from bot.store.driver.bulk import delete_many, upsert_many
from bot.store.driver.look import rows_by_keys
from bot.store.tables import call_schema
from routing.calls import Busy
from routing.people import PersonId
from sla.duration import Instant

_BY_KEY: Final = "SELECT * FROM feed WHERE key IN {keys}"
_KEYS: Final = text("SELECT key FROM feed ORDER BY key")
_TAKEN: Final = text("SELECT count(*) FROM absence WHERE person = :person AND since = :since AND until = :until")


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed as it is known. `spans` are from when to when; `read_at` None: it never could be read.

    `is_told`: people know that it cannot be read since `failing_since`.
    """

    key: str
    address: str
    asked_at: Instant
    spans: tuple[tuple[Instant, Instant], ...] = ()
    read_at: Instant | None = None
    failing_since: Instant | None = None
    is_told: bool = False


def feed_key(person: PersonId, kind: str) -> str:
    """Under which name a person's feed is kept; `kind` is busy or absence."""
    return f"{person}:{kind}"


def known(conn: Connection, key: str) -> Feed | None:
    """One feed, if it was ever asked for."""
    return next((_feed(row) for row in rows_by_keys(conn, _BY_KEY, [key])), None)


def keep(conn: Connection, feed: Feed) -> None:
    """Keep a feed as it is known now."""
    row = {
        "key": feed.key,
        "address": feed.address,
        "asked_at": feed.asked_at,
        "spans": json.dumps(feed.spans),
        "read_at": feed.read_at,
        "failing_since": feed.failing_since,
        "is_told": int(feed.is_told),
    }
    upsert_many(conn, call_schema.feed, [row])


def forget_others(conn: Connection, keys: Collection[str]) -> list[str]:
    """Forget every feed but these; which ones that were."""
    gone = [row.key for row in conn.execute(_KEYS) if row.key not in keys]
    delete_many(conn, call_schema.feed, gone)
    return gone


def busy_of(conn: Connection, person: PersonId, *, since: Instant, until: Instant) -> tuple[Busy, ...]:
    """What of a person's time their own calendar takes, the soonest first."""
    feed = known(conn, feed_key(person, "busy"))
    spans: Sequence[tuple[Instant, Instant]] = feed.spans if feed is not None else ()
    return tuple(Busy(begins, ends) for begins, ends in spans if begins < until and ends > since)


def was_taken(conn: Connection, person: PersonId, span: tuple[Instant, Instant]) -> bool:
    """Whether this stretch was an absence of theirs already, whoever ended it."""
    values = {"person": person, "since": span[0], "until": span[1]}
    return bool(conn.execute(_TAKEN, values).scalar_one())


def _feed(row: Any) -> Feed:  # noqa: ANN401 - a row of either driver
    return Feed(
        key=row.key,
        address=row.address,
        asked_at=Instant(row.asked_at),
        spans=tuple((Instant(since), Instant(until)) for since, until in json.loads(row.spans)),
        read_at=Instant(row.read_at) if row.read_at is not None else None,
        failing_since=Instant(row.failing_since) if row.failing_since is not None else None,
        is_told=bool(row.is_told),
    )

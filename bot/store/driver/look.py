"""Looking many rows up by one key each, in one statement that uses the index on both databases.

SQLite reads the keys as JSON, PostgreSQL as an array. An IN over tuples scanned the whole index on SQLite when it was
measured, so every look-up here goes by a single column.

Whoever knows several look-ups beforehand asks PostgreSQL for them `at_once`: a round trip instead of one for each.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, Row

from bot.store.driver.plain import row_maker, rows_of

Keys = Sequence[str] | Sequence[int]

_ANSWERS: Final = "maitred_answers"


def rows_by_keys(conn: Connection, query: str, keys: Keys) -> Sequence[Row[Any]]:
    """Run `query`, in which `{keys}` stands behind IN for the keys given; no keys, no query."""
    if not keys:
        return ()
    if conn.dialect.name == "sqlite":
        return rows_of(conn, query.format(keys=keys_in_sqlite(keys)), value_in_sqlite(keys))
    known: Sequence[Row[Any]] | None = conn.__dict__.get(_ANSWERS, {}).get((query, frozenset(keys)))
    return known if known is not None else rows_of(conn, _on_postgres(query, _kind(keys), 1), (list(keys),))


def keys_in_sqlite(keys: Sequence[str | int]) -> str:
    """What stands behind IN for these keys: nothing is taken apart for one alone, as most are asked for."""
    return "(?)" if len(keys) == 1 else "(SELECT value FROM json_each(?))"


def value_in_sqlite(keys: Sequence[str | int]) -> tuple[str | int]:
    """The value that `keys_in_sqlite` takes."""
    return (keys[0] if len(keys) == 1 else json.dumps(list(keys)),)


@contextmanager
def at_once(conn: Connection, looks: Sequence[tuple[str, Keys]]) -> Iterator[None]:
    """Ask all of it now, for `rows_by_keys` to find in here; of what is changed in here the answers know nothing.

    SQLite is asked where each answer is wanted: there, asking costs no round trip.
    """
    wanted = [(query, keys) for query, keys in looks if keys]
    if conn.dialect.name == "sqlite" or len(wanted) < 2:  # noqa: PLR2004 - one alone is asked as it always is
        yield
        return
    sql = _at_once(tuple((query, _kind(keys)) for query, keys in wanted))
    (found,) = rows_of(conn, sql, tuple(list(keys) for _, keys in wanted))
    before = conn.__dict__.get(_ANSWERS, {})
    conn.__dict__[_ANSWERS] = before | {
        (query, frozenset(keys)): _rows(answer) for (query, keys), answer in zip(wanted, found, strict=True)
    }
    try:
        yield
    finally:
        conn.__dict__[_ANSWERS] = before


def _kind(keys: Keys) -> str:
    return "text" if isinstance(keys[0], str) else "bigint"


def _on_postgres(query: str, kind: str, place: int) -> str:
    return query.format(keys=f"(SELECT unnest(${place}::{kind}[]))")


@lru_cache(maxsize=512)
def _at_once(looks: tuple[tuple[str, str], ...]) -> str:
    """The rows of each look as one JSON text; whole numbers, words and flags come through it unchanged."""
    asked = (
        f"(SELECT json_agg(found)::text FROM ({_on_postgres(query, kind, place)}) AS found)"  # noqa: S608 - queries of ours
        for place, (query, kind) in enumerate(looks, 1)
    )
    return f"SELECT {', '.join(asked)}"


def _rows(answer: str | None) -> Sequence[Any]:
    found = json.loads(answer) if answer else ()
    return [row_maker(tuple(one))(one.values()) for one in found]

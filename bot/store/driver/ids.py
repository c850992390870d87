"""Fresh numbers for new rows, taken many at a time.

In SQLite the writer is alone, so the next number is one more than the highest and numbers have no gaps. PostgreSQL
draws them from a sequence per table: two replicas never draw the same one, and a transaction that fails leaves a gap.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from operator import attrgetter
from typing import Final

from sqlalchemy import Connection, Table

from bot.store.driver.plain import LASTS, rows_of
from bot.store.tables import schema

#: Tables whose `id` is drawn here; the migration makes one sequence for each on PostgreSQL.
NUMBERED = tuple(
    table for table in schema.ticket.metadata.sorted_tables if [*table.primary_key.columns.keys()] == ["id"]
)

#: Whatever keeps a payload will most often number these as well.
_OF_A_PAYLOAD: Final = (
    schema.contact,
    schema.conversation,
    schema.ticket,
    schema.message,
    schema.event,
    schema.outbox,
)


def sequence_name(table: Table) -> str:
    """What the table's sequence is called on PostgreSQL."""
    return f"seq_{table.name}_id"


def drawing(table: Table, place: int = 1) -> str:
    """The query that draws so many on PostgreSQL as its value at this place says, for whoever asks more with it."""
    return f"SELECT nextval('{sequence_name(table)}') AS id FROM generate_series(1, ${place}::int)"  # noqa: S608 - names of ours


def take(conn: Connection, table: Table, count: int) -> Sequence[int]:
    """So many fresh ids, rising. They are ours only inside this transaction until the rows are written."""
    return take_each(conn, {table: count})[table]


def take_each(conn: Connection, counts: Mapping[Table, int]) -> Mapping[Table, Sequence[int]]:
    """The same for several tables in one statement."""
    wanted = {table: count for table, count in counts.items() if count}
    fresh: dict[Table, Sequence[int]] = dict.fromkeys(counts, ())
    if not wanted:
        return fresh
    if conn.dialect.name == "sqlite":
        lasts = _lasts_of(conn, wanted)
        for table, count in wanted.items():
            fresh[table] = range(lasts[table.name] + 1, lasts[table.name] + 1 + count)
            lasts[table.name] += count
        return fresh
    drawn = iter([number for (number,) in rows_of(conn, _draw(tuple(wanted)), tuple(wanted.values()))])
    return fresh | {table: [next(drawn) for _ in range(count)] for table, count in wanted.items()}


def _lasts_of(conn: Connection, wanted: Iterable[Table]) -> dict[str, int]:
    """The highest number of each table, asked once a transaction, in which nobody else writes."""
    known: dict[str, int] = conn.__dict__.get(LASTS, {})
    missing = {table for table in wanted if table.name not in known}
    if missing:
        if schema.inbound in missing:
            missing.update(table for table in _OF_A_PAYLOAD if table.name not in known)
        asked = tuple(sorted(missing, key=attrgetter("name")))
        (lasts,) = rows_of(conn, _lasts(asked))
        known.update(zip((table.name for table in asked), lasts, strict=True))
    return known


@cache
def _lasts(tables: tuple[Table, ...]) -> str:
    return f"SELECT {', '.join(f'(SELECT coalesce(max(id), 0) FROM {table.name})' for table in tables)}"  # noqa: S608 - names of ours


@cache
def _draw(tables: tuple[Table, ...]) -> str:
    drawn = (
        f"SELECT {place} AS place, id FROM ({drawing(table, place)}) AS fresh"  # noqa: S608 - names of ours
        for place, table in enumerate(tables, 1)
    )
    return f"SELECT id FROM ({' UNION ALL '.join(drawn)}) AS drawn ORDER BY place, id"  # noqa: S608 - names of ours

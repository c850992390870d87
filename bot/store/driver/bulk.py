"""Writing many rows with one statement, as fast as each database allows.

SQLite takes plain tuples, in blocks where there are many. PostgreSQL takes one array per column and unnests them: one
round trip and one plan whatever the number of rows. Statements are written once per table and kept.

All rows of a call name the same columns; what they leave out takes the default of the schema. What is not counted may
go `together` with what is written to other tables.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, LargeBinary, Table, Text
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from bot.store.driver.look import keys_in_sqlite, rows_by_keys, value_in_sqlite
from bot.store.driver.plain import change, change_joined, rows_of

Row = Mapping[str, Any]

#: As many rows as one statement of SQLite's holds where there are so many: a third less for each.
BLOCK = 64


def insert_many(conn: Connection, table: Table, rows: Sequence[Row], *, skip_existing: bool = False) -> None:
    """Insert rows; `skip_existing` passes over whatever a unique index already holds."""
    if rows:
        ending = "ON CONFLICT DO NOTHING" if skip_existing else ""
        _run(conn, _insert(table, tuple(rows[0]), ending, conn.dialect.name), rows)


def insert_new(conn: Connection, table: Table, rows: Sequence[Row], *, key: str) -> set[Any]:
    """Insert the rows whose unique `key` is not there yet, the first of each key; returns the keys that are new."""
    first = {row[key]: row for row in reversed(rows)}
    if not first:
        return set()
    kept = [row for row in rows if first[row[key]] is row]
    if conn.dialect.name != "sqlite":
        ending = f"ON CONFLICT ({key}) DO NOTHING RETURNING {key}"
        statement = _insert(table, tuple(rows[0]), ending, conn.dialect.name)
        return {found for (found,) in rows_of(conn, statement.sql, _arrays_of(statement, kept))}
    # A SQLite file has one writer at a time, so what is absent now is still absent when it is inserted.
    look = f"SELECT {key} FROM {table.name} WHERE {key} IN {{keys}}"  # noqa: S608 - names of ours
    known = {found for (found,) in rows_by_keys(conn, look, list(first))}
    insert_many(conn, table, [row for row in kept if row[key] not in known])
    return first.keys() - known


def upsert_many(conn: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows, or replace every other column where the primary key exists. No key may come twice in one call."""
    if rows:
        _run(conn, _insert(table, tuple(rows[0]), _replacing(table), conn.dialect.name), rows)


def add_many(conn: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows, or add to every other column where the primary key exists. No key may come twice in one call."""
    if rows:
        _run(conn, _insert(table, tuple(rows[0]), _adding(table), conn.dialect.name), rows)


def update_many(conn: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Update rows by primary key, setting the other columns that the first row names."""
    if rows:
        _run(conn, _update(table, tuple(rows[0]), False, conn.dialect.name), rows)  # noqa: FBT003 - `cache` wants it so


def update_versioned(conn: Connection, table: Table, rows: Sequence[Row]) -> int:
    """The same, each row only over its predecessor, whose `version` is one lower: fewer than given is a lost race."""
    if not rows:
        return 0
    return _run(conn, _update(table, tuple(rows[0]), True, conn.dialect.name), rows, is_counted=True)  # noqa: FBT003


def delete_many(conn: Connection, table: Table, keys: Iterable[str | int]) -> int:
    """Delete rows by their one-column primary key; returns how many were there."""
    (column,) = table.primary_key
    wanted = list(keys)
    if not wanted:
        return 0
    if conn.dialect.name == "sqlite":
        sql = f"DELETE FROM {table.name} WHERE {column.name} IN {keys_in_sqlite(wanted)}"  # noqa: S608 - names of ours
        return change(conn, sql, value_in_sqlite(wanted))
    sql = f"DELETE FROM {table.name} WHERE {column.name} = ANY($1::{_kind(table, column.name)}[])"  # noqa: S608 - names of ours
    return change(conn, sql, (wanted,))


@dataclass(frozen=True, slots=True)
class _Statement:
    """SQL, how many columns its rows name, and what takes their values from a row in the statement's order.

    `block` is the same for BLOCK rows at once; empty where there is no such way.
    """

    table: str
    sql: str
    width: int
    pick: Callable[[Row], tuple[Any, ...]]
    takes_arrays: bool
    block: str = ""


def _run(conn: Connection, statement: _Statement, rows: Sequence[Row], *, is_counted: bool = False) -> int:
    """Run it for all rows; how many it touched, if they are to be counted."""
    if statement.takes_arrays and is_counted:
        return change(conn, statement.sql, _arrays_of(statement, rows))
    if statement.takes_arrays:
        change_joined(conn, statement.table, statement.sql, _arrays_of(statement, rows))
        return 0
    values, touched = _values_of(statement, rows), 0
    while statement.block and len(values) >= BLOCK:
        block, values = values[:BLOCK], values[BLOCK:]
        touched += change(conn, statement.block, tuple(chain.from_iterable(block)))
    if values:
        touched += change(conn, statement.sql, values if len(values) > 1 else values[0])
    return touched


def _values_of(statement: _Statement, rows: Sequence[Row]) -> list[tuple[Any, ...]]:
    if set(map(len, rows)) != {statement.width}:  # a row that names others instead is a KeyError
        raise ValueError(f"all rows of a call name the same columns: {statement.sql}")
    return list(map(statement.pick, rows))


def _arrays_of(statement: _Statement, rows: Sequence[Row]) -> tuple[list[Any], ...]:
    return tuple(map(list, zip(*_values_of(statement, rows), strict=True)))


@cache
def _replacing(table: Table) -> str:
    keys = [column.name for column in table.primary_key]
    rest = [column.name for column in table.columns if column.name not in keys]
    return f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in rest)}"


@cache
def _adding(table: Table) -> str:
    keys = [column.name for column in table.primary_key]
    rest = [column.name for column in table.columns if column.name not in keys]
    sums = ", ".join(f"{name} = {table.name}.{name} + excluded.{name}" for name in rest)
    return f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {sums}"


@cache
def _insert(table: Table, names: tuple[str, ...], ending: str, dialect: str) -> _Statement:
    left_out = {
        column.name: str(column.default.arg)
        for column in table.columns
        if column.name not in names and isinstance(column.default, ScalarElementColumnDefault)
    }
    listed, written = ", ".join([*names, *left_out]), ["?"] * len(names)
    if dialect == "sqlite":
        marks = f"({', '.join([*written, *left_out.values()])})"
        sql = f"INSERT INTO {table.name} ({listed}) VALUES {{rows}} {ending}"  # noqa: S608 - names of ours
        block = sql.format(rows=", ".join([marks] * BLOCK))
        return _Statement(
            table.name, sql.format(rows=marks), len(names), itemgetter(*names), takes_arrays=False, block=block
        )
    chosen = ", ".join(["fresh.*", *left_out.values()])
    sql = (
        f"INSERT INTO {table.name} ({listed}) SELECT {chosen} FROM unnest({_arrays(table, names)}) "  # noqa: S608 - names of ours
        f"AS fresh {ending}"
    )
    return _Statement(table.name, sql, len(names), itemgetter(*names), takes_arrays=True)


@cache
def _update(table: Table, names: tuple[str, ...], versioned: bool, dialect: str) -> _Statement:  # noqa: FBT001 - `cache` wants it so
    keys = [column.name for column in table.primary_key]
    rest = [name for name in names if name not in keys]
    if dialect == "sqlite":
        sets = ", ".join(f"{name} = ?" for name in rest)
        found = " AND ".join(f"{key} = ?" for key in keys) + (" AND version = ? - 1" if versioned else "")
        order = [*rest, *keys, *(["version"] if versioned else [])]
        sql = f"UPDATE {table.name} SET {sets} WHERE {found}"  # noqa: S608 - names of ours
        return _Statement(table.name, sql, len(names), itemgetter(*order), takes_arrays=False)
    order = [*keys, *rest]
    sets = ", ".join(f"{name} = fresh.{name}" for name in rest)
    found = " AND ".join(f"old.{key} = fresh.{key}" for key in keys)
    found += " AND old.version = fresh.version - 1" if versioned else ""
    sql = (
        f"UPDATE {table.name} AS old SET {sets} FROM unnest({_arrays(table, order)}) "  # noqa: S608 - names of ours
        f"AS fresh ({', '.join(order)}) WHERE {found}"
    )
    return _Statement(table.name, sql, len(names), itemgetter(*order), takes_arrays=True)


def _arrays(table: Table, names: Sequence[str]) -> str:
    return ", ".join(f"${place}::{_kind(table, name)}[]" for place, name in enumerate(names, 1))


def _kind(table: Table, name: str) -> str:
    kind = table.columns[name].type
    if isinstance(kind, Text):
        return "text"
    return "bytea" if isinstance(kind, LargeBinary) else "bigint"

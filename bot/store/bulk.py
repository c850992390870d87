"""Writing many rows with one statement, as fast as each database allows.

SQLite takes plain tuples, in blocks where there are many. PostgreSQL takes one array per column and unnests them: one
round trip and one plan whatever the number of rows. Statements are written once per table and kept.

A row names the columns it fills; what it leaves out takes the default of the schema.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any

from sqlalchemy import Column, Connection, LargeBinary, Table, Text
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from bot.store.plain import change, rows_of

Row = Mapping[str, Any]

#: SQLite makes anew what a partial index compares with for each statement, so in a block a row costs a third less.
BLOCK = 64


def insert_many(conn: Connection, table: Table, rows: Sequence[Row], *, skip_existing: bool = False) -> None:
    """Insert rows; `skip_existing` passes over whatever a unique index already holds."""
    if rows:
        _run(conn, _insert(table, "ON CONFLICT DO NOTHING" if skip_existing else "", conn.dialect.name), rows)


def insert_new(conn: Connection, table: Table, rows: Sequence[Row], *, key: str) -> set[Any]:
    """Insert the rows whose unique `key` is not there yet, the first of each key; returns the keys that are new."""
    first = {row[key]: row for row in reversed(rows)}
    if not first:
        return set()
    kept = [row for row in rows if first[row[key]] is row]
    if conn.dialect.name != "sqlite":
        ending = f"ON CONFLICT ({key}) DO NOTHING RETURNING {key}"
        statement = _insert(table, ending, conn.dialect.name)
        return {found for (found,) in rows_of(conn, statement.sql, _arrays_of(statement, kept))}
    # A SQLite file has one writer at a time, so what is absent now is still absent when it is inserted.
    look = f"SELECT {key} FROM {table.name} WHERE {key} IN (SELECT value FROM json_each(?))"  # noqa: S608 - names of ours
    known = {found for (found,) in rows_of(conn, look, (json.dumps(list(first)),))}
    insert_many(conn, table, [row for row in kept if row[key] not in known])
    return first.keys() - known


def upsert_many(conn: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows, or replace every other column where the primary key exists. No key may come twice in one call."""
    if rows:
        _run(conn, _insert(table, _replacing(table), conn.dialect.name), rows)


def update_many(conn: Connection, table: Table, rows: Sequence[Row], *, versioned: bool = False) -> int:
    """Update rows by primary key, setting the other columns that the first row names; returns how many were found.

    `versioned` writes a row only over its predecessor, whose `version` is one lower: fewer found is a lost race.
    """
    if not rows:
        return 0
    return _run(conn, _update(table, tuple(rows[0]), versioned, conn.dialect.name), rows)


def delete_many(conn: Connection, table: Table, keys: Iterable[str | int]) -> int:
    """Delete rows by their one-column primary key; returns how many were there."""
    (column,) = table.primary_key
    wanted = list(keys)
    if not wanted:
        return 0
    if conn.dialect.name == "sqlite":
        sql = f"DELETE FROM {table.name} WHERE {column.name} IN (SELECT value FROM json_each(?))"  # noqa: S608 - names of ours
        return change(conn, sql, (json.dumps(wanted),))
    sql = f"DELETE FROM {table.name} WHERE {column.name} = ANY($1::{_kind(table, column.name)}[])"  # noqa: S608 - names of ours
    return change(conn, sql, (wanted,))


@dataclass(frozen=True, slots=True)
class _Statement:
    """SQL and the order in which it takes its values, each with what stands in for a missing one.

    `block` is the same for BLOCK rows at once; empty where there is no such way.
    """

    sql: str
    fields: tuple[tuple[str, Any], ...]
    takes_arrays: bool
    block: str = ""


def _run(conn: Connection, statement: _Statement, rows: Sequence[Row]) -> int:
    """Run it for all rows; how many it touched."""
    if statement.takes_arrays:
        return change(conn, statement.sql, _arrays_of(statement, rows))
    fields, touched = statement.fields, 0
    values = [tuple([row.get(name, missing) for name, missing in fields]) for row in rows]
    while statement.block and len(values) >= BLOCK:
        block, values = values[:BLOCK], values[BLOCK:]
        touched += change(conn, statement.block, tuple(chain.from_iterable(block)))
    if values:
        touched += change(conn, statement.sql, values if len(values) > 1 else values[0])
    return touched


def _arrays_of(statement: _Statement, rows: Sequence[Row]) -> tuple[list[Any], ...]:
    return tuple([row.get(name, missing) for row in rows] for name, missing in statement.fields)


@cache
def _replacing(table: Table) -> str:
    keys = [column.name for column in table.primary_key]
    rest = [column.name for column in table.columns if column.name not in keys]
    return f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in rest)}"


@cache
def _insert(table: Table, ending: str, dialect: str) -> _Statement:
    fields = tuple((column.name, _default(column)) for column in table.columns)
    names = ", ".join(name for name, _ in fields)
    if dialect == "sqlite":
        marks = f"({', '.join('?' * len(fields))})"
        sql = f"INSERT INTO {table.name} ({names}) VALUES {{rows}} {ending}"  # noqa: S608 - names of ours
        block = sql.format(rows=", ".join([marks] * BLOCK))
        return _Statement(sql.format(rows=marks), fields, takes_arrays=False, block=block)
    arrays = _arrays(table, [name for name, _ in fields])
    sql = f"INSERT INTO {table.name} ({names}) SELECT * FROM unnest({arrays}) {ending}"  # noqa: S608 - names of ours
    return _Statement(sql, fields, takes_arrays=True)


def _default(column: Column[Any]) -> int | None:
    return column.default.arg if isinstance(column.default, ScalarElementColumnDefault) else None


@cache
def _update(table: Table, names: tuple[str, ...], versioned: bool, dialect: str) -> _Statement:  # noqa: FBT001 - `cache` wants it so
    keys = [column.name for column in table.primary_key]
    rest = [name for name in names if name not in keys]
    if dialect == "sqlite":
        sets = ", ".join(f"{name} = ?" for name in rest)
        found = " AND ".join(f"{key} = ?" for key in keys) + (" AND version = ? - 1" if versioned else "")
        order = [*rest, *keys, *(["version"] if versioned else [])]
        sql = f"UPDATE {table.name} SET {sets} WHERE {found}"  # noqa: S608 - names of ours
        return _Statement(sql, tuple((name, None) for name in order), takes_arrays=False)
    order = [*keys, *rest]
    sets = ", ".join(f"{name} = fresh.{name}" for name in rest)
    found = " AND ".join(f"old.{key} = fresh.{key}" for key in keys)
    found += " AND old.version = fresh.version - 1" if versioned else ""
    sql = (
        f"UPDATE {table.name} AS old SET {sets} FROM unnest({_arrays(table, order)}) "  # noqa: S608 - names of ours
        f"AS fresh ({', '.join(order)}) WHERE {found}"
    )
    return _Statement(sql, tuple((name, None) for name in order), takes_arrays=True)


def _arrays(table: Table, names: Sequence[str]) -> str:
    return ", ".join(f"${place}::{_kind(table, name)}[]" for place, name in enumerate(names, 1))


def _kind(table: Table, name: str) -> str:
    kind = table.columns[name].type
    if isinstance(kind, Text):
        return "text"
    return "bytea" if isinstance(kind, LargeBinary) else "bigint"

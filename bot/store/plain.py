"""SQL written out by hand, run as directly as the driver allows.

For each statement that SQLAlchemy did not build itself it asks its dispatchers and describes the result anew: a single
message cost three times what SQLite needed for it. So on a SQLite file such statements go straight to the driver,
inside the same transaction, and fail with the same errors. Where somebody listens to statements, they take the long
way.
"""

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

Values = Sequence[Any]


def rows_of(conn: Connection, sql: str, values: Values = ()) -> Sequence[Any]:
    """Run one statement; its rows, with the columns as attributes."""
    if (file := _file_of(conn)) is None:
        return conn.exec_driver_sql(sql, tuple(values)).all()
    try:
        cursor = file.execute(sql, values)
        found = cursor.fetchall()
    except sqlite3.Error as error:
        raise _raised(conn, sql, values, error) from error
    return list(map(_row_maker(tuple(column[0] for column in cursor.description)), found)) if found else ()


def change(conn: Connection, sql: str, values: Values | list[Values]) -> int:
    """Run one statement once, or once for each of a list of values; how many rows it touched."""
    if (file := _file_of(conn)) is None:
        return conn.exec_driver_sql(sql, values if isinstance(values, list) else tuple(values)).rowcount
    try:
        return (file.executemany if isinstance(values, list) else file.execute)(sql, values).rowcount
    except sqlite3.Error as error:
        raise _raised(conn, sql, values, error) from error


def _file_of(conn: Connection) -> sqlite3.Connection | None:
    """The driver's own connection, where it is a file that nobody listens to."""
    file = conn.connection.driver_connection
    return file if isinstance(file, sqlite3.Connection) and not conn.dispatch.before_cursor_execute else None


def _raised(conn: Connection, sql: str, values: Values, error: sqlite3.Error) -> BaseException:
    return DBAPIError.instance(sql, values, error, sqlite3.Error, dialect=conn.dialect)


@lru_cache(maxsize=512)
def _row_maker(columns: tuple[str, ...]) -> Callable[[Iterable[Any]], Any]:
    make: Callable[[Iterable[Any]], Any] = namedtuple("Row", columns, rename=True)._make  # type: ignore[attr-defined] # noqa: PYI024 - its fields are the statement's
    return make

"""Statements, run as directly as the driver allows.

SQLAlchemy describes each execution anew: a single message cost three times what the database needed for it. So
statements that run all the time go straight to the driver, inside the same transaction, and fail with the same errors.
Written by hand they have the driver's own marks for values; built with SQLAlchemy they are compiled once. Where
somebody listens to statements, they take the long way.

Changes of several tables go `together` where the database takes them as one statement.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy import Connection, Executable
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from bot.store.driver.joined import Joined

T = TypeVar("T")
Values = Sequence[Any]

#: Under this name a connection's `info` holds its Driver; whoever opens connections puts it there.
DRIVER: Final = "maitred_driver"
#: Under this name a connection holds the highest number of each table as far as its transaction has asked.
LASTS: Final = "maitred_lasts"
_JOINED: Final = "maitred_joined"


class Driver(Protocol):
    """One connection of a driver; `errors` is all it may raise."""

    errors: tuple[type[Exception], ...]

    def rows(self, sql: str, values: Values) -> tuple[tuple[str, ...], Sequence[Sequence[Any]]]:
        """Run one statement; the names of its columns, which may be missing where there are no rows, and its rows."""

    def change(self, sql: str, values: Values | list[Values]) -> int:
        """Run one statement once, or once for each of a list of values; how many rows it touched."""


def transact(conn: Connection, begin: str, work: Callable[[Connection], T]) -> T:
    """Run `work` in a transaction of its own on a connection that is in none; if anything fails, nothing of it stays.

    SQLAlchemy knows nothing of it: its own way in and out costs as much as a small transaction.
    """
    change(conn, begin)
    conn.__dict__[LASTS] = {}
    try:
        result = work(conn)
        change(conn, "COMMIT")
    except Exception:
        with suppress(SQLAlchemyError):  # the database may have done so already, or be gone
            change(conn, "ROLLBACK")
        raise
    finally:
        del conn.__dict__[LASTS]
    return result


def rows_of(conn: Connection, sql: str, values: Values = ()) -> Sequence[Any]:
    """Run one statement; its rows, with the columns as attributes."""
    _catch_up(conn)
    if _is_listened_to(conn):
        return conn.exec_driver_sql(sql, tuple(values)).all()
    driver = _driver(conn)
    try:
        names, found = driver.rows(sql, values)
    except driver.errors as error:
        raise _raised(conn, sql, values, error) from error
    return list(map(row_maker(names), found)) if found else ()


def change(conn: Connection, sql: str, values: Values | list[Values] = ()) -> int:
    """Run one statement once, or on SQLite once for each of a list of values; how many rows it touched."""
    _catch_up(conn)
    if _is_listened_to(conn):
        return conn.exec_driver_sql(sql, values if isinstance(values, list) else tuple(values)).rowcount
    driver = _driver(conn)
    try:
        return driver.change(sql, values)
    except driver.errors as error:
        raise _raised(conn, sql, values, error) from error


@contextmanager
def together(conn: Connection) -> Iterator[None]:
    """Let what is changed with `change_joined` in here wait for the end, and go as one statement where that is known.

    SQLite knows no such statement, and each of its own costs no round trip. Nothing but this module may be used for
    statements in here: what it looks up sees what was changed before.
    """
    if conn.dialect.name == "sqlite" or _JOINED in conn.__dict__:
        yield
        return
    conn.__dict__[_JOINED] = Joined()
    try:
        yield
        _catch_up(conn)
    finally:
        del conn.__dict__[_JOINED]


def change_joined(conn: Connection, table: str, sql: str, values: Values) -> None:
    """`change` of one table by given values alone, uncounted, which may go `together` with that of others."""
    joined: Joined | None = conn.__dict__.get(_JOINED)
    if joined is None:
        change(conn, sql, values)
        return
    if joined.has(table):
        _catch_up(conn)  # one statement changes a row once
    joined.add(table, sql, values)


def _catch_up(conn: Connection) -> None:
    joined: Joined | None = conn.__dict__.get(_JOINED)
    if joined:
        change(conn, *joined.taken())


def rows_of_built(conn: Connection, statement: Executable, values: Mapping[str, Any]) -> Sequence[Any]:
    """`rows_of` for a statement that SQLAlchemy built, which must be made once and kept."""
    written = _written(statement, conn.dialect)
    return rows_of(conn, written.sql, written.in_order(values))


def change_built(conn: Connection, statement: Executable, values: Mapping[str, Any]) -> int:
    """`change` for a statement that SQLAlchemy built, which must be made once and kept."""
    written = _written(statement, conn.dialect)
    return change(conn, written.sql, written.in_order(values))


@dataclass(frozen=True, slots=True)
class _Written:
    """A compiled statement: its values in the order it takes them, those it brings itself, and how some are sent."""

    sql: str
    names: Sequence[str]
    own: Mapping[str, Any]
    senders: Mapping[str, Callable[[Any], Any]]

    def in_order(self, values: Mapping[str, Any]) -> Values:
        given, senders = {**self.own, **values}, self.senders
        return tuple([senders[name](given[name]) if name in senders else given[name] for name in self.names])


_kept: Final[dict[tuple[Executable, str], _Written]] = {}


def _written(statement: Executable, dialect: Dialect) -> _Written:
    try:
        return _kept[statement, dialect.name]
    except KeyError:
        compiled: Any = statement.compile(dialect=dialect)  # type: ignore[attr-defined] # what is executable can be compiled
        if compiled.post_compile_params:
            raise ValueError("an IN over a list is another statement for each list: say it with `among`") from None
        binds = {name: compiled.binds[name] for name in compiled.positiontup}
        made = {name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in binds.items()}
        written = _kept[statement, dialect.name] = _Written(
            sql=compiled.string,
            names=tuple(compiled.positiontup),
            own={name: bind.value for name, bind in binds.items() if not bind.required},
            senders={name: sender for name, sender in made.items() if sender is not None},
        )
        return written


def _is_listened_to(conn: Connection) -> bool:
    """Asking `dispatch` itself costs as much as a small look."""
    has_events = conn._has_events or conn.engine._has_events  # noqa: SLF001 - nobody else tells it
    return has_events and bool(conn.dispatch.before_cursor_execute)


def _driver(conn: Connection) -> Driver:
    """Remembered on the connection, which lives as long as what it wraps."""
    kept = conn.__dict__
    try:
        driver: Driver = kept[DRIVER]
    except KeyError:
        driver = kept[DRIVER] = conn.info[DRIVER]
    return driver


def _raised(conn: Connection, sql: str, values: Values, error: Exception) -> BaseException:
    return DBAPIError.instance(sql, values, error, Exception, hide_parameters=True, dialect=conn.dialect)


@lru_cache(maxsize=512)
def row_maker(columns: tuple[str, ...]) -> Callable[[Iterable[Any]], Any]:
    """What makes rows of these columns, as `rows_of` gives them."""
    make: Callable[[Iterable[Any]], Any] = namedtuple("Row", columns, rename=True)._make  # type: ignore[attr-defined] # noqa: PYI024 - its fields are the statement's
    return make

"""PostgreSQL through asyncpg, shared by any number of replicas.

Writers and readers have connections of their own, so that a full board never keeps a message from being stored. They
stay open from one transaction to the next, and the BEGIN of the next one shows whether they still are. Nothing else
lasts longer than a transaction (no session locks, no LISTEN here): a pooler in transaction mode may stand in between.
"""

import asyncio
import itertools
import secrets
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

import asyncpg
from sqlalchemy import URL, Connection, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, NullPool
from sqlalchemy.util import await_only

from bot.store.driver import plain
from bot.store.driver.database import Database
from bot.store.driver.trouble import translated
from bot.store.errors import StoreUnavailableError, UnusableDatabaseError

T = TypeVar("T")

WRITERS = 3
READERS = 4
CONNECT_WITHIN_SECONDS = 5
ANSWER_WITHIN_SECONDS = 30
STATEMENTS_KEPT = 512
#: After a failover an old connection may still reach the former primary, which only reads now.
RECONNECT_AFTER_SECONDS = 60
#: All that a look reads is of one moment, however many statements it takes.
_BEGIN_LOOK: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ"
_DRIVER_ERRORS = (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)


class PostgresDatabase(Database):
    """Some writing connections and some reading ones."""

    def __init__(self, url: URL) -> None:
        self._url = url
        self._writers = _Connections(_engine(url), WRITERS, "BEGIN")
        self._readers = _Connections(_engine(url, read_only=True), READERS, _BEGIN_LOOK)

    @property
    def is_sqlite(self) -> bool:
        return False

    @property
    def path(self) -> Path | None:
        return None

    @property
    def url(self) -> str:
        return self._url.render_as_string(hide_password=False)

    async def read(self, look: Callable[[Connection], T]) -> T:
        return await self._readers.transact(look)

    async def glance(self, look: Callable[[Connection], T]) -> T:
        return await self._readers.transact(look, is_one=True)

    async def write(self, change: Callable[[Connection], T]) -> T:
        return await self._writers.transact(change)

    async def quick_check(self) -> None:
        """Nothing: a server watches over its own files."""

    async def close(self) -> None:
        await self._readers.close()
        await self._writers.close()


class _Connections:
    """As many connections as may be used at once, opened when they are needed."""

    def __init__(self, engine: AsyncEngine, count: int, begin: str) -> None:
        self._engine = engine
        self._begin = begin
        self._free = asyncio.Semaphore(count)
        self._idle: list[tuple[AsyncConnection, float]] = []

    async def transact(self, work: Callable[[Connection], T], *, is_one: bool = False) -> T:
        """What `is_one` statement is a transaction by itself, and may be asked again where a connection was lost."""
        try:
            async with asyncio.timeout(CONNECT_WITHIN_SECONDS):
                await self._free.acquire()
        except TimeoutError as error:
            raise StoreUnavailableError("every connection to the database is busy") from error
        try:
            return await self._transact(work, "" if is_one else self._begin)
        except _DRIVER_ERRORS as error:
            if ours := translated(error):
                raise ours from error
            raise
        finally:
            self._free.release()

    async def close(self) -> None:
        while self._idle:
            await _close(self._idle.pop()[0])
        await self._engine.dispose()

    async def _transact(self, work: Callable[[Connection], T], begin: str) -> T:
        begun = False

        def noted(conn: Connection) -> T:
            nonlocal begun
            begun = bool(begin)
            return work(conn)

        while self._idle:
            connection, opened_at = self._idle.pop()
            if opened_at + RECONNECT_AFTER_SECONDS < asyncio.get_running_loop().time():
                await _close(connection)
                continue
            try:
                return await self._use(connection, opened_at, noted, begin)
            except _DRIVER_ERRORS:
                if begun or (connection, opened_at) in self._idle:
                    raise  # otherwise it was closed while it lay here, and the next one may not be
        connection = await self._engine.connect()
        await connection.begin()  # of which the server hears nothing: nobody begins or ends what `transact` does
        return await self._use(connection, asyncio.get_running_loop().time(), work, begin)

    async def _use(
        self, connection: AsyncConnection, opened_at: float, work: Callable[[Connection], T], begin: str
    ) -> T:
        is_whole = False
        try:
            whole = partial(plain.transact, begin=begin, work=work) if begin else work
            result = await connection.run_sync(whole)
            is_whole = True
            return result
        except Exception:
            is_whole = await connection.run_sync(_is_idle)
            raise
        finally:
            if is_whole:
                self._idle.append((connection, opened_at))
            else:
                await _close(connection)


class _Driver:
    """An asyncpg connection, for `plain`."""

    errors: tuple[type[Exception], ...] = (
        asyncpg.PostgresError,
        asyncpg.InterfaceError,
        asyncpg.InternalClientError,  # it was told that the server goes, and nobody was there to hear it
        OSError,
    )

    def __init__(self, connection: Any) -> None:  # noqa: ANN401 - asyncpg ships no types
        self._connection = connection

    def rows(self, sql: str, values: plain.Values) -> tuple[tuple[str, ...], Sequence[Sequence[Any]]]:
        found = await_only(self._connection.fetch(sql, *values))
        return tuple(found[0].keys()) if found else (), found

    def change(self, sql: str, values: plain.Values | list[plain.Values]) -> int:
        answer: str = await_only(self._connection.execute(sql, *values))
        count = answer.rpartition(" ")[2]
        return int(count) if count.isdigit() else -1


_PREFIX: Final = f"maitred_{secrets.token_hex(8)}"
_NUMBERS: Final = itertools.count()


def _next_name(_prefix: str = "") -> str:
    """A name no other process gives a statement: behind a pooler, they may share one connection of the server."""
    return f"{_PREFIX}_{next(_NUMBERS)}"


class _NamedConnection(asyncpg.Connection):  # type: ignore[misc] # asyncpg ships no types
    """What asyncpg prepares by itself is named by us too."""

    _get_unique_id = staticmethod(_next_name)


async def open_postgres(url: URL) -> PostgresDatabase:
    """Connect once, so that a wrong address is known now.

    Raises UnusableDatabaseError in one sentence where a person must mend something, StoreUnavailableError where the
    server may only be away.
    """
    database = PostgresDatabase(url.set(drivername="postgresql+asyncpg"))
    try:
        await database.write(lambda conn: conn.execute(text("SELECT 1")))
    except (*_DRIVER_ERRORS, StoreUnavailableError) as error:
        await database.close()
        where = f"{url.host or 'localhost'}:{url.port or 5432}"
        if isinstance(error, StoreUnavailableError):
            raise StoreUnavailableError(f"PostgreSQL at {where} cannot be used: {error}") from error
        raise UnusableDatabaseError(f"PostgreSQL at {where} cannot be used: {getattr(error, 'orig', error)}") from error
    return database


def _engine(url: URL, *, read_only: bool = False) -> AsyncEngine:
    engine = create_async_engine(
        url,
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",  # for the driver: `plain.transact` says BEGIN
        hide_parameters=True,  # what a client wrote is no part of an error
        connect_args={
            "timeout": CONNECT_WITHIN_SECONDS,
            "command_timeout": ANSWER_WITHIN_SECONDS,
            "connection_class": _NamedConnection,
            "statement_cache_size": STATEMENTS_KEPT,
            "max_cached_statement_lifetime": 0,
            "prepared_statement_name_func": _next_name,
        },
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _configure(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        # Plans kept from when the tables were still empty scan them from end to end: 3 times slower, measured. Readers
        # plan anew each time. Writers run the same statements all the time, and look everything up: planning anew took
        # the server a third of its time in a batch, and more than all the rest for a message alone. Told nothing, it
        # plans anew wherever there is one key, taking a plan that is kept to be for ten of them. None of theirs is
        # older than their connection.
        cursor.execute(f"SET plan_cache_mode = {'force_custom_plan' if read_only else 'force_generic_plan'}")
        if not read_only:
            cursor.execute("SET enable_seqscan = off")
        cursor.execute("SET jit = off")
        if read_only:
            cursor.execute("SET default_transaction_read_only = on")
        cursor.close()
        connection.commit()
        record.info[plain.DRIVER] = _Driver(record.driver_connection)

    return engine


def _is_idle(conn: Connection) -> bool:
    """Whether a connection on which something failed may be used again."""
    driver = None if conn.closed or conn.invalidated else conn.connection.driver_connection
    return driver is not None and not driver.is_closed() and not driver.is_in_transaction()


async def _close(connection: AsyncConnection) -> None:
    await connection.invalidate()
    await connection.close()

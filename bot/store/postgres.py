"""PostgreSQL through asyncpg, shared by any number of replicas.

Writers and readers have pools of their own, so that a full board never keeps a message from being stored. Nothing lasts
longer than a transaction (no session locks, no LISTEN here): a pooler in transaction mode may stand in between.
"""

import itertools
import secrets
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

import asyncpg
from sqlalchemy import URL, Connection, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.store.engine import Database
from bot.store.errors import StoreUnavailableError, UnusableDatabaseError
from bot.store.trouble import translated

T = TypeVar("T")

WRITERS = 3
READERS = 4
CONNECT_WITHIN_SECONDS = 5
ANSWER_WITHIN_SECONDS = 30
#: After a failover an old connection may still reach the former primary, which only reads now.
RECONNECT_AFTER_SECONDS = 60
_DRIVER_ERRORS = (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)


class PostgresDatabase(Database):
    """A pool of writing connections and a pool of reading ones."""

    def __init__(self, url: URL) -> None:
        self._url = url
        self._writer = _engine(url, WRITERS)
        self._readers = _engine(url, READERS, read_only=True)

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
        return await _transact(self._readers, look)

    async def write(self, change: Callable[[Connection], T]) -> T:
        return await _transact(self._writer, change)

    async def close(self) -> None:
        await self._readers.dispose()
        await self._writer.dispose()


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


def _engine(url: URL, size: int, *, read_only: bool = False) -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=size,
        max_overflow=0,
        pool_pre_ping=True,
        pool_recycle=RECONNECT_AFTER_SECONDS,
        pool_timeout=CONNECT_WITHIN_SECONDS,
        connect_args={
            "timeout": CONNECT_WITHIN_SECONDS,
            "command_timeout": ANSWER_WITHIN_SECONDS,
            "prepared_statement_name_func": partial(_next_name, secrets.token_hex(8), itertools.count()),
        },
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _configure(connection: DBAPIConnection, _record: object) -> None:
        cursor = connection.cursor()
        # Plans made while the tables were still empty scan them from end to end ever after: 3 times slower, measured.
        cursor.execute("SET plan_cache_mode = force_custom_plan")
        cursor.execute("SET jit = off")
        if read_only:
            cursor.execute("SET default_transaction_read_only = on")
        cursor.close()
        connection.commit()

    return engine


def _next_name(prefix: str, numbers: Iterator[int]) -> str:
    """A name no other process gives a statement: behind a pooler, they may share one connection of the server."""
    return f"maitred_{prefix}_{next(numbers)}"


async def _transact(engine: AsyncEngine, work: Callable[[Connection], T]) -> T:
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(work)
    except _DRIVER_ERRORS as error:
        if ours := translated(error):
            raise ours from error
        raise

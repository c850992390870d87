"""A PostgreSQL database that stays open from one story to the next, emptied in between.

To open one of its own cost each story more than what happens in it: a copy of some thousand files, connections to
servers that know nothing yet, and every statement prepared anew. Connections live in a loop, so the loop stays too.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import Table
from sqlalchemy.exc import SQLAlchemyError

from bot.store.driver import plain
from bot.store.driver.connection import Connection
from bot.store.driver.database import Database
from bot.store.driver.engine import open_database
from bot.store.driver.ids import NUMBERED, sequence_name
from bot.store.errors import StoreError
from bot.store.tables import call_schema, care_schema, channel_schema, schema
from tests.peers.postgres import PostgresServer

T = TypeVar("T")

#: What was deleted stays in the files of a database that nobody vacuums.
STORIES = 40
#: Each module of tables adds its own to what there is.
TABLES = sorted(
    {
        name
        for module in (schema, channel_schema, care_schema, call_schema)
        for table in vars(module).values()
        if isinstance(table, Table)
        for name in table.metadata.tables
    }
)
EMPTY = "; ".join(
    # Triggers rest: one of them keeps the audit trail from being forgotten, others ask for a row that is gone already.
    ["SET LOCAL session_replication_role = replica"]
    + [f"DELETE FROM {name}" for name in TABLES]  # noqa: S608 - names of ours
    + [f"SELECT setval('{sequence_name(table)}', 1, false)" for table in NUMBERED]
)
THERE_ARE = """
SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_name <> 'alembic_version'
"""


class LastingLoop(asyncio.SelectorEventLoop):
    """Goes on after a test has cancelled its tasks and closed it; `ends` is for whoever made it."""

    def close(self) -> None:
        """Nothing but being ready for the next test, whose generators are its own."""
        self._asyncgens_shutdown_called = False

    async def shutdown_default_executor(self) -> None:
        """Nothing: the threads serve the next test."""

    def ends(self) -> None:
        super().close()


LOOP = LastingLoop()


class Kept:
    """One database for many stories, one after the other."""

    def __init__(self, server: PostgresServer, template: str) -> None:
        self._server = server
        self._template = template
        self._database: Database | None = None
        self._stories = 0

    async def emptied(self) -> Database:
        """The database without a row and with every number still to be drawn, for one story."""
        if self._database is None or self._stories == STORIES or not await self._is_emptied(self._database):
            await self.close()
            url = await asyncio.to_thread(self._server.new_database, self._template)
            self._database = await open_database(url)
            self._stories = 0
            found = await self._database.read(lambda conn: [name for (name,) in plain.rows_of(conn, THERE_ARE)])
            assert sorted(found) == TABLES, "what is not named would be left for the next story"
        self._stories += 1
        return _Lent(self._database)

    async def close(self) -> None:
        if self._database is not None:
            await self._database.close()
            await asyncio.to_thread(self._server.drop_database, self._database.url)
            self._database = None

    async def _is_emptied(self, database: Database) -> bool:
        # What is left of a story that failed may be in the way, and not every server lets triggers rest.
        with suppress(StoreError, SQLAlchemyError):
            await database.write(lambda conn: plain.change(conn, EMPTY))
            return True
        return False


class _Lent(Database):
    """What one story sees of it: it stays open when the story closes it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def is_sqlite(self) -> bool:
        return False

    @property
    def path(self) -> Path | None:
        return None

    @property
    def url(self) -> str:
        return self._database.url

    async def read(self, look: Callable[[Connection], T]) -> T:
        return await self._database.read(look)

    async def glance(self, look: Callable[[Connection], T]) -> T:
        return await self._database.glance(look)

    async def write(self, change: Callable[[Connection], T]) -> T:
        return await self._database.write(change)

    async def quick_check(self) -> None:
        await self._database.quick_check()

    async def close(self) -> None:
        """Nothing: the next story goes on with it."""


@pytest.fixture(scope="session")
def kept_postgres(postgres: PostgresServer, postgres_template: str) -> Iterator[Kept]:
    """A worker's own, for what runs in `LOOP`."""
    kept = Kept(postgres, postgres_template)
    yield kept
    LOOP.run_until_complete(kept.close())

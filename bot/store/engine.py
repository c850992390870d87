"""The one way to a database: `open_database`.

Everything else in the store is a plain function over a `Connection`, handed to `read` or `write`. The function is run
whole in one hop: in a thread of the file for SQLite, inside the event loop for PostgreSQL. So it touches nothing but
its connection and its arguments, waits for nothing but the database, and may be run again if it fails.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, make_url
from sqlalchemy.exc import ArgumentError

from bot.store.errors import UnusableDatabaseError

T = TypeVar("T")


class Database(ABC):
    """An open database."""

    @property
    @abstractmethod
    def is_sqlite(self) -> bool:
        """Whether one process owns a file, rather than replicas sharing a server."""

    @property
    @abstractmethod
    def path(self) -> Path | None:
        """The file, where there is one."""

    @property
    @abstractmethod
    def url(self) -> str:
        """Where the database is, with its password: for opening it again, never for showing."""

    @abstractmethod
    async def read(self, look: Callable[[Connection], T]) -> T:
        """Run `look` in a transaction of its own that sees one moment and never waits for a writer.

        Raises StoreUnavailableError when the database cannot answer now.
        """

    @abstractmethod
    async def write(self, change: Callable[[Connection], T]) -> T:
        """Run `change` in a transaction of its own and return its result once that is on disk.

        Raises what `change` raises, with everything undone, or StoreUnavailableError when the database cannot take it.
        """

    @abstractmethod
    async def quick_check(self) -> None:
        """Read a whole SQLite file for damage, beside whatever else is done with it; a server looks after itself.

        Raises CorruptDatabaseError.
        """

    @abstractmethod
    async def close(self) -> None:
        """Finish what runs and let go of the database."""


async def open_database(url: str, *, quick_check: bool = False) -> Database:
    """Open the database at `sqlite+aiosqlite:///file` (made if missing) or `postgresql+asyncpg://…`.

    `quick_check` reads a whole SQLite file for damage first. Raises a DatabaseError that says what to mend.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise UnusableDatabaseError(
            "DATABASE_URL is no database address; write sqlite+aiosqlite:///var/maitred.db or postgresql+asyncpg://…"
        ) from error
    # Each kind is imported when it is used, so that a SQLite desk never loads the drivers of PostgreSQL.
    if parsed.get_backend_name() == "sqlite":
        from bot.store.sqlite import open_sqlite  # noqa: PLC0415 - see above

        database = await open_sqlite(parsed)
        if quick_check:
            try:
                await database.quick_check()
            except BaseException:
                await database.close()
                raise
        return database
    if parsed.get_backend_name() == "postgresql":
        from bot.store.postgres import open_postgres  # noqa: PLC0415 - see above

        return await open_postgres(parsed)
    raise UnusableDatabaseError(
        f"DATABASE_URL names {parsed.get_backend_name()}; Maitred keeps its rows in SQLite or PostgreSQL"
    )

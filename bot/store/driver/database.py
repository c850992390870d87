"""An open database, whichever kind it is: everybody reads and writes through this.

Everything else in the store is a plain function over a `Connection`, handed to `read` or `write`. The function is run
whole in one hop: in a thread of the file for SQLite, inside the event loop for PostgreSQL. So it touches nothing but
its connection and its arguments, waits for nothing but the database, and may be run again if it fails.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection

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

    async def glance(self, look: Callable[[Connection], T]) -> T:
        """`read` for a look of one statement: it sees one moment by itself, so a server is asked just once."""
        return await self.read(look)

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

"""Whose turn it is to do what only one process may do: a lease in the database, kept up while the work goes on.

    free, or its time is over ──acquire──> ours ──renewed every few seconds──> ours ──left──> free
                                            └──not renewed in time, or taken──> lost: the work is cancelled

Time here is the loop's own, never a promise's. It is counted from before a renewal was asked for, so that ours ends no
later than the database believes.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from adapters.errors import TurnLostError
from adapters.port import Fence
from bot.store import leases
from bot.store.driver.database import Database
from bot.store.errors import LeaseLostError, StoreError, StoreUnavailableError

log = structlog.get_logger()

#: Whoever has the file of a SQLite database has it alone, and takes up after itself at once.
_ALONE: Final = "alone"


@dataclass(frozen=True, slots=True)
class Pace:
    """Another process takes over at most `lease_for` + `ask_every_s` after this one has died."""

    lease_for: timedelta = timedelta(seconds=12)
    renew_every_s: float = 3.0
    ask_every_s: float = 2.0


class StoredTurn:
    """One thing by its name; one of these a process."""

    def __init__(self, database: Database, name: str, pace: Pace | None = None, *, owner: str | None = None) -> None:
        """`owner` tells one process from another; by itself each start is another, but for one alone with its file."""
        self._database = database
        self._name = name
        self._pace = pace or Pace()
        self._owner = owner or (_ALONE if database.is_sqlite else uuid.uuid4().hex)

    @asynccontextmanager
    async def held(self) -> AsyncIterator[Fence]:
        """The `Turn` of the port."""
        loop = asyncio.get_running_loop()
        asked_at = loop.time()
        while (epoch := await self._acquired()) is None:
            await asyncio.sleep(self._pace.ask_every_s)
            asked_at = loop.time()
        renewing: asyncio.Task[None] | None = None
        ours = asyncio.timeout_at(self._over_at(asked_at))
        try:
            async with ours:
                renewing = asyncio.create_task(self._renewed(epoch, ours), name=f"lease {self._name}")
                yield Fence(self._name, epoch)
        except TimeoutError as error:
            if not ours.expired():
                raise
            raise TurnLostError(f"the lease {self._name} was lost") from error
        finally:
            if renewing is not None:
                renewing.cancel()
                await asyncio.gather(renewing, return_exceptions=True)
            with suppress(StoreError):  # it runs out by itself
                await self._database.write(lambda conn: leases.release(conn, self._name, epoch=epoch))

    async def _acquired(self) -> int | None:
        name, owner, lease_for = self._name, self._owner, self._pace.lease_for
        try:
            return await self._database.write(lambda conn: leases.acquire(conn, name, owner=owner, lease_for=lease_for))
        except StoreUnavailableError as error:
            log.info("a lease cannot be asked for now", lease=name, reason=str(error))
            return None

    async def _renewed(self, epoch: int, ours: asyncio.Timeout) -> None:
        loop = asyncio.get_running_loop()
        name, lease_for = self._name, self._pace.lease_for
        while True:
            await asyncio.sleep(self._pace.renew_every_s)
            asked_at = loop.time()
            try:
                await self._database.write(lambda conn: leases.renew(conn, name, epoch=epoch, lease_for=lease_for))
            except StoreUnavailableError as error:
                log.info("a lease cannot be renewed now", lease=name, reason=str(error))
            except LeaseLostError:
                ours.reschedule(loop.time())
                return
            else:
                ours.reschedule(self._over_at(asked_at))

    def _over_at(self, asked_at: float) -> float:
        return asked_at + self._pace.lease_for.total_seconds()

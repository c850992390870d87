"""What a kept payload names and does not carry, fetched before it is decided: the bytes of files.

The payload stays where it is in its lane, undecided, so whatever we die of it is found again after a start. It is tried
a few times, never sooner than its channel asks for, and what takes too long ends alone; then the message goes on
without those bytes and says so, because a client waits.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Final

import structlog

from adapters.errors import DeskAwayError, TemporaryError
from adapters.message import Channel
from adapters.port import Adapter, Completing, KeepFile, Raw
from bot.store import journal
from bot.store.driver.committer import Committer
from bot.store.driver.connection import Connection
from bot.store.driver.database import Database
from bot.store.errors import StoreUnavailableError

log = structlog.get_logger()

#: Seconds between tries; after the last one what is missing is given up.
PAUSES: Final = (1.0, 5.0)
#: One file; and all files of a payload in all tries, because a client waits.
FILE_WITHIN_SECONDS: Final = 20.0
ALL_WITHIN_SECONDS: Final = 120.0
AT_ONCE: Final = 16
#: The database is away: looked for again so often.
AGAIN_AFTER_SECONDS: Final = 1.0


async def _nowhere(_chunks: object) -> tuple[str, int]:
    raise TemporaryError("files are kept nowhere")


def _complete(conn: Connection, completed: Sequence[tuple[int, bytes]]) -> Sequence[None]:
    """A Change: what was fetched for each payload."""
    for number, payload in completed:
        journal.complete(conn, number, payload)
    return [None] * len(completed)


class Fetching:
    """Completes payloads beside the intake, each once at a time."""

    def __init__(
        self,
        database: Database,
        adapters: Mapping[Channel, Adapter],
        keep: KeepFile | None,
        *,
        again: Callable[[int, str], None],
        bury: Callable[[int, Exception], Awaitable[None]],
        pauses: Sequence[float] = PAUSES,
        file_within_s: float = FILE_WITHIN_SECONDS,
        committer: Committer | None = None,
    ) -> None:
        """`again` says that a payload can be read now; `bury` puts one aside that cannot be completed at all.

        With a `committer` what is completed side by side is stored at once.
        """
        self._database = database
        self._adapters = adapters
        self._keep = keep or _nowhere
        self._again = again
        self._bury = bury
        self._pauses = pauses
        self._file_within_s = file_within_s
        self._committer = committer
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._turns = asyncio.Semaphore(AT_ONCE)

    def want(self, number: int, raw: Raw) -> None:
        """Complete this payload of the journal; asked again while that is under way, nothing more happens."""
        if number not in self._tasks:
            task = self._tasks[number] = asyncio.create_task(self._supervised(number, raw), name=f"fetch {number}")
            task.add_done_callback(lambda _: self._tasks.pop(number, None))

    async def drain(self) -> int:
        """Wait until everything that is under way has ended; how many there were."""
        count = len(self._tasks)
        while self._tasks:
            await asyncio.wait(self._tasks.values())
        return count

    async def close(self) -> None:
        """Give up what is under way: the payloads wait in the journal for the next start."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _supervised(self, number: int, raw: Raw) -> None:
        try:
            async with self._turns:
                whole = await self._completed(raw)
            await self._store(number, whole)
        except Exception as error:
            log.exception("a payload could not be completed", inbound=number, channel=raw.channel)
            await self._bury(number, error)
        else:
            self._again(number, raw.lane)

    async def _completed(self, raw: Raw) -> Raw:
        adapter = self._adapters[raw.channel]
        if not isinstance(adapter, Completing):
            raise TypeError(f"{raw.channel} asks for what it cannot fetch")
        time = asyncio.get_running_loop().time
        ends_at = time() + ALL_WITHIN_SECONDS
        keep = self._in_time(ends_at)
        for pause in self._pauses:
            try:
                async with asyncio.timeout_at(ends_at):
                    return await adapter.completed(raw, keep, is_last=False)
            except (TemporaryError, DeskAwayError, TimeoutError) as error:
                log.warning("a file could not be fetched yet", channel=raw.channel, reason=str(error))
                wait = max(pause, _asked_for(error))
                if time() + wait > ends_at:
                    break
                await asyncio.sleep(wait)
        try:
            async with asyncio.timeout_at(ends_at + self._file_within_s):
                return await adapter.completed(raw, keep, is_last=True)
        except (DeskAwayError, TimeoutError):
            return await adapter.completed(raw, _nowhere, is_last=True)

    def _in_time(self, ends_at: float) -> KeepFile:
        """Keeps a file, or gives it up alone: the others of its payload are none the later for it."""

        async def keep(chunks: AsyncIterator[bytes]) -> tuple[str, int]:
            now = asyncio.get_running_loop().time()
            try:
                async with asyncio.timeout_at(min(now + self._file_within_s, ends_at)):
                    return await self._keep(chunks)
            except TimeoutError as error:
                raise TemporaryError("a file takes too long") from error

        return keep

    async def _store(self, number: int, whole: Raw) -> None:
        while True:
            try:
                if self._committer is not None:
                    await self._committer.commit(_complete, (number, whole.payload))
                else:
                    await self._database.write(lambda conn: journal.complete(conn, number, whole.payload))
            except StoreUnavailableError as error:
                log.warning("a completed payload waits to be stored", inbound=number, reason=str(error))
                await asyncio.sleep(AGAIN_AFTER_SECONDS)
            else:
                return


def _asked_for(error: Exception) -> float:
    """Seconds of patience that a channel asked for."""
    asked = error.retry_after if isinstance(error, TemporaryError) else None
    return asked.total_seconds() if asked is not None else 0

"""Until when everything Slack said has been heard, and what is done about the rest.

    heard until 09:00 ──── a connection ends, the desk is away, Slack holds back ────> something may have been missed
         ^                                                                                       │
         └──── moved on with every tick while all is well <──── read back from 08:50 on <────────┘

The moment is the channel's cursor in the journal: after a restart reading begins where it stands. It moves only when
everything before it is kept. Over HTTP nobody here can tell whether Slack reaches us, so there no tick moves it, only
what was read back.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog

from adapters.errors import DeliveryError, DeskAwayError
from adapters.message import Channel
from adapters.port import Cursor, Journal
from adapters.slack import ids
from adapters.slack.backfill import cannot
from adapters.slack.timings import Timings

log = structlog.get_logger()

#: A permission that is missing does not come by itself; after so long somebody may have given it.
_LOOK_AGAIN_S: Final = 600.0


class Past(Protocol):
    """What the desk remembers for the channel. Each raises DeskAwayError."""

    async def cursor(self) -> str | None:
        """The channel's cursor as it was last journaled, None at the very beginning."""

    async def threads(self) -> Sequence[str]:
        """The first messages, `CHANNEL:TS`, of threads in which something may still be said about a ticket."""

    async def channels(self) -> Sequence[str]:
        """The channels that were looked at, by their ids."""

    async def readers(self, channel: str) -> str | None:
        """Who could read in a channel when it was last looked at, as `readers.py` has it; None if it never was."""


class Read(Protocol):
    """Keeps whatever was said since, and gives how many payloads that were; `is_gap` as below."""

    def __call__(
        self, since: datetime, threads: Sequence[str], journal: Journal, *, is_gap: bool
    ) -> Awaitable[int]: ...


class CatchingUp:
    """One run of the channel. `is_whole` tells whether Slack surely reaches us right now."""

    def __init__(
        self,
        past: Past,
        read: Read,
        journal: Journal,
        *,
        account: str,
        wall: Callable[[], datetime],
        is_whole: Callable[[], bool],
        timings: Timings,
    ) -> None:
        self.trouble = ""
        self.is_behind = False
        self._past = past
        self._read = read
        self._journal = journal
        self._account = account
        self._wall = wall
        self._is_whole = is_whole
        self._timings = timings
        self._wanted = asyncio.Event()
        self._until: datetime | None = None
        #: The last time everything was looked through: a sweep goes on from there, and trusts no moment in between.
        self._read_until: datetime | None = None

    def missed(self) -> None:
        """Something may have passed us by: read back soon."""
        self._wanted.set()

    async def run(self) -> None:
        """Read back whenever it is wanted, and keep the cursor close to the present."""
        loop = asyncio.get_running_loop()
        swept_at = loop.time()
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._timings.tick_every_s):
                    await self._wanted.wait()
            try:
                is_gap, is_sweep = self._wanted.is_set(), loop.time() - swept_at >= self._timings.sweep_every_s
                if is_sweep:
                    self._until = self._read_until
                if is_gap or is_sweep:
                    self._wanted.clear()
                    await self._catch_up(is_gap=is_gap)
                    swept_at = loop.time()
                elif self._is_whole():
                    await self._move(self._wall())
                self.trouble = ""
            except DeskAwayError as error:
                log.warning("what was missed cannot be kept now", channel="slack", reason=str(error))
                await self._later(self._timings.retry_first_s)
            except DeliveryError as error:
                self.trouble = cannot(error)
                log.warning("what was missed cannot be read back now", channel="slack", reason=str(error))
                await self._later(_LOOK_AGAIN_S if self.trouble else self._timings.retry_longest_s)
            except Exception:  # supervised: what is said now is heard all the same
                log.exception("what was missed could not be read back", channel="slack")
                await self._later(self._timings.retry_longest_s)

    async def _catch_up(self, *, is_gap: bool) -> None:
        """Read back. Where it is known that something passed us by, more is asked for (`is_gap`)."""
        began = self._wall()
        if self._until is None:
            cursor = await self._past.cursor()
            self._until = ids.moment_from_ts(cursor) if cursor is not None else None
        if self._until is not None:  # at the very beginning there is nothing to miss
            self.is_behind = True
            await self._journal((), None)  # a desk that is away still would have Slack asked for nothing
            since = self._until - timedelta(seconds=self._timings.margin_s)
            count = await self._read(since, await self._past.threads(), self._journal, is_gap=is_gap)
            self.is_behind = False
            if count:
                log.info("read back from Slack", channel="slack", messages=count, since=since.isoformat())
        await self._move(began)
        self._read_until = began

    async def _move(self, until: datetime) -> None:
        """Everything before this moment is kept; a moment is never taken back."""
        until = max(until, self._until) if self._until is not None else until
        await self._journal((), Cursor(Channel.SLACK, self._account, f"{until.timestamp():.6f}"))
        self._until = until

    async def _later(self, pause_s: float) -> None:
        await asyncio.sleep(pause_s)
        self._wanted.set()

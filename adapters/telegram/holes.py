"""Whether Telegram gave up on some of the updates that it was to bring.

Telegram numbers updates one by one, brings several at once, and comes again with what was not taken; what it cannot
bring for a day it drops. So after a silence the first new number says how many are still to come, and what of them has
come to none of our processes a while later may be lost for good.

    silence ──first number after it──> still to come, remembered ──a while──> all came, or a gap

Where several processes are brought updates, each keeps what it noticed, and all wait for all of it: whoever dies first
is not needed, and whoever is first forgets it for everybody.

A press is kept as a payload where it is waited for, and only there: so every process knows that it came.

A quiet night is a silence too, and costs no number. After a week in which nothing came, numbers start anew.
"""

import asyncio
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final, Protocol

import structlog

from adapters.errors import DeskAwayError
from adapters.port import Journal
from adapters.telegram import ids
from adapters.telegram.config import Config
from adapters.telegram.gaps import Gap
from adapters.telegram.timings import Timings
from adapters.telegram.updates import raw_from_gap

log = structlog.get_logger()

#: More numbers than this are not asked after one by one.
MOST_ASKED_AFTER: Final = 10_000


class Brought(Protocol):
    """What the desk remembers of updates that were brought. Everything raises DeskAwayError while it is away."""

    async def last_read(self) -> tuple[str, datetime] | None:
        """The newest cursor and when it was kept; None before the first."""

    async def came(self, keys: Collection[str]) -> set[str]:
        """Which of these updates, by their keys, were kept."""

    async def holes(self) -> Collection[str]:
        """Every hole that any process keeps and none has forgotten."""

    async def keep_hole(self, hole: str) -> None:
        """Returns once it is safe."""

    async def forget_holes(self, holes: Collection[str]) -> None:
        """Nobody waits for these any more; those of others stay."""


class Holes:
    """Told of every number before its update is kept; one per process that Telegram brings updates to."""

    def __init__(self, config: Config, past: Brought, now: Callable[[], datetime], timings: Timings) -> None:
        self._config = config
        self._past = past
        self._now = now
        self._timings = timings
        #: One more than the highest number that came.
        self.following = 0
        self._came_at: datetime | None = None
        #: What is still to come, each with when we began to wait for it.
        self._open: dict[Gap, datetime] = {}
        self._one = asyncio.Lock()
        self._is_opened = asyncio.Event()

    async def resume(self) -> None:
        """What is known from before. Raises DeskAwayError."""
        known = await self._past.last_read()
        self.following = max(self.following, self._next_of(known))
        await self._adopt()

    async def before(self, number: int) -> None:
        """Told of an update that is kept once this returns. Raises DeskAwayError: then it comes again."""
        async with self._one:
            now = self._now()
            hole = await self._hole(number, now)
            if hole is not None and hole not in self._open:
                await self._past.keep_hole(hole_to_text(hole))
                self._wait_for(hole)
            self.following = max(self.following, number + 1)
            self._came_at = now

    async def is_awaited(self, number: int) -> bool:
        """Whether anybody waits for this update, in whichever process. Raises DeskAwayError."""
        return any(hole.first <= number <= hole.last for hole in await self._kept())

    async def run(self, journal: Journal) -> None:
        """Tell of what did not come, until cancelled."""
        while True:
            try:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._timings.look_every_s):
                        await self._is_opened.wait()
                await self._adopt()  # whoever kept it may be gone
                if not self._open:
                    continue
                left_s = (min(self._open.values()) - self._waited_since()).total_seconds()
                await asyncio.sleep(min(max(left_s, 0.0), self._timings.look_every_s))
                await self._settle(journal, [hole for hole, at in self._open.items() if at <= self._waited_since()])
            except DeskAwayError:  # the door says so
                await asyncio.sleep(self._timings.retry_longest_s)
            except Exception:  # supervised: it is remembered, and told a moment later
                log.exception("what Telegram did not bring cannot be told yet", channel="telegram")
                await asyncio.sleep(self._timings.retry_longest_s)

    def _waited_since(self) -> datetime:
        """What is waited for since then is waited for no longer."""
        return self._now() - timedelta(seconds=self._timings.holes_after_s)

    async def _hole(self, number: int, now: datetime) -> Gap | None:
        """What is still to come before this number, that was not known to be."""
        if self._came_at is not None and now - self._came_at <= timedelta(seconds=self._timings.outage_s):
            if not self._open or number <= self.following:
                return None
            # What others took meanwhile came.
            self.following = max(self.following, self._next_of(await self._past.last_read()))
            if number <= self.following:
                return None
            # What comes first after a silence need not be the highest of what waited.
            return Gap(self.following, number - 1, max(self._open, key=lambda one: one.last).since, now)
        known = await self._past.last_read()
        if known is None or now - known[1] >= timedelta(seconds=self._timings.week_s):
            self.following = 0
            return None
        self.following = self._next_of(known)  # ours is no further, and may be of numbers before they began anew
        if not self.following:
            return None  # what was read before was another bot's
        if number <= self.following or now - known[1] <= timedelta(seconds=self._timings.outage_s):
            return None
        return Gap(self.following, number - 1, known[1], now)

    async def _settle(self, journal: Journal, holes: Sequence[Gap]) -> None:
        if not holes:
            return
        bot, account = self._config.bot_id, self._config.account
        kept = await self._kept()
        for hole in holes:
            if hole not in kept:
                continue  # another process has told what of it did not come
            for gap in missing(hole, await self._came(hole)):
                log.error("Telegram may have dropped updates", channel="telegram", at_most=gap.last - gap.first + 1)
                told = raw_from_gap(gap.first, gap.last, since=gap.since, until=gap.until, bot=bot, account=account)
                await journal([told], None)
        async with self._one:
            await self._past.forget_holes([hole_to_text(hole) for hole in holes])
            for hole in holes:
                del self._open[hole]
            if not self._open:
                self._is_opened.clear()

    async def _came(self, hole: Gap) -> set[int]:
        if hole.last - hole.first >= MOST_ASKED_AFTER:
            return set()
        keys = {ids.update_key(self._config.bot_id, one): one for one in range(hole.first, hole.last + 1)}
        return {keys[key] for key in await self._past.came(list(keys))}

    async def _kept(self) -> set[Gap]:
        return set(map(hole_from_text, await self._past.holes()))

    async def _adopt(self) -> None:
        """Wait for what any process waits for: one of them tells what of it did not come."""
        for hole in await self._kept() - self._open.keys():
            self._wait_for(hole)

    def _wait_for(self, hole: Gap) -> None:
        self._open[hole] = self._now()
        self._is_opened.set()

    def _next_of(self, known: tuple[str, datetime] | None) -> int:
        return (ids.next_from_cursor(known[0], self._config.bot_id) or 0) if known is not None else 0


def missing(hole: Gap, came: Collection[int]) -> Sequence[Gap]:
    """What of a hole has not come."""
    inside = sorted(number for number in came if hole.first <= number <= hole.last)
    return list(_between(hole, [hole.first - 1, *inside, hole.last + 1]))


def hole_to_text(hole: Gap) -> str:
    """How a hole is remembered; `hole_from_text` reads it."""
    return f"{hole.first} {hole.last} {hole.since.isoformat()} {hole.until.isoformat()}"


def hole_from_text(text: str) -> Gap:
    """Undo `hole_to_text`."""
    first, last, since, until = text.split(" ")
    return Gap(int(first), int(last), datetime.fromisoformat(since), datetime.fromisoformat(until))


def _between(hole: Gap, numbers: Sequence[int]) -> Iterator[Gap]:
    for before, after in pairwise(numbers):
        if after - before > 1:
            yield Gap(before + 1, after - 1, hole.since, hole.until)

"""Wake-ups inside one process: what just changed, for whoever waits for it.

Only a hint, never the truth: every loop also looks for itself once a second, since another process may have written.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from bot.now import Timekeeper
from sla.duration import Instant, length

IDLE_SECONDS: Final = 1.0
SHORTEST_SECONDS: Final = 0.001


class Nudge:
    """A bell one loop sleeps beside."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Wake the sleeper, or let its next sleep end at once."""
        self._rung.set()

    async def sleep(self, seconds: float = IDLE_SECONDS) -> bool:
        """Until somebody rings, or so many real seconds; True if somebody rang."""
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                return await self._rung.wait()
        except TimeoutError:
            return False
        finally:
            self._rung.clear()


def seconds_until(due_at: Instant | None, time: Timekeeper) -> float:
    """How long a loop that found nothing to do may sleep: until the next moment, and never longer than a second.

    A moment that has passed already waits for something else than time, so it does not shorten the sleep.
    """
    if due_at is None or due_at <= time.now():
        return IDLE_SECONDS
    left = length(due_at - time.now()).total_seconds() / time.speed
    return min(IDLE_SECONDS, max(SHORTEST_SECONDS, left))


class Changes:
    """Tells every watcher that something people can see has changed; many changes at once are one."""

    def __init__(self) -> None:
        self._watchers: set[Nudge] = set()

    def tell(self) -> None:
        """Something changed."""
        for watcher in self._watchers:
            watcher.ring()

    @asynccontextmanager
    async def watch(self) -> AsyncIterator[Nudge]:
        """A bell of one's own for as long as the block lasts; sleep beside it and look again after each ring."""
        watcher = Nudge()
        self._watchers.add(watcher)
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)

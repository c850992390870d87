"""Whoever came first goes first, lane by lane, also where the first is held up on the way to the journal.

A stranger's first message waits a moment for their name; their second must not overtake it. Lanes do not wait for each
other, and nobody waits for a commit.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """One at a time in a lane, in the order they asked."""

    def __init__(self) -> None:
        self._last: dict[str, asyncio.Future[None]] = {}

    @asynccontextmanager
    async def turn(self, lane: str) -> AsyncIterator[None]:
        """Wait for those in front; an empty lane is no lane."""
        if not lane:
            yield
            return
        before = self._last.get(lane)
        mine = self._last[lane] = asyncio.get_running_loop().create_future()
        try:
            if before is not None:
                await asyncio.wait([before])
            yield
        finally:
            if before is None or before.done():
                self._pass_on(lane, mine)
            else:  # gave up while waiting: whoever is behind waits for who was in front
                before.add_done_callback(lambda _: self._pass_on(lane, mine))

    def _pass_on(self, lane: str, turn: asyncio.Future[None]) -> None:
        if not turn.done():
            turn.set_result(None)
        if self._last.get(lane) is turn:
            del self._last[lane]

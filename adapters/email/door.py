"""The way into a mail server: one login at a time, and a long rest after one that was refused.

Servers lock accounts that try a wrong password again and again, so all folders of an address rest together.
"""

import asyncio
from collections.abc import Awaitable, Callable

from adapters.email.backoff import Backoff
from adapters.email.imap import Connection, LoginRefusedError


class Door:
    """One for each server and account."""

    def __init__(self, first_s: float, longest_s: float) -> None:
        """How long to rest after a refusal, at first and at most, in seconds."""
        self._backoff = Backoff(first_s, longest_s)
        self._turn = asyncio.Lock()
        self._opens_at = 0.0

    async def enter(self, login: Callable[[], Awaitable[Connection]]) -> Connection:
        """Wait until a login may be tried, and try it. Raises what it raises."""
        async with self._turn:
            await asyncio.sleep(self._opens_at - asyncio.get_running_loop().time())
            try:
                connection = await login()
            except LoginRefusedError:
                self._opens_at = asyncio.get_running_loop().time() + self._backoff.pause_s()
                raise
            self._backoff.over()
            return connection

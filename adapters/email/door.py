"""The way into a mail server: one login at a time, and a long rest after one that was refused.

Servers lock accounts that try a wrong password again and again, so all folders of an address rest together. The rest
ends at once where there is another secret to try: a token that ran out is renewed by somebody else.
"""

import asyncio
from collections.abc import Awaitable, Callable

from adapters.email.backoff import Backoff
from adapters.email.imap import Connection, LoginRefusedError
from adapters.email.timings import Timings


class Door:
    """One for each server and account."""

    def __init__(self, timings: Timings, secret: Callable[[], str] = str) -> None:
        """`secret` is what is tried, as it is at that moment; empty where nobody knows."""
        self._backoff = Backoff(timings.refused_first_s, timings.refused_longest_s)
        self._turn = asyncio.Lock()
        self._opens_at = 0.0
        self._secret = secret
        self._look_every_s = timings.look_every_s
        self._refused = ""

    async def enter(self, login: Callable[[], Awaitable[Connection]]) -> Connection:
        """Wait until a login may be tried, and try it. Raises what it raises."""
        async with self._turn:
            await self._rest()
            tried = self._secret()
            try:
                connection = await login()
            except LoginRefusedError:
                self._refused = tried
                self._opens_at = asyncio.get_running_loop().time() + self._backoff.pause_s()
                raise
            self._backoff.over()
            return connection

    async def _rest(self) -> None:
        while (left_s := self._opens_at - asyncio.get_running_loop().time()) > 0:
            if self._secret() not in {self._refused, ""}:
                return
            await asyncio.sleep(min(left_s, self._look_every_s))

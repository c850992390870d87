"""The last bytes of an upload wait until somebody waits for its end.

Telegram takes a message once all of its request has come. Files may go up for long, while others are told something;
so their last bytes stay here until it is their turn, and whatever ends us before that has sent nothing. Of all that is
under way at a crash only the one whose turn it is may have arrived.
"""

import asyncio
from collections.abc import AsyncIterator

import httpx


class Gate:
    """Before the end of one upload. `is_passed`: all of it may have come from here on."""

    def __init__(self) -> None:
        self._open = asyncio.Event()
        self.is_passed = False

    def open(self) -> None:
        self._open.set()

    def shut(self) -> None:
        """Until it is opened again; who has passed it goes on."""
        self._open.clear()

    async def passing(self) -> None:
        await self._open.wait()
        self.is_passed = True


class HeldBack(httpx.AsyncByteStream):
    """The body of a request, its last piece behind a gate."""

    def __init__(self, body: httpx.AsyncByteStream, gate: Gate) -> None:
        self._body = body
        self._gate = gate

    async def __aiter__(self) -> AsyncIterator[bytes]:
        last = b""
        async for piece in self._body:
            if last and piece:  # an empty file is an empty piece
                yield last
            last = piece or last
        await self._gate.passing()
        yield last

    async def aclose(self) -> None:
        await self._body.aclose()

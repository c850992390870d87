"""Telling open pages that something changed, over Server-Sent Events; what changed they read themselves.

Many changes at once are one word. A page whose person is signed out, or has left the desk, is told nothing more.
"""

import asyncio
from typing import Final, Protocol

from aiohttp import web

from bot.store.reading.marks import mark
from bot.web.desk import Desk

#: Real seconds between two looks for what other processes wrote; between two words to one page; and of silence at most.
LOOK_SECONDS: Final = 2.0
PAUSE_SECONDS: Final = 0.25
SILENCE_SECONDS: Final = 15.0


class Door(Protocol):
    """Who is let in; `bot.web.session.Sessions` is one."""

    async def visitor(self, request: web.Request) -> object | None:
        """Who sent this request; None for nobody who may listen (any more)."""

    def refuse(self) -> web.Response:
        """The page for whoever may not."""


class Stream:
    """The open pages of this process that listen at one address."""

    def __init__(self, desk: Desk, sessions: Door, at: str = "/board/stream") -> None:
        self._desk = desk
        self._sessions = sessions
        self._at = at
        self._open: set[asyncio.Task[None]] = set()

    @property
    def routes(self) -> list[web.RouteDef]:
        """Where pages listen."""
        return [web.get(self._at, self._serve)]

    async def close(self) -> None:
        """Let every page go; its script comes back by itself."""
        for task in self._open:
            task.cancel()
        if self._open:
            await asyncio.wait(self._open)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if await self._sessions.visitor(request) is None:
            return self._sessions.refuse()
        answer = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        )
        await answer.prepare(request)
        telling = asyncio.create_task(self._tell(request, answer), name="board stream")
        self._open.add(telling)
        try:
            await asyncio.wait([telling])
        finally:
            self._open.discard(telling)
            telling.cancel()
        return answer

    async def _tell(self, request: web.Request, answer: web.StreamResponse) -> None:
        loop = asyncio.get_running_loop()
        seen, told_at = await self._desk.database.read(mark), loop.time()
        try:
            await answer.write(b"retry: 1000\ndata: hello\n\n")
            async with self._desk.changes.watch() as bell:
                while True:
                    is_rung = await bell.sleep(LOOK_SECONDS)
                    latest = await self._desk.database.read(mark)
                    if await self._sessions.visitor(request) is None:
                        await answer.write(b"event: bye\ndata: signed out\n\n")
                        return
                    if is_rung or latest != seen:
                        seen, told_at = latest, loop.time()
                        await answer.write(b"data: changed\n\n")
                        await asyncio.sleep(PAUSE_SECONDS)
                    elif loop.time() - told_at > SILENCE_SECONDS:
                        told_at = loop.time()
                        await answer.write(b": still here\n\n")
        except (ConnectionError, asyncio.CancelledError):
            return

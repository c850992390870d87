"""A page as the server meets it: a WebSocket that speaks the widget's frames, without a browser."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType


def fresh_id() -> str:
    return str(uuid.uuid4())


class Page:
    """One socket; frames that were not asked for are kept, so that none is overlooked."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket
        self.frames: list[dict[str, Any]] = []

    async def tell(self, type_: str, **frame: object) -> None:
        await self.socket.send_json({"type": type_, **frame})

    async def say(self, text: str, client_id: str | None = None, files: tuple[str, ...] = ()) -> str:
        client_id = client_id or fresh_id()
        await self.tell("say", id=client_id, text=text, files=files)
        return client_id

    async def hear(self, type_: str, within: float = 60) -> dict[str, Any]:
        """The next frame of this type; the ones before it are kept."""
        async with asyncio.timeout(within):
            while True:
                for index, frame in enumerate(self.frames):
                    if frame["type"] == type_:
                        return self.frames.pop(index)
                message = await self.socket.receive()
                if message.type is not WSMsgType.TEXT:
                    raise ConnectionError(f"closed with {self.socket.close_code} before a {type_} came")
                self.frames.append(message.json())

    async def texts(self, count: int) -> list[str]:
        """The texts of the next `count` lines, in the order they came."""
        found: list[str] = []
        while len(found) < count:
            found += [line["text"] for line in (await self.hear("lines"))["lines"]]
        return found

    async def closed(self, within: float = 60) -> int | None:
        """Wait for the end and give its code."""
        async with asyncio.timeout(within):
            while (message := await self.socket.receive()).type is WSMsgType.TEXT:
                self.frames.append(message.json())
        return self.socket.close_code

    def heard(self, type_: str) -> bool:
        return any(frame["type"] == type_ for frame in self.frames)


@dataclass(frozen=True)
class Site:
    """Where the desk is served, seen from a browser on the host application's page."""

    session: ClientSession
    port: int

    def at(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    @property
    def origin(self) -> str:
        return self.at("")

    @asynccontextmanager
    async def page(
        self,
        *,
        token: str | None = None,
        visitor: str | None = None,
        after: int = 0,
        language: str | None = None,
        zone: str | None = None,
        origin: str | None = None,
        is_greeted: bool = True,
    ) -> AsyncIterator[Page]:
        """Open a page and say hello; leaves the welcome to be heard."""
        async with self.session.ws_connect(self.at("/inapp/ws"), headers={"Origin": origin or self.origin}) as socket:
            page = Page(socket)
            if is_greeted:
                await page.tell("hello", token=token, visitor=visitor, after=after, language=language, zone=zone)
            yield page

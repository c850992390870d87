"""One person's chat without a browser: the WebSocket, the frames and the care of the widget's own script.

What could not be sent waits, and goes out again under the same id, so that no trouble between makes two of it.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final
from uuid import uuid4

from aiohttp import ClientError, ClientSession, ClientWebSocketResponse, WSMsgType

AGAIN_AFTER_SECONDS: Final = 1.0


class WidgetClient:
    """Talks to the desk at `address`; `token` gives a fresh proof of who this is, asked for at every connection."""

    def __init__(self, address: str, token: Callable[[], str]) -> None:
        self._address = address
        self._token = token
        self._unsent: dict[str, str] = {}
        self._socket: ClientWebSocketResponse | None = None
        self._rev = 0
        self._newest = 0

    async def say(self, text: str) -> None:
        """Write something; it is sent as soon as there is a connection, and until the desk has kept it."""
        name = str(uuid4())
        self._unsent[name] = text
        if self._socket is not None:
            with suppress(ConnectionError):
                await self._send(self._socket, name)

    async def run(self, heard: Callable[[str], None]) -> None:
        """Stay connected until cancelled; `heard` is told every reply of a person of ours that is new."""
        async with ClientSession(headers={"Origin": self._address}) as http:
            while True:
                with suppress(ClientError, ConnectionError, TimeoutError):
                    async with http.ws_connect(f"{self._address}/inapp/ws") as socket:
                        await socket.send_json({"type": "hello", "token": self._token(), "after": self._rev})
                        await self._listen(socket, heard)
                self._socket = None
                await asyncio.sleep(AGAIN_AFTER_SECONDS)

    async def _listen(self, socket: ClientWebSocketResponse, heard: Callable[[str], None]) -> None:
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                return
            frame: dict[str, Any] = message.json()
            match frame["type"]:
                case "welcome":
                    self._socket = socket
                    for name in list(self._unsent):
                        await self._send(socket, name)
                case "ack" | "refused":
                    self._unsent.pop(frame["id"], None)
                case "lines":
                    self._hear(frame, heard)

    def _hear(self, frame: dict[str, Any], heard: Callable[[str], None]) -> None:
        """A line comes again when it was delivered or seen; only its first coming is news, and the past is none."""
        replies = [line for line in frame["lines"] if line["direction"] == "out" and line["kind"] == "reply"]
        for line in replies if self._rev else ():
            if line["position"] > self._newest:
                heard(line["text"])
        self._newest = max([self._newest, *(line["position"] for line in replies)])
        self._rev = max(self._rev, frame.get("rev", 0))

    async def _send(self, socket: ClientWebSocketResponse, name: str) -> None:
        await socket.send_json({"type": "say", "id": name, "text": self._unsent[name], "files": []})

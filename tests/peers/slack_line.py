"""How Slack reaches an app: open sockets (Socket Mode), or signed requests (HTTP), each repeated when nobody said yes.

A `Delivery` is one thing told, over all attempts. Nothing is repeated by itself, so that a test decides what comes
again; `redelivers` sends it once more, with a new envelope and the same payload, as Slack does.
"""

import asyncio
import json
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import WSMessage, WSMsgType, web

from tests.peers.slack_emulator import APP
from tests.peers.slack_payloads import Payload, body_of, signed_headers

EVENTS, PRESSES, COMMANDS = "events_api", "interactive", "slash_commands"
PATHS = {EVENTS: "/slack/events", PRESSES: "/slack/interactions", COMMANDS: "/slack/interactions"}
PATIENCE_S = 60


@dataclass(eq=False)
class Delivery:
    """One thing told to the app. `response` is what came back with the acknowledgement; `statuses` are HTTP's."""

    kind: str
    payload: Mapping[str, Any]
    attempts: int = 0
    statuses: list[int] = field(default_factory=list)
    response: Any = None
    acknowledged: asyncio.Event = field(default_factory=asyncio.Event)
    first_sent_at: float = 0.0
    acknowledged_at: float = 0.0

    @property
    def is_acknowledged(self) -> bool:
        return self.acknowledged.is_set()

    @property
    def took_s(self) -> float:
        """Seconds from the first attempt to the acknowledgement."""
        return self.acknowledged_at - self.first_sent_at

    async def settled(self) -> "Delivery":
        """Wait until the app has acknowledged it."""
        async with asyncio.timeout(PATIENCE_S):
            await self.acknowledged.wait()
        return self

    def acknowledge(self, response: Any) -> None:  # noqa: ANN401 - whatever the app answers
        if not self.acknowledged.is_set():
            self.acknowledged_at = time.perf_counter()
            self.response = response
            self.acknowledged.set()


@dataclass(eq=False)
class Socket:
    """One open connection. A silent one takes everything and answers nothing, like a network that went away."""

    ws: web.WebSocketResponse
    transport: asyncio.Transport
    is_silent: bool = False
    pings: int = 0

    async def say(self, envelope: Mapping[str, Any]) -> None:
        if not self.is_silent:
            await self.ws.send_json(envelope)

    async def refresh(self, reason: str = "refresh_requested") -> None:
        """Ask the app to come again on a new connection, as Slack does every few hours."""
        await self.say({"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-1"}})

    def cut(self) -> None:
        """Let the connection break without a word."""
        self.transport.abort()


class Line:
    """Everything between Slack and one app."""

    def __init__(self, signing_secret: str) -> None:
        self.signing_secret = signing_secret
        self.sockets: list[Socket] = []
        self.deliveries: list[Delivery] = []
        self.hellos = 0
        self.knocks = 0
        #: Where a new socket gets no further: at the "upgrade" or the "hello"; nowhere where this is empty.
        self.stuck_at = ""
        #: Where signed requests go instead, once `point_at` was called.
        self.address = ""
        self._tickets: set[str] = set()
        self._under_way: dict[str, Delivery] = {}
        self._opened = asyncio.Condition()
        self._turn = 0
        self._http: aiohttp.ClientSession | None = None

    def point_at(self, address: str) -> None:
        """Tell the app over HTTP from now on, at this address."""
        self.address = address.rstrip("/")

    def ticket(self) -> str:
        """A right to open one socket, for apps.connections.open."""
        ticket = uuid.uuid4().hex
        self._tickets.add(ticket)
        return ticket

    async def connected(self, count: int = 1) -> None:
        """Wait until so many sockets are open."""
        async with asyncio.timeout(PATIENCE_S), self._opened:
            await self._opened.wait_for(lambda: len(self.sockets) >= count)

    async def disconnected(self, count: int = 0) -> None:
        """Wait until no more than so many sockets are open."""
        async with asyncio.timeout(PATIENCE_S), self._opened:
            await self._opened.wait_for(lambda: len(self.sockets) <= count)

    async def greeted(self, count: int) -> None:
        """Wait until so many sockets have been opened since the beginning."""
        async with asyncio.timeout(PATIENCE_S), self._opened:
            await self._opened.wait_for(lambda: self.hellos >= count)

    async def deliver(self, kind: str, payload: Payload) -> Delivery:
        """Tell the app something, once; without a connection it is kept for `redelivers`."""
        delivery = Delivery(kind, payload)
        self.deliveries.append(delivery)
        await self.redelivers(delivery)
        return delivery

    async def redelivers(self, delivery: Delivery, *, to: str | None = None) -> None:
        """Tell it once more; `to` is another replica's address."""
        if to or self.address:
            await self._post(delivery, to or self.address)
            return
        if not self.sockets:
            return
        self._turn += 1
        socket = self.sockets[self._turn % len(self.sockets)]
        envelope: Payload = {
            "envelope_id": str(uuid.uuid4()),
            "type": delivery.kind,
            "payload": delivery.payload,
            "accepts_response_payload": delivery.kind != EVENTS,
        }
        if delivery.kind == EVENTS:
            envelope |= {"retry_attempt": delivery.attempts, "retry_reason": "timeout" if delivery.attempts else ""}
        self._began(delivery)
        self._under_way[envelope["envelope_id"]] = delivery
        await socket.say(envelope)

    async def insists(self, delivery: Delivery, *, every_s: float = 1.0) -> Delivery:
        """Tell it again and again until it is acknowledged, as Slack does in its own good time."""
        async with asyncio.timeout(PATIENCE_S):
            while not delivery.is_acknowledged:
                await self.redelivers(delivery)
                with suppress(TimeoutError):
                    async with asyncio.timeout(every_s):
                        await delivery.acknowledged.wait()
        return delivery

    async def listen(self, request: web.Request) -> web.WebSocketResponse:
        """The address that apps.connections.open names: a ticket is good for one socket."""
        self.knocks += 1
        while self.stuck_at == "upgrade" and request.transport is not None:  # noqa: ASYNC110 - nobody tells either
            await asyncio.sleep(0.01)
        ws = web.WebSocketResponse(autoping=False)
        await ws.prepare(request)
        if request.query.get("ticket") not in self._tickets:
            await ws.close(code=4001)
            return ws
        self._tickets.discard(request.query["ticket"])
        assert isinstance(request.transport, asyncio.Transport)
        socket = Socket(ws, request.transport)
        if self.stuck_at != "hello":
            await ws.send_json(self._hello())
        async with self._opened:
            self.sockets.append(socket)
            self.hellos += 1
            self._opened.notify_all()
        try:
            async for message in ws:
                await self._heard(socket, message)
        finally:
            async with self._opened:
                self.sockets.remove(socket)
                self._opened.notify_all()
        return ws

    async def close(self) -> None:
        for socket in list(self.sockets):
            socket.cut()
        if self._http is not None:
            await self._http.close()

    def _hello(self) -> Payload:
        return {
            "type": "hello",
            "num_connections": len(self.sockets) + 1,
            "debug_info": {"host": "applink-1", "build_number": 1, "approximate_connection_time": 18060},
            "connection_info": {"app_id": APP},
        }

    async def _heard(self, socket: Socket, message: WSMessage) -> None:
        if socket.is_silent:
            return
        if message.type is WSMsgType.PING:
            socket.pings += 1
            await socket.ws.pong(message.data)
        if message.type is not WSMsgType.TEXT:
            return
        answer = json.loads(message.data)
        delivery = self._under_way.pop(answer.get("envelope_id", ""), None)
        if delivery is not None:
            delivery.acknowledge(answer.get("payload"))

    async def _post(self, delivery: Delivery, address: str) -> None:
        body, content_type = body_of(delivery.kind, delivery.payload)
        headers = signed_headers(self.signing_secret, body, content_type)
        if delivery.attempts:
            headers |= {"X-Slack-Retry-Num": str(delivery.attempts), "X-Slack-Retry-Reason": "http_timeout"}
        self._began(delivery)
        if self._http is None:
            self._http = aiohttp.ClientSession()
        try:
            async with self._http.post(f"{address}{PATHS[delivery.kind]}", data=body, headers=headers) as answer:
                text = await answer.text()
        except aiohttp.ClientError:
            delivery.statuses.append(0)
            return
        delivery.statuses.append(answer.status)
        if answer.status == web.HTTPOk.status_code:
            delivery.acknowledge(json.loads(text) if text.startswith("{") else text or None)

    def _began(self, delivery: Delivery) -> None:
        if not delivery.attempts:
            delivery.first_sent_at = time.perf_counter()
        delivery.attempts += 1

"""The in-app channel: a chat widget on the client's own pages, over WebSocket.

    browser  --hello, say-->  /inapp/ws  --> journal (commit) --> ack
    browser  --press------->  /inapp/ws  --> desk (commit) -----> answer
    store    --wake, or a look each second-->  every page of that conversation reads its news and shows them

We are both ends of this pipe. A reply is delivered when it is stored: `send` only wakes the pages that are open, and a
page that comes later reads the same transcript. That is why a repeat by key is harmless here, and why `reconcile` can
always answer.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import structlog
from aiohttp import WSCloseCode, WSMsgType, hdrs, web

from adapters.card import Outbound, OutboundCard
from adapters.errors import DeskAwayError, PermanentError
from adapters.inapp import ids
from adapters.inapp.budget import Budget
from adapters.inapp.config import Config
from adapters.inapp.convert import inbound_from_raw
from adapters.inapp.files import FileRoutes, Files
from adapters.inapp.frames import Hello, frame_from_json
from adapters.inapp.identity import IdentityError, Signer, mint_visitor, party_from_token, visitor
from adapters.inapp.script import Script
from adapters.inapp.session import Session, Surroundings, say_bye
from adapters.inapp.sockets import Sockets, is_shared
from adapters.inapp.transcript import Transcript
from adapters.message import Channel, InboundLine, OutboundMessage, Receipt
from adapters.port import Ask, Health, Journal, Limits, Raw, Route

log = structlog.get_logger()

HELLO_WITHIN_S = 10
#: Pings find a page whose network is gone.
HEARTBEAT_S = 20


class InAppAdapter:
    """Serves the widget. Call `wake` whenever a line of a conversation changed; `send` and `edit` do it themselves."""

    def __init__(
        self,
        config: Config,
        transcript: Transcript,
        files: Files,
        texts: Mapping[str, Mapping[str, str]],
        now: Callable[[], datetime],
        wall: Callable[[], datetime] | None = None,
    ) -> None:
        """`wall` is the clock that tokens are held against, where `now` is not the world's own (a rehearsal's)."""
        self._config = config
        self._transcript = transcript
        self._now = now
        self._wall = wall or now
        self._signer = Signer(config.signing_secret)
        self._sockets = Sockets(config)
        self._arrivals = Budget(capacity=60, per_second=1)
        self._desk: tuple[Journal, Ask] | None = None
        self._up_since: datetime | None = None
        socket_route = Route("GET", "/inapp/ws", self._serve)
        self._routes = (Script(texts).route, socket_route, *FileRoutes(config, files, self._signer, self._wall).routes)

    @property
    def channel(self) -> Channel:
        return Channel.INAPP

    @property
    def limits(self) -> Limits:
        return Limits(recognises_repeats=True)

    @property
    def routes(self) -> Sequence[Route]:
        return self._routes

    async def run(self, journal: Journal, ask: Ask) -> None:
        """Open the door, look each second for what other replicas wrote, and see everyone out when cancelled."""
        self._desk, self._up_since = (journal, ask), self._now()
        try:
            while True:
                await asyncio.sleep(self._config.look_every.total_seconds())
                try:
                    await self._look()
                except DeskAwayError as error:
                    log.warning("the transcripts cannot be looked through now", channel="inapp", reason=str(error))
                except Exception:  # supervised: the next look is a second away, and `send` wakes pages meanwhile
                    log.exception("the transcripts could not be looked through", channel="inapp")
        finally:
            self._desk = self._up_since = None
            await self._drain()

    def convert(self, raw: Raw) -> Sequence[InboundLine]:
        return (inbound_from_raw(raw),)

    async def send(self, message: Outbound) -> Receipt:
        if isinstance(message, OutboundCard):
            raise PermanentError("clients are shown no cards")
        self.wake(message.conversation.key)
        return Receipt(message.key, self._now())

    async def edit(self, external_id: str, message: OutboundMessage | OutboundCard) -> Receipt:
        lines = await self._transcript.lines(message.conversation, 0)
        if not any(line.id == external_id for line in lines):
            raise PermanentError("no line of the transcript has this name")
        return replace(await self.send(message), external_id=external_id)

    async def reconcile(self, message: Outbound) -> Receipt | None:
        return None if isinstance(message, OutboundCard) else await self.send(message)

    def health(self) -> Health:
        return Health(self._desk is not None, f"{len(self._sockets)} open", self._up_since)

    def wake(self, conversation_key: str) -> None:
        """Have every open page of a conversation show what is new; costs nothing when there is none."""
        for session in self._sockets.of(conversation_key):
            session.wake()

    async def _look(self) -> None:
        now = self._wall()
        for session in self._sockets:
            if session.party.is_expired(now):
                session.dismiss("expired")
        if not self._sockets:
            return
        heads = await self._transcript.heads(self._sockets.conversations())
        for session in self._sockets:
            if heads.get(session.conversation, 0) > session.rev:
                session.wake()

    async def _drain(self) -> None:
        for session in self._sockets:
            session.dismiss("restart")
        try:
            async with asyncio.timeout(self._config.drain_within.total_seconds()):
                await self._sockets.until_empty()
        except TimeoutError:
            log.warning("some widgets did not say goodbye", channel="inapp", open=len(self._sockets))
            for session in self._sockets:
                session.drop()
            await self._sockets.until_empty()

    # ---- one socket, from the handshake on

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        remote = request.remote or ""
        if not self._config.is_allowed(request.headers.get(hdrs.ORIGIN)):
            return web.Response(status=403, text="this page is not on the list of origins\n")
        if self._desk is None:
            return web.Response(status=503, headers={hdrs.RETRY_AFTER: "2"})
        is_hasty = not is_shared(remote) and not self._arrivals.allows(remote, asyncio.get_running_loop().time())
        if is_hasty or not self._sockets.has_place_for(remote):
            return web.Response(status=429, headers={hdrs.RETRY_AFTER: "30"})
        socket = web.WebSocketResponse(
            heartbeat=HEARTBEAT_S, max_msg_size=self._config.largest_frame, compress=False, timeout=2
        )
        with self._sockets.from_remote(remote):
            await socket.prepare(request)
            try:
                await self._greet(socket)
            except (ConnectionError, TimeoutError):
                await socket.close(code=WSCloseCode.GOING_AWAY)
        return socket

    async def _greet(self, socket: web.WebSocketResponse) -> None:
        async with asyncio.timeout(HELLO_WITHIN_S):
            message = await socket.receive()
        if message.type is not WSMsgType.TEXT:
            await socket.close(code=WSCloseCode.POLICY_VIOLATION)
            return
        try:
            hello = frame_from_json(message.data)
        except ValueError as error:
            log.warning("a widget's first frame was not understood", channel="inapp", reason=str(error))
            hello = None
        if not isinstance(hello, Hello):
            await socket.close(code=WSCloseCode.POLICY_VIOLATION)
            return
        try:
            party, minted = self._party(hello)
        except IdentityError as error:
            log.info("a widget's token was refused", channel="inapp", reason=str(error))
            await say_bye(socket, "expired" if error.is_expired else "identity")
            return
        await self._seat(socket, hello, party, minted)

    def _party(self, hello: Hello) -> tuple[ids.Party, str | None]:
        """Who this is, and the visitor token minted for them if they came with nothing."""
        if hello.token is not None:
            return party_from_token(hello.token, self._config.jwt_secrets, now=self._wall()), None
        if hello.visitor is not None and ids.VISITOR_TOKEN.fullmatch(hello.visitor):
            return visitor(hello.visitor), None
        minted = mint_visitor()
        return visitor(minted), minted

    async def _seat(self, socket: web.WebSocketResponse, hello: Hello, party: ids.Party, minted: str | None) -> None:
        if self._desk is None:  # the desk stopped between the handshake and the first frame
            await say_bye(socket, "restart")
            return
        around = Surroundings(self._config, self._transcript, self._signer, *self._desk, self._now, self._wall)
        session = Session(socket, hello, party, minted, around)
        if not self._sockets.has_place(session.conversation):
            await say_bye(socket, "busy")
            return
        with self._sockets.holding(session):
            await session.run()

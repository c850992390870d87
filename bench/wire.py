"""A chat service over loopback HTTP, the desk's end of it: a webhook for what is said, a request for what is shown."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import aiohttp
from aiohttp import web

from adapters.card import Outbound, OutboundCard
from adapters.fake_payload import inbound_from_raw
from adapters.fake_screen import words
from adapters.message import Channel, Inbound, Receipt
from adapters.port import Ask, Health, Journal, Limits, Raw, Route
from bench.stand import FREE, NOON

ACCOUNT: Final = "desk"


class WireChannel:
    """One channel; `peer` is where the far end listens."""

    def __init__(self, channel: Channel, http: aiohttp.ClientSession, peer: str) -> None:
        self.channel = channel
        self.limits: Limits = FREE
        self.routes: Sequence[Route] = ()
        self._http = http
        self._peer = peer
        self._journal: Journal | None = None

    async def run(self, journal: Journal, ask: Ask) -> None:  # noqa: ARG002 - nobody presses anything here
        self._journal = journal

    async def said(self, request: web.Request) -> web.Response:
        """The webhook: kept first, answered after."""
        payload = await request.read()
        fields = await request.json()
        assert self._journal is not None, "somebody spoke before we listened"
        lane = f"{self.channel}:{ACCOUNT}:{fields['chat']}"
        await self._journal([Raw(self.channel, ACCOUNT, fields["id"], payload, NOON, lane)], None)
        return web.Response()

    def convert(self, raw: Raw) -> Sequence[Inbound]:
        return (inbound_from_raw(raw),)

    async def send(self, message: Outbound) -> Receipt:
        shown = {"text": words(message), "is_card": isinstance(message, OutboundCard)}
        async with self._http.post(self._peer, json=shown) as answer:
            return Receipt((await answer.json())["id"], datetime.now(UTC))

    async def edit(self, external_id: str, message: Outbound) -> Receipt:
        await self.send(message)
        return Receipt(external_id, datetime.now(UTC))

    async def reconcile(self, message: Outbound) -> Receipt | None:  # noqa: ARG002 - nothing here is ever in doubt
        return None

    def health(self) -> Health:
        return Health(is_up=True, detail="over loopback")

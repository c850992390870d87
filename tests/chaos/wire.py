"""A channel whose far end lives in another process, over loopback HTTP: what we said and heard is known outside of us.

Read like Telegram: the far end is asked for what is new, and asking again acknowledges what came before. Sent like any:
one request a message, whose end is unknown when the connection dies.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import aiohttp

from adapters.card import Outbound, OutboundCard
from adapters.errors import UncertainError
from adapters.fake_payload import inbound_from_raw
from adapters.fake_screen import words
from adapters.message import Channel, Conversation, Identity, Inbound, Receipt
from adapters.port import Ask, Cursor, Health, Journal, Limits, Press, Raw, Route

#: Our end of every conversation on these channels.
ACCOUNT = "desk"


class WireChannel:
    """The desk's end of one channel; `peer` is the far end's address."""

    def __init__(self, channel: Channel, peer: str, limits: Limits) -> None:
        self.channel = channel
        self.limits = limits
        self.routes: Sequence[Route] = ()
        self._address = f"{peer}/{channel}"
        self._session: aiohttp.ClientSession | None = None

    async def run(self, journal: Journal, ask: Ask) -> None:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as self._session:
            taken: list[str] = []
            while True:
                news = await self._call("updates", taken=taken)
                raws = [self._raw(one) for one in news["said"]]
                if raws:
                    await journal(raws, Cursor(self.channel, ACCOUNT, raws[-1].external_id))
                await asyncio.gather(*(self._answer(ask, one) for one in news["pressed"]))
                taken = [raw.external_id for raw in raws]

    def convert(self, raw: Raw) -> Sequence[Inbound]:
        return (inbound_from_raw(raw),)

    async def send(self, message: Outbound) -> Receipt:
        replaces = message.replaces if isinstance(message, OutboundCard) else None
        return await self._shown(message, replaces)

    async def edit(self, external_id: str, message: Outbound) -> Receipt:
        return await self._shown(message, external_id)

    async def reconcile(self, message: Outbound) -> Receipt | None:
        if not self.limits.recognises_repeats:
            return None
        known = await self._call("known", key=message.key)
        return Receipt(known["id"], message.at) if known["id"] else None

    def health(self) -> Health:
        return Health(is_up=True, detail="listening")

    async def _shown(self, message: Outbound, replaces: str | None) -> Receipt:
        buttons = [button.value for button in message.card.buttons] if isinstance(message, OutboundCard) else []
        shown = await self._call(
            "send",
            key=message.key,
            address=message.conversation.address,
            text=words(message),
            tickets=sorted(set(buttons)),
            replaces=replaces,
        )
        return Receipt(shown["id"], message.at)

    async def _answer(self, ask: Ask, fields: dict[str, Any]) -> None:
        press = Press(
            key=fields["key"],
            by=Identity(self.channel, fields["by"]),
            action=fields["action"],
            value=fields["value"],
            at=datetime.now(UTC),
            fields=fields["fields"],
            conversation=Conversation(self.channel, ACCOUNT, fields["by"]),
        )
        answer = await ask(press)
        await self._call("answer", key=press.key, text=answer.text, is_refused=answer.is_refused)

    async def _call(self, name: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever JSON holds
        if self._session is None:
            raise UncertainError("the channel is not connected yet")
        try:
            async with self._session.post(f"{self._address}/{name}", json=fields) as response:
                found: dict[str, Any] = await response.json()
                return found
        except aiohttp.ClientError as error:
            raise UncertainError("the connection to the far end broke") from error

    def _raw(self, fields: dict[str, Any]) -> Raw:
        lane = Conversation(self.channel, ACCOUNT, fields["address"]).key
        payload = fields["payload"].encode()
        return Raw(self.channel, ACCOUNT, fields["id"], payload, datetime.now(UTC), lane)

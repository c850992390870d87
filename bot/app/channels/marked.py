"""A channel of the world in a rehearsal: whatever is said on it says first that it is one."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from adapters.card import Outbound, OutboundCard, OutboundHome
from adapters.message import Channel, Inbound, OutboundMessage, Receipt
from adapters.port import Adapter, Ask, Completing, Health, Journal, KeepFile, Limits, Raw, Route

REHEARSAL_MARK: Final = "[rehearsal] "


class MarkedAdapter:
    """Another adapter, with a mark before every text and title that it sends."""

    def __init__(self, adapter: Adapter, mark: str = REHEARSAL_MARK) -> None:
        self._adapter = adapter
        self._mark = mark

    @property
    def channel(self) -> Channel:
        return self._adapter.channel

    @property
    def limits(self) -> Limits:
        return self._adapter.limits

    @property
    def routes(self) -> Sequence[Route]:
        return self._adapter.routes

    async def run(self, journal: Journal, ask: Ask) -> None:
        await self._adapter.run(journal, ask)

    def convert(self, raw: Raw) -> Sequence[Inbound]:
        return self._adapter.convert(raw)

    async def completed(self, raw: Raw, keep: KeepFile, *, is_last: bool) -> Raw:
        if not isinstance(self._adapter, Completing):
            return raw
        return await self._adapter.completed(raw, keep, is_last=is_last)

    async def send(self, message: Outbound) -> Receipt:
        return await self._adapter.send(self._marked(message))

    async def edit(self, external_id: str, message: OutboundMessage | OutboundCard) -> Receipt:
        if isinstance(message, OutboundCard):
            return await self._adapter.edit(external_id, self._marked_card(message))
        return await self._adapter.edit(external_id, self._marked_words(message))

    async def reconcile(self, message: Outbound) -> Receipt | None:
        return await self._adapter.reconcile(self._marked(message))

    def health(self) -> Health:
        return self._adapter.health()

    def _marked(self, message: Outbound) -> Outbound:
        match message:
            case OutboundMessage():
                return self._marked_words(message)
            case OutboundCard():
                return self._marked_card(message)
            case OutboundHome():
                return replace(message, home=replace(message.home, title=f"{self._mark}{message.home.title}"))
        return message

    def _marked_words(self, message: OutboundMessage) -> OutboundMessage:
        return replace(message, text=f"{self._mark}{message.text}")

    def _marked_card(self, message: OutboundCard) -> OutboundCard:
        return replace(message, card=replace(message.card, title=f"{self._mark}{message.card.title}"))

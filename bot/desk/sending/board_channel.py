"""The board as a channel: where one of our people is told things who has no other address, or whose channel is down.

Nothing travels: what was sent stands in the outbox, and the board shows a person their rows of it. So a send succeeds
when the open pages have been woken, and can be neither uncertain nor late.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from adapters.card import Outbound, OutboundCard
from adapters.errors import UnsupportedError
from adapters.message import Channel, Inbound, OutboundMessage, Receipt
from adapters.port import Ask, Health, Journal, Limits, Raw, Route
from bot.desk.changes import Changes


class BoardChannel:
    """Our own pages, as the sender sees them."""

    def __init__(self, changes: Changes, now: Callable[[], datetime]) -> None:
        self._changes = changes
        self._now = now

    @property
    def channel(self) -> Channel:
        return Channel.BOARD

    @property
    def limits(self) -> Limits:
        return Limits(recognises_repeats=True)

    @property
    def routes(self) -> Sequence[Route]:
        return ()

    async def run(self, journal: Journal, ask: Ask) -> None:
        """Nothing comes in this way: the board's own pages act through commands."""
        del journal, ask
        await asyncio.Event().wait()

    def convert(self, raw: Raw) -> Sequence[Inbound]:
        raise UnsupportedError(f"nobody writes on the board ({raw.external_id})")

    async def send(self, message: Outbound) -> Receipt:
        self._changes.tell()
        return Receipt(message.key, self._now())

    async def edit(self, external_id: str, message: OutboundMessage | OutboundCard) -> Receipt:
        self._changes.tell()
        return Receipt(external_id, message.at)

    async def reconcile(self, message: Outbound) -> Receipt | None:
        return await self.send(message)

    def health(self) -> Health:
        return Health(is_up=True, detail="open pages are woken")

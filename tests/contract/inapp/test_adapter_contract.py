"""The in-app channel keeps what every channel owes; its other end is a page in a browser."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest

from adapters.card import Outbound, OutboundCard
from adapters.inapp.convert import raw_from_edit, raw_from_said, raw_from_seen
from adapters.inapp.frames import Edit, Say
from adapters.inapp.ids import Party
from adapters.message import (
    Channel,
    Conversation,
    DeliveryNotice,
    Identity,
    Inbound,
    InboundEdit,
    InboundMessage,
    OutboundMessage,
    Receipt,
    Vouched,
)
from adapters.port import Adapter, Raw
from tests.contract.adapter_contract import AdapterContract, EditingContract
from tests.contract.inapp.desk import NOON, MemoryDesk, Served, Wall, config_for, conversation, token
from tests.contract.inapp.page import Page, Site, fresh_id

LENA = Party(Identity(Channel.INAPP, "user-17"), Vouched("acme", "Lena"))


class PagePeer:
    """Pages of one person, each on a socket of its own; a page that is let go is opened anew, as the widget does."""

    def __init__(self, life: Served, desk: MemoryDesk, site: Site, pages: AsyncExitStack) -> None:
        self._life = life
        self._desk = desk
        self._site = site
        self._pages = pages
        self._texts: dict[str, str] = {}
        self._acknowledged: dict[str, asyncio.Event] = {}
        self._listening: list[asyncio.Task[None]] = []

    @property
    def adapter(self) -> Adapter:
        return self._life.adapter

    @property
    def conversation(self) -> Conversation:
        return conversation()

    async def says(self, text: str) -> str:
        said = fresh_id()
        self._texts[said] = text
        await self.redelivers(said)
        return said

    async def redelivers(self, said: str) -> None:
        page = await self._pages.enter_async_context(self._site.page(token=token()))
        self._acknowledged[said] = asyncio.Event()
        self._listening.append(asyncio.create_task(self._listen(page)))
        await page.say(self._texts[said], said)

    async def _listen(self, page: Page) -> None:
        try:
            while True:
                self._acknowledged[(await page.hear("ack", within=60))["id"]].set()
        except ConnectionError:
            pass  # let go without a word: nothing more comes on this socket

    def is_acknowledged(self, said: str) -> bool:
        return self._acknowledged[said].is_set()

    async def acknowledged(self, said: str) -> None:
        await self._acknowledged[said].wait()

    def samples(self) -> Mapping[type[Inbound], Raw]:
        said, edit = fresh_id(), fresh_id()
        return {
            InboundMessage: raw_from_said(
                Say(type="say", id=said, text="Payroll failed 😟"), LENA, account="web", at=NOON, zone="Europe/Lisbon"
            ),
            InboundEdit: raw_from_edit(
                Edit(type="edit", id=edit, of=said, text="Payroll failed again"), LENA, account="web", at=NOON
            ),
            DeliveryNotice: raw_from_seen("reply-1", LENA, account="web", at=NOON),
        }

    def unreadable(self) -> Sequence[Raw]:
        return [self._raw(payload) for payload in (b"", b"\x00", b"[]", b"{}", b'{"type":"say"}')]

    def unsupported(self) -> Sequence[Raw]:
        return [self._raw(b'{"type":"wave"}')]

    def _raw(self, payload: bytes) -> Raw:
        return Raw(Channel.INAPP, "web", "user-17/1", payload, NOON)

    async def send(self, message: Outbound) -> Receipt:
        if isinstance(message, OutboundMessage):
            self._desk.store(message)
        return await self.adapter.send(message)

    async def edit(self, external_id: str, message: OutboundMessage | OutboundCard) -> Receipt:
        receipt = await self.adapter.edit(external_id, message)
        if isinstance(message, OutboundMessage):
            self._desk.store(message, external_id)
        return receipt

    async def shown(self) -> Sequence[str]:
        """What a page that comes now is shown of ours."""
        async with self._site.page(token=token()) as page:
            await page.hear("welcome")
            texts: list[str] = []
            while len(texts) < len(self._desk.texts(self.conversation)):
                texts += await page.texts(1)
            return texts

    async def close(self) -> None:
        for listening in self._listening:
            listening.cancel()
        await asyncio.gather(*self._listening, return_exceptions=True)


class TestInAppChannel(AdapterContract, EditingContract):
    @pytest.fixture
    async def peer(self, desk: MemoryDesk, now: Wall, site: Site) -> AsyncIterator[PagePeer]:
        life = Served(desk, config_for(site.port, drain_within=timedelta(milliseconds=100)), now)
        await life.start(site.port, is_running=False)
        async with AsyncExitStack() as pages:
            peer = PagePeer(life, desk, site, pages)
            yield peer
            await peer.close()
        await life.stop()

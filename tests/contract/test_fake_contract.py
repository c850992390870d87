"""The channel in memory honours the port in each of its four guises."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.card import Outbound, OutboundCard
from adapters.errors import PermanentError, TemporaryError
from adapters.fake import FakeChannel
from adapters.fake_payload import payload_from_inbound
from adapters.message import (
    Attachment,
    Channel,
    Conversation,
    DeliveryNotice,
    Identity,
    Inbound,
    InboundDeletion,
    InboundEdit,
    InboundGap,
    InboundMessage,
    InboundPlace,
    InboundReaction,
    OutboundMessage,
    Receipt,
    Untrusted,
    Vouched,
)
from adapters.port import Answer, Raw
from tests.contract.adapter_contract import AdapterContract, CardContract, EditingContract, FaultContract
from tests.contract.peer import AT, Fault

LENA = "lena"


class FakePeer:
    """Both ends are in our hands: the fake is its own peer."""

    def __init__(self, channel: Channel) -> None:
        self.adapter = FakeChannel(channel, "desk", now=lambda: AT)
        self.conversation = Conversation(channel, "desk", LENA)
        self._said: dict[str, asyncio.Task[Raw]] = {}

    async def says(self, text: str) -> str:
        name = f"m{len(self._said) + 1}"
        self._said[name] = asyncio.create_task(self.adapter.says(LENA, text, external_id=name))
        return name

    async def redelivers(self, said: str) -> None:
        with suppress(OSError):
            await self._said[said]
        payload = payload_from_inbound(self._message(said))
        await self.adapter.receives(payload, external_id=said, address=LENA)

    def is_acknowledged(self, said: str) -> bool:
        return self.adapter.is_acknowledged(self._raw(self._message(said)))

    async def acknowledged(self, said: str) -> None:
        with suppress(OSError):
            await self._said[said]
        assert self.is_acknowledged(said)

    def samples(self) -> Mapping[type[Inbound], Raw]:
        lena = Identity(self.adapter.channel, LENA)
        file = Attachment(Untrusted("payroll.csv"), "text/csv", 812, digest="ab" * 32)
        seen: Sequence[Inbound] = (
            replace(self._message("m1"), attachments=(file,), reply_to="out-1", vouched=Vouched("acme"), language="de"),
            InboundEdit(self.conversation, "m1", lena, Untrusted("Payroll failed again"), AT),
            InboundDeletion(self.conversation, "m1", lena, AT),
            InboundReaction(self.conversation, "out-1", lena, Untrusted("👍"), AT),
            DeliveryNotice(self.conversation, "out-1", "failed", AT, "mailbox full"),
            InboundPlace(
                self.conversation, "moved", AT, lena, Untrusted("Acme"), replace(self.conversation, address="-1")
            ),
            InboundGap(self.adapter.channel, "desk", 37, AT, AT + timedelta(hours=26)),
        )
        return {type(inbound): self._raw(inbound) for inbound in seen}

    def unreadable(self) -> Sequence[Raw]:
        payloads = (b"", b"\xff\xfe", b"not json", b"[]", b"{}", b'{"kind": "message"}', b"[" * 100_000)
        return [replace(self._raw(self._message("m1")), payload=payload) for payload in payloads]

    def unsupported(self) -> Sequence[Raw]:
        return [replace(self._raw(self._message("m1")), payload=b'{"kind": "sticker"}')]

    async def send(self, message: Outbound) -> Receipt:
        return await self.adapter.send(message)

    async def edit(self, external_id: str, message: OutboundMessage | OutboundCard) -> Receipt:
        return await self.adapter.edit(external_id, message)

    async def shown(self) -> Sequence[str]:
        return [part for shown in self.adapter.shown(LENA) for part in shown.parts]

    async def press(self, label: str, *, key: str) -> Answer:
        return await self.adapter.press(LENA, label, key=key)

    async def fail(self, fault: Fault) -> None:
        match fault:
            case Fault.HASTE:
                self.adapter.fail_next(TemporaryError("too many requests", retry_after=timedelta(seconds=7)))
            case Fault.UNREACHABLE:
                self.adapter.down()
            case Fault.REFUSED:
                self.adapter.fail_next(PermanentError("the contact blocked us"))
            case Fault.CUT:
                self.adapter.drop_after_sending()

    async def mend(self) -> None:
        await self.adapter.up()

    def _message(self, name: str) -> InboundMessage:
        lena = Identity(self.adapter.channel, LENA)
        return InboundMessage(self.conversation, name, lena, Untrusted("Lena"), Untrusted("Payroll failed"), AT)

    def _raw(self, inbound: Inbound) -> Raw:
        payload = payload_from_inbound(inbound)
        name = getattr(inbound, "external_id", type(inbound).__name__)
        return Raw(self.adapter.channel, "desk", name, payload, AT, self.conversation.key)


class TestFakeTelegram(AdapterContract, EditingContract, CardContract, FaultContract):
    @pytest.fixture
    def peer(self) -> FakePeer:
        return FakePeer(Channel.TELEGRAM)


class TestFakeSlack(AdapterContract, EditingContract, CardContract, FaultContract):
    @pytest.fixture
    def peer(self) -> FakePeer:
        return FakePeer(Channel.SLACK)


class TestFakeEmail(AdapterContract, CardContract, FaultContract):
    @pytest.fixture
    def peer(self) -> FakePeer:
        return FakePeer(Channel.EMAIL)


class TestFakeInapp(AdapterContract, EditingContract, CardContract, FaultContract):
    @pytest.fixture
    def peer(self) -> FakePeer:
        return FakePeer(Channel.INAPP)

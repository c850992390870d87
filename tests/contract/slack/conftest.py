"""The Slack adapter on the workspace of a test, and the contact at its other end."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

import pytest

from adapters.card import Outbound, OutboundCard
from adapters.message import (
    Channel,
    Conversation,
    Inbound,
    InboundDeletion,
    InboundEdit,
    InboundMessage,
    InboundReaction,
    OutboundMessage,
    Receipt,
)
from adapters.port import Answer, Raw
from adapters.slack.adapter import SlackAdapter
from tests.contract.peer import PATIENCE, Fault
from tests.contract.slack.desk import ACME, VERA, Desk
from tests.contract.slack.relay import Relay
from tests.peers.slack_adapter import adapter_for, seen
from tests.peers.slack_api import Fault as SlackFault
from tests.peers.slack_emulator import TEAM
from tests.peers.slack_front import Said, SlackFront
from tests.unit.slack.captured import captured, raw_from

LENA = "U0LENA"


class SlackPeer:
    """Lena in her direct messages with the app."""

    def __init__(self, slack: SlackFront, relay: Relay, adapter: SlackAdapter, channel: str) -> None:
        self.adapter = adapter
        self.conversation = Conversation(Channel.SLACK, "desk", f"{TEAM}/{LENA}")
        self._slack = slack
        self._relay = relay
        self._channel = channel
        self._said: dict[str, Said] = {}

    async def says(self, text: str) -> str:
        said = await self._slack.says(LENA, self._channel, text)
        self._said[said.ts] = said
        return said.ts

    async def redelivers(self, said: str) -> None:
        await self._slack.line.redelivers(self._said[said].told)

    def is_acknowledged(self, said: str) -> bool:
        return self._said[said].told.is_acknowledged

    async def acknowledged(self, said: str) -> None:
        await self._said[said].told.settled()

    def samples(self) -> Mapping[type[Inbound], Raw]:
        return {
            InboundMessage: raw_from(
                {**captured("message_files"), "kept": {"F1": {"digest": "ab" * 32, "size": 812}, "F2": {}}}
            ),
            InboundEdit: raw_from(captured("message_changed")),
            InboundDeletion: raw_from(captured("message_deleted")),
            InboundReaction: raw_from(captured("reaction")),
        }

    def unreadable(self) -> Sequence[Raw]:
        whole = raw_from(captured("message"))
        payloads = (b"", b"\xff\xfe", b"not json", b"[]", b"{}", b'{"event": {"type": "message"}}', b"[" * 100_000)
        return [replace(whole, payload=payload) for payload in payloads]

    def unsupported(self) -> Sequence[Raw]:
        names = ("bot_message", "own_post", "channel_join", "app_mention")
        return [raw_from(captured(name)) for name in names]

    async def send(self, message: Outbound) -> Receipt:
        return await self.adapter.send(message)

    async def edit(self, external_id: str, message: OutboundMessage | OutboundCard) -> Receipt:
        return await self.adapter.edit(external_id, message)

    async def shown(self) -> Sequence[str]:
        return [seen(message) for message in await self._slack.shown(self._channel) if "bot_id" in message]

    async def press(self, label: str, *, key: str) -> Answer:
        whispered = len(self._slack.api.ephemerals)
        delivery = await self._slack.press(LENA, self._channel, label, trigger=key)
        await delivery.settled()
        async with asyncio.timeout(PATIENCE):
            while len(self._slack.api.ephemerals) == whispered:  # noqa: ASYNC110 - Slack tells nobody when it comes
                await asyncio.sleep(0.005)
        return Answer(str(self._slack.api.ephemerals[-1]["text"]))

    async def fail(self, fault: Fault) -> None:
        match fault:
            case Fault.HASTE:
                self._slack.api.fail("chat.postMessage", SlackFault(retry_after=7))
            case Fault.UNREACHABLE:
                await self._relay.close()
                with suppress(OSError):  # once this is refused, every older connection is known to be gone
                    await asyncio.open_connection("127.0.0.1", self._relay.port)
            case Fault.REFUSED:
                self._slack.api.fail("chat.postMessage", SlackFault(error="is_archived"))
            case Fault.CUT:
                self._slack.api.fail("chat.postMessage", SlackFault(cut="after"))

    async def mend(self) -> None:
        self._slack.api.mend()
        if not self._relay.is_open:
            await self._relay.open()


@pytest.fixture
async def peer(slack: SlackFront) -> AsyncIterator[SlackPeer]:
    """Not running yet, as the suite wants it."""
    await slack.person(LENA, "Lena Ortiz")
    relay = Relay(slack.address)
    await relay.open()
    adapter = adapter_for(slack, api_url=f"{relay.address}/api")
    try:
        yield SlackPeer(slack, relay, adapter, await slack.dm(LENA))
    finally:
        await adapter.close()
        if relay.is_open:
            await relay.close()


@pytest.fixture
async def desk(slack: SlackFront) -> AsyncIterator[Desk]:
    """Sending to a channel with a client in it, and to one of our people."""
    vera, lena = await slack.person(VERA, "Vera Kova"), await slack.person(LENA, "Lena Ortiz")
    await slack.channel(ACME, members=[vera, lena])
    desk = Desk(slack)
    yield desk
    await desk.adapter.close()

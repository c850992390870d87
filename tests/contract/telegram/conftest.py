"""The Telegram adapter on the Telegram of a test, and the contact at its other end."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from adapters.card import Outbound, OutboundCard
from adapters.message import (
    Channel,
    Conversation,
    Inbound,
    InboundEdit,
    InboundMessage,
    InboundPlace,
    InboundReaction,
    OutboundMessage,
    Receipt,
)
from adapters.port import Answer, Raw
from adapters.telegram import ids
from adapters.telegram.adapter import TelegramAdapter
from tests.contract.peer import Fault
from tests.contract.slack.relay import Relay
from tests.contract.telegram.desk import Desk
from tests.peers.telegram_adapter import adapter_for, wall
from tests.peers.telegram_people import Said
from tests.peers.telegram_server import Fault as TelegramFault
from tests.peers.telegram_server import TelegramServer

_JOINER = "\N{WORD JOINER}"


class TelegramPeer:
    """Lena in her private chat with the bot."""

    def __init__(self, telegram: TelegramServer, relay: Relay) -> None:
        self._ahead = timedelta(0)
        self.adapter: TelegramAdapter = adapter_for(telegram, api_url=relay.address, at=self._now)
        self._telegram = telegram
        self._relay = relay
        self._lena = telegram.person("Lena")
        telegram.world.private(self._lena.id)
        telegram.world.started.add(self._lena.id)  # at some time before
        self._said: dict[str, Said] = {}
        self.conversation = Conversation(Channel.TELEGRAM, "desk", str(self._lena.id))

    async def says(self, text: str) -> str:
        said = self._lena.says(text)
        self._said[said.external_id] = said
        return said.external_id

    async def redelivers(self, said: str) -> None:
        number = self._said[said].update_id
        assert number is not None
        self._telegram.repeats(number)

    def is_acknowledged(self, said: str) -> bool:
        return self._said[said].update_id not in self._telegram.pending

    async def acknowledged(self, said: str) -> None:
        await self._telegram.until(lambda: self.is_acknowledged(said))

    def samples(self) -> Mapping[type[Inbound], Raw]:
        said = self._lena.says("Payroll failed")
        self._lena.edits(said, "Payroll failed again")
        self._lena.blocks()
        message, edit, place = self._raws()[-3:]
        reacted = {
            "chat": {"id": self._lena.id, "type": "private", "first_name": "Lena"},
            "message_id": said.message_id,
            "user": self._lena.user,
            "date": 1_774_603_800,
            "old_reaction": [],
            "new_reaction": [{"type": "emoji", "emoji": "👍"}],
        }
        payload = json.dumps({"update_id": 9, "message_reaction": reacted}).encode()
        reaction = replace(message, payload=payload)
        return {InboundMessage: message, InboundEdit: edit, InboundReaction: reaction, InboundPlace: place}

    def unreadable(self) -> Sequence[Raw]:
        self._lena.says("Payroll failed")
        whole = self._raws()[-1]
        payloads = (b"", b"\xff\xfe", b"not json", b"[]", b'{"update_id": 1, "message": 5}', b"[" * 100_000)
        return [replace(whole, payload=payload) for payload in payloads]

    def unsupported(self) -> Sequence[Raw]:
        self._lena.says("Payroll failed")
        whole = self._raws()[-1]
        message = json.loads(whole.payload)["message"]
        bot = {**message, "from": {**message["from"], "is_bot": True}}
        post = {**message, "chat": {"id": -1001, "type": "channel", "title": "News"}}
        updates = ({"message": bot}, {"channel_post": post}, {"poll": {"id": "1"}})
        return [replace(whole, payload=json.dumps({"update_id": 7, **one}).encode()) for one in updates]

    async def send(self, message: Outbound) -> Receipt:
        return await self.adapter.send(message)

    async def edit(self, external_id: str, message: OutboundMessage | OutboundCard) -> Receipt:
        return await self.adapter.edit(external_id, message)

    async def shown(self) -> Sequence[str]:
        return [
            "\n".join([one.text.replace(_JOINER, ""), *(f"[{label}]" for label in one.labels)])
            for one in self._telegram.shown(self._lena)
            if one.is_of_bot
        ]

    async def press(self, label: str, *, key: str) -> Answer:
        card = next(one for one in reversed(self._telegram.shown(self._lena)) if label in one.labels)
        if (before := self._said.get(key)) is not None and before.update_id is not None:
            answered = len(self._telegram.asked("answerCallbackQuery"))
            await self.acknowledged(key)
            self._telegram.repeats(before.update_id)
            await self._telegram.asked_for("answerCallbackQuery", answered + 1)
            return Answer("")
        pressed = self._lena.presses(card.external_id, label)
        self._said[key] = Said(card.chat, card.message_id, pressed.update_id)
        answer = await pressed.answered()
        return Answer(str(answer.get("text") or ""))

    async def fail(self, fault: Fault) -> None:
        match fault:
            case Fault.HASTE:
                self._telegram.fail("sendMessage", TelegramFault(retry_after=7))
            case Fault.UNREACHABLE:
                await self._relay.close()
                with suppress(OSError):  # once this is refused, every older connection is known to be gone
                    await asyncio.open_connection("127.0.0.1", self._relay.port)
            case Fault.REFUSED:
                blocked = TelegramFault(status=403, description="Forbidden: bot was blocked by the user")
                self._telegram.fail("sendMessage", blocked)
            case Fault.CUT:
                self._telegram.fail("sendMessage", TelegramFault(cut="after"))

    async def mend(self) -> None:
        self._telegram.mend()
        self._ahead += timedelta(seconds=8)  # what Telegram asked for has gone by
        if not self._relay.is_open:
            await self._relay.open()

    def _now(self) -> datetime:
        return wall() + self._ahead

    def _raws(self) -> Sequence[Raw]:
        return [
            Raw(
                Channel.TELEGRAM,
                "desk",
                ids.update_key(str(self._telegram.bot_id), update["update_id"]),
                json.dumps(update).encode(),
                wall(),
            )
            for update in self._telegram.line.emitted
        ]


@pytest.fixture
async def peer(telegram: TelegramServer) -> AsyncIterator[TelegramPeer]:
    """Not running yet, as the suite wants it."""
    relay = Relay(telegram.url)
    await relay.open()
    made = TelegramPeer(telegram, relay)
    try:
        yield made
    finally:
        await made.adapter.close()
        if relay.is_open:
            await relay.close()


@pytest.fixture
async def desk(telegram: TelegramServer) -> AsyncIterator[Desk]:
    """Sending to a client, to one of our people, and to a group that both are in."""
    desk = Desk(telegram)
    yield desk
    await desk.adapter.close()

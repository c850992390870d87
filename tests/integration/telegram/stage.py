"""The Telegram channel of a story, for real: the adapter and its polling, and a strict Bot API behind them.

A story names people and places by their ids, so the same words hold on both. What is shown is kept in the same book as
the channel in memory keeps it, and compared with what Telegram took. Messages that people write have Telegram's own
names, but for those that the story names. A story's file has no bytes: here it has some, as if fetched already.
"""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

from adapters.card import Outbound, OutboundCard
from adapters.errors import DeliveryError
from adapters.fake_screen import buttons_of, card_words
from adapters.message import (
    Attachment,
    Button,
    Channel,
    Conversation,
    Identity,
    Inbound,
    OutboundMark,
    OutboundMessage,
    PlaceChange,
    Receipt,
    Vouched,
)
from adapters.port import Answer, Ask, Cursor, Journal, Press, Raw
from adapters.telegram.files import files_of
from adapters.telegram.memory import KnownTopic, Memory
from adapters.telegram.updates import raw_from_gap
from bot.store.channels import topics
from bot.store.channels.topics import Known
from sla.duration import instant
from tests.integration.telegram.stage_places import ANYBODY, Scenery
from tests.peers.telegram_adapter import KeptFiles, KeptInMemory, adapter_for
from tests.peers.telegram_people import Said
from tests.peers.telegram_server import TelegramServer
from tests.peers.telegram_world import BOT_ID, Place
from tests.story_parts import Stage, StoryDatabase

PATIENCE_S = 60
#: What the adapter puts between signs of a client's words, so that Telegram makes no command or link of them.
JOINER = "\N{WORD JOINER}"


class TelegramStage(Stage):
    """Telegram, as a story sees the channel in memory."""

    def __init__(self, telegram: TelegramServer, database: StoryDatabase, *, now: Callable[[], datetime]) -> None:
        telegram.now = lambda: now().timestamp()
        telegram.me["username"] = "maitred_bot"
        self._kept, self._files = _KeptByTheDesk(database, now), KeptFiles()
        self._adapter = adapter_for(telegram, self._files, self._kept, at=now)
        super().__init__(Channel.TELEGRAM, now=now, limits=self._adapter.limits)
        self._telegram = telegram
        self._there = Scenery(telegram)
        self._said: dict[str, Said] = {}
        #: What became of the files that people sent, by Telegram's name of each.
        self._fetched: dict[str, Mapping[str, object]] = {}
        self._answers: list[Answer] = []
        self._planned: list[DeliveryError] = []
        self._book = asyncio.Lock()
        self._name: str | None = None
        self._run: asyncio.Task[None] | None = None

    async def close(self) -> None:
        if self._run is not None:
            self._run.cancel()
            with suppress(asyncio.CancelledError):
                await self._run
        await self._adapter.close()

    # ---- the channel, as the desk sees it

    def convert(self, raw: Raw) -> Sequence[Inbound]:
        update = json.loads(raw.payload)
        message = update.get("message") or update.get("edited_message") or {}
        fetched = {one.id: self._fetched[one.id] for one in files_of(message)}
        whole = replace(raw, payload=json.dumps(update | {"kept": fetched}).encode()) if fetched else raw
        return [self._inward(one) for one in self._adapter.convert(whole)]

    async def send(self, message: Outbound) -> Receipt:
        shown = message.replaces if isinstance(message, OutboundCard | OutboundMessage) else None
        if shown is not None:
            return await self.edit(shown, message)
        self._fail_as_planned()
        receipt = await self._adapter.send(self._outward(message))
        self._compare(message, receipt.external_id)
        async with self._book:
            self._name = receipt.external_id
            return await super().send(message)

    async def edit(self, external_id: str, message: Outbound) -> Receipt:
        self._fail_as_planned()
        outward = self._outward(message)
        assert isinstance(outward, OutboundCard | OutboundMessage)
        await self._adapter.edit(external_id, outward)
        self._compare(message, external_id)
        return await super().edit(external_id, message)

    async def reconcile(self, message: Outbound) -> Receipt | None:
        return await self._adapter.reconcile(self._outward(message))

    def fail_next(self, error: DeliveryError, times: int = 1) -> None:
        self._planned += [error] * times

    def _fail_as_planned(self) -> None:
        if self._planned:
            raise self._planned.pop(0)

    # ---- the people at the other end

    async def says(
        self,
        address: str,
        text: str,
        *,
        sender: str | None = None,
        name: str | None = None,
        at: datetime | None = None,
        attachments: tuple[Attachment, ...] = (),
        external_id: str | None = None,
        reply_to: str | None = None,
        vouched: Vouched | None = None,
        language: str | None = None,
        zone: str | None = None,
        album: str | None = None,
        doubt: str = "",
        quoted: str = "",
        **mail: Any,  # noqa: ANN401 - whatever only mail can say
    ) -> Raw:
        assert (vouched, zone, mail) == (None, None, {}), "Telegram tells nothing of that"
        if external_id in self._said:
            return await self._says_again(external_id)
        who = sender or address
        # Whom nobody can know writes in the group's own name, as an administrator may.
        is_hidden = bool(doubt) and who == address.partition("#")[0]
        who = ANYBODY if is_hidden else who
        person, group = self._there.person(who, "" if is_hidden else name or ""), self._there.group(address, who)
        place = group.place if group is not None else self._telegram.world.private(person.id)
        if language is not None:
            self._telegram.world.people[person.id]["language_code"] = language
        topic = self._there.topic(address, reply_to)
        own_now = self._telegram.now
        if at is not None:
            self._telegram.now = at.timestamp
        if is_hidden and group is not None:
            group.promotes(person)
        with self._there.next_number(place, external_id):
            if attachments:
                (file,) = attachments
                said = person.sends_document(
                    self._content(file),
                    group,
                    name=file.name,
                    kind=file.type,
                    caption=text,
                    reply_to=reply_to,
                    topic=topic,
                    album=(album or "").rpartition(":")[2],
                    as_group=is_hidden,
                )
                kept = {"digest": file.digest, "size": file.size} if file.digest else {"note": file.note}
                self._fetched[_file_of(place.messages[said.message_id])] = kept
            else:
                said = person.says(text, group, reply_to=reply_to, topic=topic, quote=quoted, as_group=is_hidden)
        self._telegram.now = own_now
        if external_id is not None:
            self._said[external_id] = said
        await self._heard()
        return self._raw_of(said)

    async def edits(
        self,
        address: str,
        external_id: str,
        text: str,
        *,
        sender: str | None = None,
        at: datetime | None = None,
        attachments: tuple[Attachment, ...] = (),
    ) -> Raw:
        assert at is None, "an edit happens when it happens"
        who = self._there.person(sender or address)
        if attachments:
            (file,) = attachments
            said: Said = who.edits(external_id, text, document=self._content(file), name=file.name)
            chat, _, number = said.external_id.partition(":")
            message = self._telegram.world.places[int(chat)].messages[int(number)]
            self._fetched[_file_of(message)] = {"digest": file.digest, "size": file.size}
        else:
            said = who.edits(external_id, text)
        await self._heard()
        return self._raw_of(said)

    async def reacts(
        self, address: str, external_id: str, sign: str, *, sender: str | None = None, at: datetime | None = None
    ) -> Raw:
        assert at is None, "a reaction happens when it happens"
        update = self._there.person(sender or address).reacts(external_id, sign)
        await self._heard()
        return Raw(Channel.TELEGRAM, "desk", f"{BOT_ID}:{update}", b"", self._now())

    async def becomes(
        self,
        address: str,
        change: PlaceChange,
        *,
        by: str | None = None,
        title: str = "",
        to: str | None = None,
        at: datetime | None = None,
    ) -> Raw:
        assert at is None, "what becomes of a place happens when it happens"
        self._there.becomes(address, change, by=by, title=title, to=to)
        await self._heard()
        return Raw(Channel.TELEGRAM, "desk", f"{BOT_ID}:{change}", b"", self._now())

    async def drops(self, at_most: int, since: datetime, until: datetime) -> Raw:
        """As the poll finds it out, which test_poll.py shows."""
        raw = raw_from_gap(1, at_most, since=since, until=until, bot=str(BOT_ID), account="desk")
        await self.redelivers(raw)
        return raw

    async def _says_again(self, external_id: str) -> Raw:
        said = self._said[external_id]
        assert said.update_id is not None
        self._telegram.repeats(said.update_id)
        await self._heard()
        return self._raw_of(said)

    def _raw_of(self, said: Said) -> Raw:
        """What a story may offer again as it came, under the name of the message."""
        update = next(one for one in self._telegram.line.emitted if one["update_id"] == said.update_id)
        return Raw(Channel.TELEGRAM, "desk", said.external_id, json.dumps(update).encode(), self._now())

    def _content(self, file: Attachment) -> bytes:
        return self._files.content.setdefault(file.digest or file.name, bytes(file.size))

    async def press(
        self,
        address: str,
        name: str,
        value: str | None = None,
        *,
        fields: Mapping[str, str] | None = None,
        by: str | None = None,
        key: str | None = None,
    ) -> Answer:
        for shown in reversed(self._screen.at(address)):
            for button in buttons_of(shown.message):
                if name in (button.action, button.label) and value in (None, button.value):
                    return await self.command(
                        address, button.action, button.value, fields=fields, by=by, key=key, under=shown.external_id
                    )
        raise LookupError(f"no button {name!r} at {address}")

    async def command(
        self,
        address: str,
        action: str,
        value: str = "",
        *,
        fields: Mapping[str, str] | None = None,
        by: str | None = None,
        key: str | None = None,
        under: str | None = None,
    ) -> Answer:
        assert not fields, "Telegram has no forms"
        del key  # every press has a name of Telegram's own
        where = self._real(Conversation(Channel.TELEGRAM, "desk", address))
        (opaque,) = await self._kept.memory.buttons.keep(where, [Button(action, "", value)])
        place = self._telegram.world.places[int(where.place)]
        below = under or f"{place.id}:{self._newest_of_ours(place)}"
        pressed = self._there.person(by or address).presses(below, data=opaque)
        await self._heard()
        await self._telegram.until(lambda: bool(self._answers) or pressed.is_answered, within_s=PATIENCE_S)
        if not self._answers:  # refused at the door: the desk was never asked
            return Answer(str((await pressed.answered()).get("text", "")), is_refused=True)
        return self._answers.pop()

    def connect(self, journal: Journal, ask: Ask) -> None:
        super().connect(journal, ask)
        if self._run is None:
            self._run = asyncio.create_task(self._adapter.run(self._keep, self._asked))

    # ---- between the story and Telegram

    async def _keep(self, raws: Sequence[Raw], cursor: Cursor | None) -> None:
        assert self._journal is not None
        # Nobody else reads in a story, so no turn of anybody's is in its store.
        await self._journal(raws, replace(cursor, fence=None) if cursor is not None else None)

    async def _asked(self, press: Press) -> Answer:
        assert self._ask is not None
        where = press.conversation
        answer = await self._ask(
            replace(
                press,
                by=Identity(press.by.channel, self._there.told(press.by.address)),
                conversation=replace(where, address=self._there.told(where.address)) if where is not None else None,
            )
        )
        self._answers.append(answer)
        return answer

    def _newest_of_ours(self, place: Place) -> int:
        """What anything can be pressed below, as an old screen may show it."""
        found = [number for number, one in place.messages.items() if one["from"]["id"] == BOT_ID]
        return max(found) if found else int(self._telegram.world.write(place, BOT_ID, {"text": "…"})["message_id"])

    async def _heard(self) -> None:
        """Until the bot has confirmed every update."""
        await self._telegram.until(lambda: not self._telegram.pending, within_s=PATIENCE_S)

    def _next_id(self, kind: str) -> str:
        name, self._name = self._name, None
        return name if name is not None and kind == "out" else super()._next_id(kind)

    def _real(self, where: Conversation) -> Conversation:
        return replace(where, address=self._there.real(where))

    def _outward(self, message: Outbound) -> Outbound:
        if isinstance(message, OutboundCard | OutboundMessage) and message.topic is not None:
            self._there.forum(message.conversation.address)
        where = self._real(message.conversation)
        if isinstance(message, OutboundMessage) and message.only_to is not None:
            only_to = str(self._there.person(message.only_to).id)
            return replace(message, conversation=where, only_to=only_to)
        return replace(message, conversation=where)

    def _inward(self, one: Inbound) -> Inbound:
        changes: dict[str, Any] = {}
        if isinstance(where := getattr(one, "conversation", None), Conversation):
            changes["conversation"] = replace(where, address=self._there.told(where.address))
        if isinstance(sender := getattr(one, "sender", None), Identity):
            changes["sender"] = replace(sender, address=self._there.told(sender.address))
        return replace(one, **changes)

    # ---- what Telegram took

    def _compare(self, message: Outbound, external_id: str) -> None:
        """Every word of it stands there, and every button."""
        if isinstance(message, OutboundMark) or not isinstance(message, OutboundCard | OutboundMessage):
            return
        chat, number = map(int, external_id.rsplit(":", 1))
        shown = next(one for one in self._telegram.shown(chat) if one.message_id == number)
        text = shown.text.replace(JOINER, "").casefold()
        words = [message.text] if isinstance(message, OutboundMessage) else _words_of(message)
        for line in "\n".join(words).splitlines():
            for word in line.removeprefix("> ").split():
                assert word.rstrip(":").casefold() in text, f"{word} of {line!r} is missing in {text!r}"
        assert sorted(shown.labels) == sorted(button.label for button in buttons_of(message))


class _KeptByTheDesk(KeptInMemory):
    """The topics are the desk's own, which it reads as well."""

    def __init__(self, database: StoryDatabase, now: Callable[[], datetime]) -> None:
        super().__init__(clock=lambda: now().timestamp())
        self._database, self._now = database, now

    @property
    def memory(self) -> Memory:
        return replace(super().memory, topics=self)

    async def find(self, place: str, key: str) -> KnownTopic | None:
        found = await self._database.read(lambda conn: topics.find(conn, place, key))
        return None if found is None else KnownTopic(found.thread, found.name)

    async def keep(self, place: str, key: str, topic: KnownTopic) -> None:
        known, at = Known(topic.thread, topic.name), instant(self._now())
        await self._database.write(lambda conn: topics.keep(conn, place, key, known, at=at))


def _file_of(message: Mapping[str, Any]) -> str:
    """Telegram's name of the file in a message."""
    (file,) = files_of(message)
    return file.id


def _words_of(card: OutboundCard) -> list[str]:
    """What a card says beside its buttons, which are buttons there."""
    return card_words(replace(card.card, buttons=())).splitlines()

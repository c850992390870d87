"""The Slack channel of a story, for real: the adapter, its sockets and its Web API, and Slack's emulator behind them.

A story names people and places shortly (`T1/U1`, `T1/C1#1.0`). Here they get names the emulator bears, and on the way
back the story's own, so that it is told with the same words on both. What is shown is kept in the same book as the
channel in memory keeps it, and compared with what Slack took.
"""

import asyncio
import json
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from adapters.card import Outbound, OutboundCard, OutboundHome
from adapters.errors import DeliveryError
from adapters.fake_screen import card_words
from adapters.message import (
    Attachment,
    Channel,
    Conversation,
    Identity,
    Inbound,
    InboundLine,
    InboundMessage,
    InboundPlace,
    OutboundMark,
    OutboundMessage,
    PlaceChange,
    Receipt,
    Vouched,
)
from adapters.port import Answer, Ask, Cursor, Journal, Press, Raw
from adapters.slack.adapter import SlackAdapter
from adapters.slack.config import Config
from adapters.slack.pacing import Budgets
from tests.integration.slack.conftest import PATIENCE_S
from tests.peers.slack_adapter import HASTE, QUICK, KeptFiles, NoPast, press_again, seen
from tests.peers.slack_api import Call
from tests.peers.slack_emulator import BOT_USER, TEAM
from tests.peers.slack_front import Said, SlackFront
from tests.peers.slack_line import PRESSES
from tests.peers.slack_payloads import Payload, press_payload
from tests.story_parts import Stage

#: Where the people of the stories live.
ZONE = timezone(timedelta(hours=3))
_SHORT = re.compile(r"(?P<kind>[TUC])(?P<rest>[A-Z0-9]+)")


def wall() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - Slack's emulator reads it too


class SlackStage(Stage):
    """Slack, as a story sees the channel in memory."""

    def __init__(self, slack: SlackFront, *, now: Callable[[], datetime]) -> None:
        config = Config(slack.bot_token, slack.app_token, api_url=slack.api_url)
        self._adapter = SlackAdapter(
            config,
            KeptFiles(),
            NoPast(),
            now,
            title="Maitred",
            too_late=press_again,
            wall=wall,
            timings=QUICK,
            budgets=Budgets(HASTE),
        )
        super().__init__(Channel.SLACK, now=now, limits=self._adapter.limits)
        self._slack = slack
        self._people: set[str] = set()
        self._places: dict[str, set[str]] = {}
        self._said: dict[str, Said] = {}
        #: The story's own name of a moment in Slack -> Slack's, and back.
        self._real: dict[str, str] = {}
        self._told: dict[str, str] = {}
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
        return [self._inward(one) for one in self._adapter.convert(raw)]

    async def send(self, message: Outbound) -> Receipt:
        shown = message.replaces if isinstance(message, OutboundCard | OutboundMessage) else None
        if shown is not None:
            return await self.edit(shown, message)
        self._fail_as_planned()
        receipt = await self._adapter.send(await self._outward(message))
        self._compare(message, receipt.external_id)
        async with self._book:
            self._name = receipt.external_id
            return await super().send(message)

    async def edit(self, external_id: str, message: Outbound) -> Receipt:
        self._fail_as_planned()
        outward = await self._outward(message)
        assert isinstance(outward, OutboundCard | OutboundMessage)
        await self._adapter.edit(external_id, outward)
        self._compare(message, external_id)
        return await super().edit(external_id, message)

    async def reconcile(self, message: Outbound) -> Receipt | None:
        return await self._adapter.reconcile(await self._outward(message))

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
        **mail: Any,  # noqa: ANN401 - whatever only mail can say
    ) -> Raw:
        unheard = (attachments, vouched, language, zone, album, mail)
        assert unheard == ((), None, None, None, None, {}), "nobody can say this in Slack"
        place, _, root = address.partition("#")
        user = await self._person(sender or address, name or "")
        channel = await self._channel(place, user)
        thread = self._moment(reply_to or "") or self._real.get(root)
        said = await self._slack.says(user, channel, text, thread=thread, at=at or self._now())
        own = external_id.rpartition(":")[2] if external_id is not None else root
        if own and own not in self._real and ":" not in own:
            self._real[own], self._told[said.ts] = said.ts, own
        self._said[external_id or said.external_id] = said
        await self._listening()
        await self._slack.line.redelivers(said.told)
        await said.told.settled()
        payload = json.dumps(said.told.payload).encode()
        return Raw(Channel.SLACK, "desk", external_id or said.external_id, payload, self._now())

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
        assert not attachments, "a change in Slack takes files away, and puts none in"
        changed = await self._slack.edits(self._said[external_id], text)
        assert changed is not None
        await changed.settled()
        return Raw(Channel.SLACK, "desk", external_id, b"", self._now())

    async def deletes(
        self, address: str, external_id: str, *, sender: str | None = None, at: datetime | None = None
    ) -> Raw:
        await (await self._slack.deletes(self._said[external_id])).settled()
        return Raw(Channel.SLACK, "desk", external_id, b"", self._now())

    async def becomes(self, address: str, change: PlaceChange, **unheard: Any) -> Raw:  # noqa: ANN401 - for groups
        assert not unheard, "nobody can say this in Slack"
        channel = await self._channel(address, "")
        await self._listening()
        kind = {"left": "channel_left", "joined": "member_joined_channel"}[change]
        told = await (await self._slack.tells({"type": kind, "channel": channel, "user": BOT_USER})).settled()
        return Raw(Channel.SLACK, "desk", address, json.dumps(told.payload).encode(), self._now())

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
        del under  # Slack's own press says which message it stands below
        place = address.partition("#")[0]
        user = await self._person(by or address)
        channel = await self._channel(place, user)
        await self._listening()
        if action == "desk":
            delivery = await self._slack.command(user, channel, value)
        elif action == "home.open":
            delivery = await self._slack.opens_home(user)
        elif action == "message.ticket":
            nobodys = Said(channel, "9.0", {"ts": "9.0", "text": "words", "user": user}, None)
            delivery = await self._slack.shortcut(user, self._said.get(value, nobodys))
        elif fields:
            view = self._slack.view_of(user)
            delivery = await self._slack.submits(user, view, self._written(view, fields))
        else:
            message, element = await self._button(channel, action, value)
            who = self._slack._who(user, key or "")  # noqa: SLF001 - whoever presses has a trigger of their own
            pressed = press_payload(
                **who, channel=channel, message=message, element=element, block_id="b", response_url=""
            )
            delivery = await self._slack.line.deliver(PRESSES, pressed)
        opened = len(self._slack.api.opened_views)
        await delivery.settled()
        async with asyncio.timeout(PATIENCE_S):
            while not self._answers:  # noqa: ASYNC110 - an opened home is told after it was acknowledged
                await asyncio.sleep(0.005)
            answer = self._answers.pop()
            while answer.form and len(self._slack.api.opened_views) == opened:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        if answer.form is not None:
            self._forms[address, by or address] = answer.form
        return answer

    def connect(self, journal: Journal, ask: Ask) -> None:
        super().connect(journal, ask)
        if self._run is None:
            self._run = asyncio.create_task(self._adapter.run(self._keep, self._asked))

    # ---- between the story's names and Slack's

    async def _keep(self, raws: Sequence[Raw], cursor: Cursor | None) -> None:
        assert self._journal is not None
        await self._journal(raws, cursor)

    async def _asked(self, press: Press) -> Answer:
        assert self._ask is not None
        where = press.conversation
        answer = await self._ask(
            replace(
                press,
                by=Identity(press.by.channel, self._short(press.by.address)),
                conversation=self._short_conversation(where) if where is not None else None,
                value=self._short_id(press.value) if press.action == "message.ticket" else press.value,
            )
        )
        self._answers.append(answer)
        return answer

    async def channel_of(self, place: str) -> str:
        """Slack's own name of a place or of somebody's direct messages."""
        return await self._channel(place, "")

    async def _listening(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not self._adapter.health().is_up:  # noqa: ASYNC110 - a channel tells nobody that it is up
                await asyncio.sleep(0.005)

    def _next_id(self, kind: str) -> str:
        name, self._name = self._name, None
        return name if name is not None and kind == "out" else super()._next_id(kind)

    async def _person(self, address: str, name: str = "") -> str:
        team, _, user = _long(address).partition("/")
        if user not in self._people:
            self._people.add(user)
            await self._slack.person(user, name or user, team=team)
        return user

    async def _channel(self, place: str, user: str) -> str:
        target = _long(place).partition("/")[2]
        if target.startswith("U"):
            return await self._slack.dm(await self._person(place))
        if target not in self._places:
            self._places[target] = set()
            await self._slack.channel(target)
        if user and user not in self._places[target]:
            self._places[target].add(user)
            await self._slack._as_admin("conversations.invite", channel=target, users=user)  # noqa: SLF001
        return target

    async def _outward(self, message: Outbound) -> Outbound:
        place, _, root = message.conversation.address.partition("#")
        await self._channel(place, "")
        thread = f"#{self._real.get(root) or self._moment(root) or root}" if root else ""
        where = Conversation(Channel.SLACK, message.conversation.account, _long(place) + thread)
        match message:
            case OutboundMark():
                real = self._said[message.external_id].external_id
                return replace(message, conversation=where, external_id=real)
            case OutboundHome():
                return replace(message, conversation=where)
            case OutboundCard():
                card = replace(message.card, mentions=tuple(map(_long, message.card.mentions)))
                return replace(message, conversation=where, card=card)
        only_to = _long(message.only_to) if message.only_to is not None else None
        return replace(message, conversation=where, only_to=only_to, reply_to=self._real_id(message.reply_to))

    def _inward(self, one: Inbound) -> Inbound:
        if isinstance(one, InboundPlace):
            return replace(one, conversation=self._short_conversation(one.conversation))
        if not isinstance(one, InboundLine):
            return one
        where = self._short_conversation(one.conversation)
        external_id = self._short_id(one.external_id)
        changes: dict[str, Any] = {"conversation": where, "external_id": external_id}
        if hasattr(one, "sender"):
            changes["sender"] = Identity(one.sender.channel, self._short(one.sender.address))
        if isinstance(one, InboundMessage) and one.reply_to is not None:
            changes["reply_to"] = self._short_id(one.reply_to)
        return replace(one, **changes)

    def _short(self, address: str) -> str:
        place, has_root, root = address.partition("#")
        names = [re.sub(r"^([TUC])000(.*)Z$", r"\1\2", name) for name in place.replace(TEAM, "T1").split("/")]
        return "/".join(names) + has_root + self._told.get(root, root)

    def _short_conversation(self, where: Conversation) -> Conversation:
        return replace(where, address=self._short(where.address))

    def _short_id(self, external_id: str) -> str:
        """The story's name of a message it named itself; every other has Slack's."""
        ts = external_id.rpartition(":")[2]
        own = self._told.get(ts)
        return external_id if own is None else next((name for name in self._said if name.endswith(f":{own}")), own)

    def _real_id(self, external_id: str | None) -> str | None:
        said = self._said.get(external_id or "")
        return said.external_id if said is not None else external_id

    def _moment(self, external_id: str) -> str | None:
        """The moment in a message's name, as Slack has it; None where there is none."""
        real = self._real_id(external_id) or ""
        return real.rpartition(":")[2] if ":" in real else None

    # ---- what Slack took

    def _compare(self, message: Outbound, external_id: str) -> None:
        """Every word of it is in what Slack was given and took."""
        if isinstance(message, OutboundMark | OutboundHome) or getattr(message, "only_to", None):
            return
        calls = reversed(self._slack.api.calls)
        drawn = next(seen({**call.arguments}) for call in calls if _took(call, message.key, external_id))
        words = [message.text] if isinstance(message, OutboundMessage) else card_words(message.card).splitlines()
        for line in "\n".join(words).splitlines():
            for word in line.removeprefix("> ").replace("[", " ").replace("]", " ").split():
                assert word.strip(":").casefold() in drawn.casefold(), f"{word} of {line!r} is missing in {drawn!r}"

    async def _button(self, channel: str, action: str, value: str) -> tuple[Payload, Payload]:
        """The newest message with that button; an old screen may show one that is gone by now."""
        shown = [one for one in reversed(await self._slack.shown(channel)) if "bot_id" in one]
        for message in shown:
            for block in message.get("blocks", []):
                for element in block.get("elements", []):
                    name = str(element.get("action_id", "")).partition("#")[0]
                    if (name, element.get("value")) == (action, value):
                        return message, element
        message = shown[0] if shown else {"ts": "1700000000.000001"}
        return message, {"type": "button", "action_id": action, "value": value}

    def _written(self, view: Payload, fields: Mapping[str, str]) -> Mapping[str, str]:
        """What is typed into a form; a moment is picked there, in the zone of who picks it."""
        kinds = {block["block_id"]: block["element"]["type"] for block in view["blocks"] if block["type"] == "input"}
        return {
            name: self._picked(words) if kinds.get(name) == "datetimepicker" else words
            for name, words in fields.items()
            if words or kinds.get(name) != "static_select"
        }

    def _picked(self, words: str) -> str:
        hour, _, minute = words.partition(":")
        day = self._now().astimezone(ZONE).replace(hour=int(hour), minute=int(minute or 0), second=0)
        return str(int(day.timestamp()))


def _took(call: Call, key: str, external_id: str) -> bool:
    """Was this message taken from us by that call?"""
    if not call.is_ok:
        return False
    if call.method == "chat.update":
        return external_id == f"{call.arguments['channel']}:{call.arguments['ts']}"
    return call.method == "chat.postMessage" and call.arguments["metadata"]["event_payload"]["key"] == key


def _long(address: str) -> str:
    """A story's short address in names the emulator bears."""
    place, has_root, root = address.partition("#")
    names = [_SHORT.fullmatch(name) for name in place.split("/")]
    if len(names) != 2 or None in names:
        return address
    team, target = (f"{name['kind']}000{name['rest']}Z" for name in names if name is not None)
    return f"{TEAM if place.startswith('T1/') else team}/{target}{has_root}{root}"

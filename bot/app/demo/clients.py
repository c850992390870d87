"""The demo's invented clients: they write, they answer when they are asked, they say thanks, and they ask again once.

They sit outside the desk: on the stand-ins they speak as people there do, in the app through a real WebSocket of our
own. What they say and when is the same in every run; whatever goes wrong with them is logged and holds nothing up.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Final

import structlog

from adapters.fake import FakeChannel
from adapters.message import Channel, OutboundMessage
from bot.app.demo.sayings import AT_ONCE, LATER, Story, Voice
from bot.app.demo.widget_client import WidgetClient
from bot.app.house import House
from bot.store.reading.reads import lines_of_conversation
from sla.duration import moment

log = structlog.get_logger()

SEED: Final = 7
#: In the desk's time: how long a client takes to answer, how long until somebody has something new to say, and after
#: how long without a word from us they ask again.
ANSWERS_AFTER: Final = (timedelta(minutes=3), timedelta(minutes=12))
SPEAKS_EVERY: Final = (timedelta(minutes=9), timedelta(minutes=24))
ASKS_AGAIN_AFTER: Final = (timedelta(minutes=40), timedelta(minutes=150))
#: On one story, however often we write.
MOST_ANSWERS: Final = 3
QUESTION: Final = "?"


@dataclass(slots=True)
class _Mind:
    """What an invented client remembers. `told` counts their stories, `waits` says that we owe them a word."""

    voice: Voice
    say: Callable[[str, timedelta], Awaitable[None]]
    told: int = 0
    answers: int = 0
    waits: bool = False
    has_asked_again: bool = False
    heard: asyncio.Queue[str] = field(default_factory=asyncio.Queue)

    @property
    def story(self) -> Story:
        return self.voice.stories[max(0, self.told - 1) % len(self.voice.stories)]


class Clients:
    """Everybody who writes to the desk of a demo."""

    def __init__(
        self, house: House, standins: Mapping[Channel, FakeChannel], token: Callable[[Voice], str], *, seed: int = SEED
    ) -> None:
        self._house = house
        self._standins = standins
        self._token = token
        self._chance = Random(seed)  # noqa: S311 - invented people need no secrets

    async def run(self, address: str) -> None:
        """Live until cancelled; `address` is where the desk's own pages are."""
        async with asyncio.TaskGroup() as group:
            minds: list[_Mind] = []
            for voice in (*AT_ONCE, *LATER):
                mind = self._mind(voice, address, group)
                await self._remember(mind)
                minds.append(mind)
                group.create_task(self._kept_alive(mind))
            for mind in minds:
                if mind.voice in AT_ONCE and not mind.told:
                    await self._begins(mind)
            group.create_task(self._speak_up(minds))

    def _mind(self, voice: Voice, address: str, group: asyncio.TaskGroup) -> _Mind:
        if voice.channel in self._standins:
            channel = self._standins[voice.channel]

            async def said(text: str, ago: timedelta) -> None:
                at = moment(self._house.time.now()) - ago
                await channel.says(voice.address, text, sender=voice.sender, name=voice.name, at=at)

            mind = _Mind(voice, said)
            group.create_task(self._overhear(channel, mind))
            return mind
        widget = WidgetClient(address, lambda: self._token(voice))

        async def typed(text: str, _ago: timedelta) -> None:
            await widget.say(text)

        mind = _Mind(voice, typed)
        group.create_task(widget.run(mind.heard.put_nowait))
        return mind

    async def _remember(self, mind: _Mind) -> None:
        """What was said before this start; the database has forgotten nothing."""
        key = f"{mind.voice.channel}:{self._end_of(mind.voice)}:{mind.voice.address}"
        lines = await self._house.database.read(lambda conn: lines_of_conversation(conn, key, 0))
        spoken = [line for line in lines if line.direction == "in" or line.kind == "reply"]
        if spoken:
            begun = [story.begins for story in mind.voice.stories]
            mind.told = max(1, sum(line.text in begun for line in spoken))
            mind.waits = spoken[-1].direction == "in"

    def _end_of(self, voice: Voice) -> str:
        return self._standins[voice.channel].account if voice.channel in self._standins else "web"

    async def _overhear(self, channel: FakeChannel, mind: _Mind) -> None:
        """Hear what people of ours say to this client; automatic texts are read and not answered."""
        with channel.subscribe() as happenings:
            while True:
                one = await happenings.get()
                if one.what != "sent" or one.conversation.address != mind.voice.address:
                    continue
                shown = next(
                    shown for shown in channel.shown(mind.voice.address) if shown.external_id == one.external_id
                )
                if isinstance(shown.message, OutboundMessage) and not shown.message.automatic:
                    mind.heard.put_nowait(shown.message.text)

    async def _kept_alive(self, mind: _Mind) -> None:
        while True:
            try:
                await self._live(mind)
            except Exception:
                log.exception("an invented client stumbled", channel=mind.voice.channel, name=mind.voice.name)
                await asyncio.sleep(1)

    async def _live(self, mind: _Mind) -> None:
        """Answer what is heard, a while after it; ask again once where nothing is."""
        while True:
            try:
                patience = self._some(ASKS_AGAIN_AFTER) / self._house.time.speed
                async with asyncio.timeout(patience.total_seconds()):
                    text = await mind.heard.get()
            except TimeoutError:
                if mind.waits and not mind.has_asked_again:
                    mind.has_asked_again = True
                    await mind.say(mind.voice.asks_again, timedelta(0))
                continue
            mind.waits = False
            await self._house.time.pause(self._some(ANSWERS_AFTER))
            while not mind.heard.empty():
                text = mind.heard.get_nowait()
            if mind.answers >= MOST_ANSWERS:
                continue
            mind.answers += 1
            is_asked = QUESTION in text and mind.answers < MOST_ANSWERS
            mind.waits = is_asked
            await mind.say(mind.story.details if is_asked else mind.voice.thanks, timedelta(0))

    async def _speak_up(self, minds: list[_Mind]) -> None:
        """Now and then somebody who was answered, or has never written, begins something new."""
        while True:
            await self._house.time.pause(self._some(SPEAKS_EVERY))
            free = [mind for mind in minds if not mind.waits and mind.told < len(mind.voice.stories)]
            if free:
                await self._begins(self._chance.choice(free))

    async def _begins(self, mind: _Mind) -> None:
        ago = timedelta(0) if mind.told else mind.voice.ago
        mind.told, mind.answers, mind.waits, mind.has_asked_again = mind.told + 1, 0, True, False
        try:
            await mind.say(mind.story.begins, ago)
        except Exception:
            log.exception("an invented client could not write", channel=mind.voice.channel, name=mind.voice.name)

    def _some(self, between: tuple[timedelta, timedelta]) -> timedelta:
        shortest, longest = between
        return shortest + (longest - shortest) * self._chance.random()

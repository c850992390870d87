"""The quarter played on the real desk, in time that nobody waits for, and written down line by line.

What clients say and when our people are away comes from a script; what our people do about it is theirs (`crew.py`).
With more than one desk they are replicas of one another, and may be killed in the middle of what they do.
"""

import random
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime

from sqlalchemy import text

from adapters.message import Channel
from bot.app.simulation.stepping import OwnedTime
from bot.store.driver.database import Database
from routing.people import PersonId
from sla.duration import Instant, instant
from tests.quarter.crew import LEAD, Crew
from tests.quarter.hearing import Hearing
from tests.quarter.replicas import Replicas
from tests.quarter.script import Asked, Leave, Said
from tests.quarter.transcript import Line

_HEARD = text("""
SELECT message.ticket_id FROM message JOIN conversation ON conversation.id = message.conversation_id
WHERE conversation.key = :where AND message.external_id = :name
""")


class Player:
    """Plays what happens on one desk, or on several that are replicas of one another."""

    def __init__(
        self, database: Database, time: OwnedTime, *, replicas: int = 1, kills: random.Random | None = None
    ) -> None:
        self.stands_still: list[str] = []
        self._time = time
        self._replicas = Replicas(database, time, count=replicas, kills=kills)
        self._hearing = Hearing(self._replicas)
        self._crew = Crew(self._replicas, self._hearing)
        #: The moment at which everything was worked off, and how often the database had been written to by then.
        self._settled: tuple[int, int] | None = None

    @property
    def lines(self) -> list[Line]:
        """The transcript."""
        return self._hearing.lines

    @property
    def killed(self) -> int:
        """How many replicas died."""
        return self._replicas.killed

    async def play(
        self, events: Sequence[Said | Asked | Leave], *, until: Instant, down: tuple[datetime, datetime] | None = None
    ) -> list[Line]:
        """Play events, which stand in their order; `down` is a time in which the bot does not run."""
        with ExitStack() as stack:
            self._hearing.follow(stack)
            await self._replicas.prepare()
            waiting: list[Said | Asked | Leave] = []
            for event in events:
                at = instant(event.at)
                if down is not None and instant(down[0]) <= at < instant(down[1]):
                    waiting.append(event)
                    continue
                if down is not None and at >= instant(down[1]):
                    await self._goes_down(down, waiting)
                    down = None
                await self._pass_until(at)
                await self._happens(event)
            await self._pass_until(until)
            self.stands_still = await self._replicas.audited()
            await self._replicas.drain()
        return self.lines

    async def _goes_down(self, down: tuple[datetime, datetime], waiting: Sequence[Said | Asked | Leave]) -> None:
        """The process ends, time goes on without it, and what was said meanwhile waits in the channels."""
        await self._pass_until(instant(down[0]))
        self._hearing.write("down")
        await self._replicas.drain()
        self._time.at = instant(down[1])
        self._hearing.write("up")
        await self._replicas.restart()
        for event in waiting:
            await self._happens(event)
        await self._settle()

    async def _happens(self, event: Said | Asked | Leave) -> None:
        match event:
            case Said():
                await self._says(event)
            case Asked():
                await self._asks(event)
            case Leave():
                await self._tells_of_leave(event)
        await self._settle()

    async def _tells_of_leave(self, event: Leave) -> None:
        people = self._replicas.revision.people
        by = people[PersonId(event.person)].addresses.get("slack")
        words = event.words if by else event.words.replace(" ", f" for {event.person} ", 1)
        slack = self._replicas.channels[Channel.SLACK]
        answer = await slack.command(by or people[PersonId(LEAD)].addresses["slack"], "desk", words)
        assert not answer.is_refused, answer.text
        self._hearing.write("leave", who=event.person, what=event.words, text=answer.text)
        await self._replicas.refresh()

    async def _says(self, event: Said) -> None:
        """They write, and what they wrote is on a ticket."""
        channel = self._replicas.channels[event.channel]
        where = channel.conversation(event.address).key
        place = self._hearing.write("said", who=event.name, where=where, text=event.text)
        raw = await channel.says(event.address, event.text, name=event.name, at=event.at)
        await self._settle()
        heard = {"where": where, "name": raw.external_id}
        ticket = await self._replicas.database.read(lambda conn: conn.execute(_HEARD, heard).scalar())
        self._hearing.name_ticket(place, ticket)

    async def _asks(self, event: Asked) -> None:
        """They ask, and are answered at once."""
        channel = self._replicas.channels[event.channel]
        self._hearing.write("asks", who=event.name, where=channel.conversation(event.address).key, text=event.word)
        await channel.says(event.address, event.word, name=event.name, at=event.at)

    async def _pass_until(self, until: Instant) -> None:
        """Time passes, from alarm to send to what somebody means to do, whichever is first."""
        await self._settle()
        while True:
            stops = (await self._replicas.next_stop(), self._crew.next_at())
            moments = [one for one in stops if one is not None and one <= until]
            if not moments:
                break
            self._time.at = max(self._time.at, min(moments))
            await self._crew.work(self._settle)
            await self._settle()
        self._time.at = max(self._time.at, until)
        await self._settle()

    async def _settle(self) -> None:
        """Work off what can be worked off now, write down what was said, and let our people look at it."""
        if self._is_settled():
            return
        while True:
            await self._replicas.settle()
            said = len(self.lines)
            await self._hearing.look()
            await self._crew.plan()
            if said == len(self.lines):
                break
        self._settled = (self._time.at, self._replicas.database.writes)

    def _is_settled(self) -> bool:
        # Of several, any may die whenever they look.
        is_same = self._settled == (self._time.at, self._replicas.database.writes)
        return is_same and self._replicas.is_alone and not self._crew.looks_again

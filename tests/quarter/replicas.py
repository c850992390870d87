"""The desk of the quarter, or several that are replicas of one another and may be killed in the middle of what they do.

They share database and channels as replicas do, in time that its owner moves.
"""

import asyncio
import random
from collections.abc import Callable
from typing import Final, TypeVar

from sqlalchemy import text

from adapters.fake import FakeChannel
from adapters.message import Channel
from bot.app.simulation.stepping import REST_MS, OwnedTime, Stepping
from bot.desk.desk import Desk
from bot.now import Timekeeper
from bot.store.auditing import Violation, refolded, violations
from bot.store.delivery import outbox
from bot.store.driver.connection import Connection
from bot.store.driver.database import Database
from bot.tickets.revision import Revision
from sla.duration import Instant
from tests.story_parts import StoryDatabase

T = TypeVar("T")

#: A minute of the database passes for a replica that died: what it was sending is another's to look after.
_EXPIRE = text("UPDATE outbox SET claimed_until = 0 WHERE claimed_by = :owner AND claimed_until IS NOT NULL")
#: How often a replica dies, of all the times that all of them look.
KILLED: Final = 0.05


class _Watched(StoryDatabase):
    """Counts what is written: where nothing was, nobody needs to look again."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.writes = 0

    async def write(self, change: Callable[[Connection], T]) -> T:
        self.writes += 1
        return await super().write(change)


class Replicas:
    """So many desks over one database; `kills` says when one of them dies."""

    def __init__(self, database: Database, time: OwnedTime, *, count: int, kills: random.Random | None) -> None:
        self.killed = 0
        self.time = time
        self.database = _Watched(database)
        self.channels = {one: FakeChannel(one, now=time.moment) for one in Channel}
        self._kills = kills
        self._desks = [self._new_desk() for _ in range(count)]

    @property
    def is_alone(self) -> bool:
        """Whether it is one desk only."""
        return len(self._desks) == 1

    @property
    def revision(self) -> Revision:
        """The desk file in force."""
        return self._desks[0].revisions.current

    def desk(self, turn: int = 0) -> Desk:
        """One of them, in turn."""
        return self._desks[turn % len(self._desks)]

    async def prepare(self) -> None:
        """As the process does when it starts."""
        for desk in self._desks:
            await desk.prepare(is_alone=self.is_alone)

    async def refresh(self) -> None:
        """Each reads what changed in the desk file, or in who is away."""
        for desk in self._desks:
            await desk.refresh()

    async def drain(self) -> None:
        """Let what is being sent come to its end."""
        for desk in self._desks:
            await desk.drain()

    async def restart(self) -> None:
        """New processes in the place of those that ended."""
        self._desks = [self._new_desk() for _ in self._desks]
        await self.prepare()

    async def next_stop(self) -> Instant | None:
        """The next moment at which something happens by itself."""
        return await Stepping(self._desks[0], self.time).next_stop()

    async def settle(self) -> None:
        """Work off what can be worked off now."""
        if self.is_alone:
            await Stepping(self._desks[0], self.time).settle()
        else:
            await self._settle_together()

    async def audited(self) -> list[str]:
        """What the auditor has to say."""
        revisions = self._desks[0].revisions

        def audited(conn: Connection) -> list[Violation]:
            anew, _ = refolded(conn, revisions, after=0, count=100_000)
            return [*violations(conn, revisions, now=self.time.at), *anew]

        return [f"{one.check}: {one.subject}" for one in await self.database.read(audited)]

    async def _settle_together(self) -> None:
        """All replicas look at once, until none of them finds anything; now and then one of them dies of it."""
        while True:
            if self._kills is not None and self._kills.random() < KILLED:
                await self._kill(self._kills.randrange(len(self._desks)), self._kills)
            if not sum(await asyncio.gather(*map(_turn, self._desks))):
                return
            rows = await self.database.read(lambda conn: outbox.listing(conn, count=1_000))
            rests = [one.not_before for one in rows if self.time.at < one.not_before <= self.time.at + REST_MS]
            self.time.at = min(rests, default=self.time.at)

    async def _kill(self, place: int, chance: random.Random) -> None:
        """A replica dies somewhere in its turn, and another takes its place; the others see its claims run out."""
        desk = self._desks[place]
        turn = asyncio.create_task(_turn(desk))
        for _ in range(chance.randrange(1, 60)):
            await asyncio.sleep(0)
        dying = [turn, *(one for one in asyncio.all_tasks() if one.get_name().startswith("send "))]
        for one in dying:
            one.cancel()
        await asyncio.gather(*dying, return_exceptions=True)
        await self.database.write(lambda conn: conn.execute(_EXPIRE, {"owner": desk.sender.claims.owner}))
        self.killed += 1
        self._desks[place] = self._new_desk()
        await self._desks[place].prepare(is_alone=False)

    def _new_desk(self) -> Desk:
        desk = Desk(self.database, self.channels, Timekeeper(wall=self.time.now))
        for fake in self.channels.values():
            fake.connect(desk.journal, desk.press)
        return desk


async def _turn(desk: Desk) -> int:
    moved = await desk.intake.once()
    moved += await desk.fetching.drain()
    moved += await desk.ticker.once()
    moved += await desk.sender.once()
    await desk.sender.drain()
    return moved

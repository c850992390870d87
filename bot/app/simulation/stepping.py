"""A desk whose time moves only when it is told to: each step is worked off to its end before time goes on.

Alarm by alarm and send by send in the order of their moments, so a week is played in a second and nothing is skipped.
Simulations run on it, and so do the tests' stories.
"""

from collections.abc import Sequence
from datetime import datetime

from bot.desk.desk import Desk
from bot.store import alarms
from bot.store.delivery import outbox
from sla.duration import Instant, moment

#: Channels that rest between two sends want this much at most; nobody notices the second that passes.
REST_MS = 2_000


class OwnedTime:
    """A wall clock that its owner moves."""

    def __init__(self, start: Instant) -> None:
        self.at = start

    def now(self) -> Instant:
        """What the desk is told."""
        return self.at

    def moment(self) -> datetime:
        """What channels are told."""
        return moment(self.at)


class Stepping:
    """Plays a desk that nobody else runs."""

    def __init__(self, desk: Desk, time: OwnedTime) -> None:
        self.desk = desk
        self.time = time

    async def settle(self) -> None:
        """Work off everything that can be worked off at this moment."""
        while True:
            moved = await self.desk.intake.once()
            moved += await self.desk.fetching.drain()
            moved += await self.desk.ticker.once()
            moved += await self.desk.sender.once()
            await self.desk.sender.drain()
            if not moved:
                return
            await self._pass_rests()

    async def pass_until(self, until: Instant) -> None:
        """Let time pass, stopping at every alarm and every postponed send on the way."""
        await self.settle()
        while (stop := await self.next_stop()) is not None and stop <= until:
            self.time.at = stop
            await self.settle()
        self.time.at = max(self.time.at, until)
        await self.settle()

    async def next_stop(self) -> Instant | None:
        """The next moment at which something happens by itself; None when nothing is armed."""
        alarm = await self.desk.database.read(alarms.next_due)
        moments = [alarm, *await self._sends()]
        return min((one for one in moments if one is not None and one > self.time.at), default=None)

    async def _pass_rests(self) -> None:
        """Let the seconds pass that a channel wants between two sends, as they would pass unnoticed in real life."""
        send = min((one for one in await self._sends() if one > self.time.at), default=None)
        if send is not None and send <= self.time.at + REST_MS:
            self.time.at = send

    async def _sends(self) -> Sequence[Instant]:
        rows = await self.desk.database.read(lambda conn: outbox.listing(conn, count=1_000))
        return [row.not_before for row in rows if row.state != "sending"]

"""A desk whose time moves only when it is told to: each step is worked off to its end before time goes on.

Alarm by alarm and send by send in the order of their moments, so a week is played in a second and nothing is skipped.
Simulations run on it, and so do the tests' stories. One look says who has something to do; nobody is asked in vain.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.desk.desk import Desk
from bot.store import alarms, journal
from bot.store.delivery import outbox
from bot.store.driver.connection import Connection
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


@dataclass(frozen=True, slots=True)
class _Ahead:
    """What waits in the tables: whether a payload is undecided, and the moments of the first alarm and of each send."""

    is_fresh: bool
    alarm: Instant | None
    sends: Sequence[Instant]

    def is_alarm_due(self, now: Instant) -> bool:
        return self.alarm is not None and self.alarm <= now

    def is_send_due(self, now: Instant) -> bool:
        return any(one <= now for one in self.sends)

    def next_send(self, now: Instant) -> Instant | None:
        return min((one for one in self.sends if one > now), default=None)

    def next_stop(self, now: Instant) -> Instant | None:
        moments = [one for one in (self.alarm, self.next_send(now)) if one is not None and one > now]
        return min(moments, default=None)


class Stepping:
    """Plays a desk that nobody else runs."""

    def __init__(self, desk: Desk, time: OwnedTime) -> None:
        self.desk = desk
        self.time = time
        #: A rest between two sends is passed no further than this: something else happens then.
        self.rests_until: Instant | None = None

    async def settle(self) -> None:
        """Work off everything that can be worked off at this moment."""
        await self._settled()

    async def pass_until(self, until: Instant) -> None:
        """Let time pass, stopping at every alarm and every postponed send on the way."""
        ahead = await self._settled()
        while (stop := ahead.next_stop(self.time.at)) is not None and stop <= until:
            self.time.at = stop
            ahead = await self._settled()
        self.time.at = max(self.time.at, until)
        await self.settle()

    async def next_stop(self) -> Instant | None:
        """The next moment at which something happens by itself; None when nothing is armed."""
        return (await self._look()).next_stop(self.time.at)

    async def _settled(self) -> _Ahead:
        """As `settle`; what is still ahead then."""
        await self.desk.sender.drain()  # what is under way may be in the way of what waits
        ahead = await self._look()
        while True:
            was_piling = self.desk.ticker.is_piling
            moved = await self._step(ahead)
            if not (moved or was_piling):
                return ahead
            ahead = await self._look()
            if moved:
                self._pass_rests(ahead)

    async def _step(self, ahead: _Ahead) -> bool:
        """Let everybody do once what waits for them; whether that was anything."""
        now = self.time.at
        moved = await self.desk.intake.once(is_told=not ahead.is_fresh)
        moved += await self.desk.fetching.drain()
        is_ticking = moved > 0 or ahead.is_alarm_due(now) or self.desk.ticker.is_piling
        if is_ticking:
            moved += await self.desk.ticker.once()
        if is_ticking or ahead.is_send_due(now):
            moved += await self.desk.sender.once(is_told=ahead.is_send_due(now))
        await self.desk.sender.drain()
        return moved > 0

    def _pass_rests(self, ahead: _Ahead) -> None:
        """Let the seconds pass that a channel wants between two sends, as they would pass unnoticed in real life."""
        send = ahead.next_send(self.time.at)
        latest = self.time.at + REST_MS
        if send is not None and send <= (latest if self.rests_until is None else min(latest, self.rests_until)):
            self.time.at = send

    async def _look(self) -> _Ahead:
        return await self.desk.database.read(_ahead)


def _ahead(conn: Connection) -> _Ahead:
    sends = [row.not_before for row in outbox.listing(conn, count=1_000) if row.state != "sending"]
    return _Ahead(bool(journal.fresh(conn, after=0, count=1)), alarms.next_due(conn), sends)

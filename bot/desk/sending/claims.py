"""Rows that become ours to send: so many at once, from channels that have room for more, and what is known of them.

What is under way here is remembered, so that no lane has two sends at once; when it is worth looking again is known
from the last look.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from heapq import heappop, heappush
from typing import Any, Final
from uuid import uuid4

from adapters.message import Channel
from bot.desk.hearing import Adapters
from bot.now import Timekeeper
from bot.store.delivery import outbox, patience
from bot.store.delivery.outbox import Outgoing, Outlook
from bot.store.delivery.sending import Background, background
from bot.store.driver.connection import Connection
from bot.store.revisions import Revisions
from sla.duration import Instant, later

#: Sends under way at once on one channel: one that hangs holds up nobody but itself. A channel that may show a repeat
#: is sent to one by one: a crash leaves one send in doubt then, and repeats no more than it.
PER_CHANNEL: Final = 64
#: Where they go one by one, others no longer wait for a send that takes longer than this; so many are under way then.
HANGS_AFTER: Final = timedelta(seconds=5)
MOST_BESIDE_HANGING: Final = 3
CLAIM_FOR: Final = timedelta(seconds=60)
#: How often what has waited behind everything else for too long is looked for.
HURRY_EVERY: Final = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Claimed:
    """Rows to be sent, rows to be asked about, what they need to be known, and what there will be after them."""

    rows: Sequence[Outgoing]
    doubtful: Sequence[Outgoing]
    known: Background
    outlook: Outlook


@dataclass(frozen=True, slots=True)
class _UnderWay:
    """A send that has not ended."""

    channel: str
    since: Instant


class Claims:
    """What this process is sending, and what it may take next."""

    def __init__(self, revisions: Revisions, time: Timekeeper, adapters: Adapters) -> None:
        self.owner = uuid4().hex
        self.outlook = Outlook(is_ready=True)
        self._revisions = revisions
        self._time = time
        self._adapters = adapters
        self._busy: dict[str, _UnderWay] = {}
        #: When rows come round again that were put back here: the outlook does not see past what waits behind them.
        self._returns: list[Instant] = []
        self._hurried_at: Instant | None = None

    def begins(self, row: Outgoing) -> None:
        """A row is under way: nothing else of its lane is taken."""
        self._busy[row.lane] = _UnderWay(row.channel, self._time.now())

    def ended(self, row: Outgoing) -> None:
        """A row is not under way any more, however it ended."""
        self._busy.pop(row.lane, None)

    def returns(self, at: Instant) -> None:
        """A row was put back and comes round again at that moment."""
        heappush(self._returns, at)

    def next_look(self) -> Instant | None:
        """When there may be something to take, as far as is known; None if nobody knows of anything."""
        now = self._time.now()
        while self._returns and self._returns[0] <= now:
            heappop(self._returns)
        moments = [*self._returns[:1], *([] if self.outlook.ready_at is None else [self.outlook.ready_at])]
        return min(moments, default=None)

    def claim(self, conn: Connection, counts: Sequence[int]) -> Sequence[Claimed]:
        """A Change: take up to so many rows and read what they need, in the transaction that makes them ours."""
        return [self._claim_one(conn, count) for count in counts]

    def _claim_one(self, conn: Connection, count: int) -> Claimed:
        now = self._time.now()
        self._hurry(conn, now)
        under_way = Counter(one.channel for one in tuple(self._busy.values()))
        one_by_one = {one for one, adapter in self._adapters.items() if not adapter.limits.never_doubles}
        held: set[str] = {*one_by_one, *(channel for channel, number in under_way.items() if number >= PER_CHANNEL)}
        turns: list[tuple[Collection[str], int]] = [
            (held, count),
            *((set(Channel) - {one}, 1) for one in one_by_one if self._has_turn(one, now)),
        ]
        rows: list[Outgoing] = []
        doubtful: list[Outgoing] = []
        clock, is_doubtful = outbox.clock_and_doubt(conn)
        mine: dict[str, Any] = {"now": now, "owner": self.owner, "claim_for": CLAIM_FOR, "clock": clock}
        mine["busy"] = self._busy
        for others, most in turns:
            asked = outbox.claim_uncertain(conn, **mine, held=others, count=most) if is_doubtful else ()
            doubtful += asked
            rows += outbox.claim(conn, **mine, held=others, count=most - len(asked))
        known = background(conn, self._revisions, [*rows, *doubtful], now=now)
        return Claimed(rows, doubtful, known, known.outlook)

    def _has_turn(self, channel: Channel, now: Instant) -> bool:
        """Whether one more may be sent where they go one by one: none is under way but what hangs."""
        since = [one.since for one in tuple(self._busy.values()) if one.channel == channel]
        hangs_since = later(now, -HANGS_AFTER * self._time.speed)
        return len(since) < MOST_BESIDE_HANGING and all(at <= hangs_since for at in since)

    def _hurry(self, conn: Connection, now: Instant) -> None:
        last = self._hurried_at
        if last is None or not last <= now < later(last, HURRY_EVERY):
            patience.hurry(conn, now=now)
            self._hurried_at = now

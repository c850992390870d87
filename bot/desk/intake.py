"""Intake: keep first, then decide, each conversation in its order and all of them fairly.

What has nothing in front of it is decided in the commit that keeps it. The rest waits in lanes, one a conversation. A
batch takes at most one of each lane, so a client who writes five thousand messages is served between all the others and
never before them. A payload that cannot be decided is put aside as a dead letter, alone.
"""

import asyncio
from bisect import insort
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from adapters.port import Cursor, Raw
from bot import metrics
from bot.crashpoint import reach
from bot.desk.changes import Changes, Nudge
from bot.desk.hearing import Hearing
from bot.store import journal
from bot.store.driver.committer import Committer
from bot.store.driver.connection import Connection
from bot.store.driver.database import Database
from bot.store.errors import StoreUnavailableError
from bot.store.journal import Delivery
from sla.duration import Instant

log = structlog.get_logger()

BATCH: Final = 64
LOOK: Final = 512
#: However busy we are, every so many batches the journal is asked for what nobody here remembers: what waited at the
#: start, and what another replica kept and could not decide.
LOOK_EVERY: Final = 50


@dataclass(frozen=True, slots=True)
class _Kept:
    """Of one delivery: ids and lanes of what waits to be decided, and whether anything of it is decided already."""

    waiting: Sequence[tuple[int, str]]
    is_heard: bool


class Intake:
    """Takes payloads from adapters and turns them into decisions."""

    def __init__(
        self,
        database: Database,
        committer: Committer,
        hearing: Hearing,
        now: Callable[[], Instant],
        *,
        decided: Changes,
        woken: Sequence[Nudge],
    ) -> None:
        self.nudge = Nudge()
        #: Called for each payload that names what has to be fetched before it can be read.
        self.wanted: Callable[[int, Raw], None] = lambda _number, _raw: None
        self._database = database
        self._committer = committer
        self._hearing = hearing
        self._now = now
        self._decided = decided
        self._woken = woken
        self._lanes: dict[str, deque[int]] = {}
        #: What is being completed, and its lane, in which nothing can be decided before it, so nothing is tried.
        self._held: dict[int, str] = {}
        self._behind: dict[str, deque[int]] = {}
        self._turns = 0
        #: Something may wait behind what came to be readable.
        self._is_behind = False

    async def journal(self, raws: Sequence[Raw], cursor: Cursor | None) -> None:
        """Keep payloads and cursor; returns after the commit. What is new waits in its lane from here on."""
        delivery = (raws, cursor, self._now())
        kept = await self._committer.commit(self._hear, delivery, is_attended=True, otherwise=self._keep)
        reach("journal.after_commit")
        for raw in raws:
            metrics.INBOUND.labels(channel=raw.channel.value).inc()
        if kept.waiting:
            self._remember(kept.waiting)
            self.nudge.ring()
        if kept.is_heard:
            self._tell()

    async def once(self, *, is_told: bool = False) -> int:
        """Decide one batch; how many payloads that settled, 0 when nothing waits or others are at it.

        Whoever `is_told` of everything that came since does not look for what nobody has told.
        """
        if not (self._lanes or (is_told and not self._is_behind)) or self._turns % LOOK_EVERY == 0:
            self._is_behind = False
            await self._look()
        self._turns += 1
        ids = self._next_batch()
        if not ids:
            return 0
        reach("intake.kept")
        answers = await self._committer.commit_all(self._hearing.decide, ids, is_attended=True)
        reach("intake.decided")
        for number, answer in zip(ids, answers, strict=True):
            if isinstance(answer, Raw):
                self._hold(number, answer.lane)
                self.wanted(number, answer)
            if isinstance(answer, StoreUnavailableError):
                raise answer  # nothing is lost: the row is still new and the next look finds it
            if isinstance(answer, Exception):
                await self.bury(number, answer)
            elif isinstance(answer, BaseException):
                raise answer
        self._tell()
        if self._lanes:
            self.nudge.ring()
        return sum(answer is not False and not isinstance(answer, Raw) for answer in answers)

    def look_again(self) -> None:
        """The journal may hold what nobody here remembers, and know better than we what is still to be completed."""
        for number in list(self._held):
            self._let_go(number)
        self._turns = 0
        self.nudge.ring()

    def completed(self, number: int, lane: str) -> None:
        """A payload that waited in the journal can be read now; what waited behind it is looked for after it."""
        self._let_go(number)
        self._remember([(number, lane)])
        self._is_behind = True
        self.nudge.ring()

    async def run(self) -> None:
        """Decide what comes until cancelled; a database that is away is waited for."""
        is_told = False
        while True:
            try:
                is_told = bool(await self.once(is_told=is_told)) or await self.nudge.sleep()
            except StoreUnavailableError as error:
                log.warning("intake waits for the database", reason=str(error))
                await asyncio.sleep(1)

    def _tell(self) -> None:
        self._decided.tell()
        for nudge in self._woken:
            nudge.ring()

    async def _look(self) -> None:
        self._remember(await self._database.glance(lambda conn: journal.fresh(conn, after=0, count=LOOK)))

    def _remember(self, fresh: Sequence[tuple[int, str]]) -> None:
        for number, lane in fresh:
            name = lane or f"#{number}"
            waiting = self._behind[name] if name in self._behind else self._lanes.setdefault(name, deque())
            if number not in waiting:
                insort(waiting, number)

    def _hold(self, number: int, lane: str) -> None:
        """The lane stands until this payload is completed: each try of what is behind it would be a transaction."""
        self._held[number] = name = lane or f"#{number}"
        self._behind[name] = self._lanes.pop(name, deque())

    def _let_go(self, number: int) -> None:
        name = self._held.pop(number, "")
        if waiting := self._behind.pop(name, None):
            self._lanes[name] = waiting

    def _hear(self, conn: Connection, deliveries: Sequence[Delivery]) -> Sequence[_Kept]:
        """Keep, and decide what has nothing in front of it: one commit instead of two.

        The same Change for every channel, so that what several of them deliver at once is kept at once.
        """
        kept, taken = journal.keep_decided(conn, deliveries, most=BATCH)
        reach("journal.before_commit")
        heard = self._hearing.decide_kept(conn, taken) if taken else set()
        return [
            _Kept([one for one in delivery if one[0] not in heard], any(one[0] in heard for one in delivery))
            for delivery in kept
        ]

    def _keep(self, conn: Connection, deliveries: Sequence[Delivery]) -> Sequence[_Kept]:
        """Only keep: what cannot be decided at once, for whichever reason, is decided in its turn."""
        kept = journal.keep(conn, deliveries)
        reach("journal.before_commit")
        return [_Kept(delivery, is_heard=False) for delivery in kept]

    def _next_batch(self) -> list[int]:
        """The oldest payload of up to `BATCH` lanes; lanes that have more go to the end of the row."""
        batch: list[int] = []
        for lane in list(self._lanes)[:BATCH]:
            waiting = self._lanes.pop(lane)
            batch.append(waiting.popleft())
            if waiting:
                self._lanes[lane] = waiting
        return batch

    async def bury(self, number: int, error: Exception) -> None:
        """Put aside a payload that cannot be decided."""
        self._let_go(number)
        reason = f"{type(error).__name__}: {error}"
        log.error("payload could not be decided", inbound=number, error=type(error).__name__, exc_info=error)
        await self._database.write(lambda conn: self._hearing.bury(conn, number, reason))

"""When rows are taken from the outbox: with the decision that wrote them, when somebody rings, and once a second.

A claim at a time, since each must know what the last one took.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from bot.crashpoint import reach
from bot.desk.changes import IDLE_SECONDS, Nudge, seconds_until
from bot.desk.sending.claims import Claimed, Claims
from bot.now import Timekeeper
from bot.store.delivery import outbox
from bot.store.delivery.outbox import Outlook
from bot.store.driver.committer import Committer
from bot.store.driver.connection import Connection
from bot.store.driver.database import Database
from sla.duration import Instant

BATCH: Final = 64


class Taking:
    """Takes rows for the sender, who says how many more it can bear and begins to send what was taken."""

    def __init__(
        self,
        database: Database,
        committer: Committer,
        claims: Claims,
        time: Timekeeper,
        *,
        room: Callable[[], int],
        begin: Callable[[Claimed, Instant], None],
    ) -> None:
        self.nudge = Nudge()
        #: While the sender runs, what a decision wants said is taken in the transaction that decides it: a commit less.
        self.is_beside = False
        self._database = database
        self._committer = committer
        self._claims = claims
        self._time = time
        self._room = room
        self._begin = begin
        self._is_free = asyncio.Event()
        self._is_free.set()
        self._ends = 0
        self._ends_before = 0
        committer.attend(self._claim_beside, self._wanted_beside, self._written_beside)

    async def once(self, *, is_told: bool = False) -> int:
        """Take what may be sent now; how many rows that were.

        Whoever `is_told` that there is something takes it without looking first.
        """
        now = self._time.now()
        if not self._count():
            return 0
        if not is_told:
            self._claims.outlook = await self._database.glance(lambda conn: outbox.outlook(conn, now=now))
            if not self._claims.outlook.is_ready:
                return 0
        await self._is_free.wait()
        count = self._count()
        if not count:
            return 0
        self._is_free.clear()
        self._ends_before = self._ends
        claiming = self._committer.begin(self._claims.claim, count)
        try:
            claimed = await asyncio.shield(claiming)
        except asyncio.CancelledError:
            self._took(await claiming, count, now)  # what became ours meanwhile is sent all the same
            raise
        finally:
            self._is_free.set()
        return self._took(claimed, count, now)

    def ended(self) -> None:
        """A send has ended, and what it was in the way of may be taken."""
        self._ends += 1

    def _count(self) -> int:
        """How many rows may be taken now; whoever finds no room is woken by the next send that ends."""
        count = max(0, min(self._room(), BATCH))
        if not count:
            self._claims.outlook = Outlook(is_ready=True)
        return count

    def _took(self, claimed: Claimed, count: int, now: Instant) -> int:
        reach("sender.claimed")
        self._claims.outlook = claimed.outlook
        self._begin(claimed, now)
        taken = len(claimed.rows) + len(claimed.doubtful)
        if taken == count or (claimed.outlook.is_ready and self._ends != self._ends_before):
            self.nudge.ring()  # there is more, or what was in the way of it has ended meanwhile
        return taken

    def _wanted_beside(self) -> int | None:
        count = self._count() if self.is_beside and self._is_free.is_set() else 0
        if not count:
            self.nudge.ring()
            return None
        self._is_free.clear()
        self._ends_before = self._ends
        return count

    def _claim_beside(self, conn: Connection, counts: Sequence[int]) -> Sequence[tuple[int, Claimed]]:
        return list(zip(counts, self._claims.claim(conn, counts), strict=True))

    def _written_beside(self, claiming: "asyncio.Future[tuple[int, Claimed]]") -> None:
        self._is_free.set()
        if claiming.exception() is not None:
            self.nudge.ring()  # our own look finds out what is the matter
            return
        count, claimed = claiming.result()
        self._took(claimed, count, self._time.now())
        soon = seconds_until(claimed.outlook.ready_at, self._time)
        if soon < IDLE_SECONDS:  # the sender's loop sleeps by what it saw last
            asyncio.get_running_loop().call_later(soon, self.nudge.ring)

"""The ticker: wakes when the next alarm is due, on a nudge, and at least once a second, and lets decisions be made.

It trusts the table and nothing else: the wall clock may jump, the machine may sleep, another process may have written.
An alarm that cannot be decided is put off a minute and an admin reads about it; the others never notice.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from bot import metrics
from bot.crashpoint import reach
from bot.desk.changes import Changes, Nudge, seconds_until
from bot.desk.directory import Directory
from bot.now import Timekeeper
from bot.store import alarms
from bot.store.alarms import Alarm
from bot.store.committer import Committer
from bot.store.connection import Connection
from bot.store.database import Database
from bot.store.errors import StoreUnavailableError
from bot.store.facts import AT_ONCE, facts_of_tickets, lock_tickets, tickets_of, waiting_list
from bot.store.revisions import Revisions
from bot.store.unit import write, write_ping
from bot.tickets.decide_due import promises_due, shift_begins, waiting_due, was_away
from bot.tickets.digest import digested
from bot.tickets.facts import Decision, Facts
from bot.tickets.outcome import opening_owner, opening_wake
from bot.tickets.ticket import TicketId
from routing.people import LineId, PersonId
from sla.duration import Instant

log = structlog.get_logger()

BATCH: Final = 64
PUT_OFF_MS: Final = 60_000
#: Every decision rings. What it has set is hardly ever due at once, so a busy desk is not asked each time.
REST_SECONDS: Final = 0.25

RULES: Final[dict[str, Callable[[Facts], Decision]]] = {"promises": promises_due, "waiting": waiting_due}


class Ticker:
    """Fires alarms; one per process, and on PostgreSQL one in each replica."""

    def __init__(
        self,
        database: Database,
        committer: Committer,
        revisions: Revisions,
        directory: Directory,
        time: Timekeeper,
        *,
        fired: Changes,
        outgoing: Nudge,
    ) -> None:
        self.nudge = Nudge()
        self.last_cycle: Instant | None = None
        self._next_due: Instant | None = None
        self._database = database
        self._committer = committer
        self._revisions = revisions
        self._directory = directory
        self._time = time
        self._fired = fired
        self._outgoing = outgoing

    async def once(self) -> int:
        """Fire what is due now, one batch; how many alarms that were."""
        now = self._time.now()
        due, self._next_due = await self._database.read(lambda conn: alarms.ahead(conn, now=now, count=BATCH))
        self.last_cycle = now
        metrics.TICKER_CYCLE.set(now / 1000)
        if not due:
            return 0
        answers = await asyncio.gather(
            *(self._committer.commit(self._fire, one.owner) for one in due), return_exceptions=True
        )
        reach("alarm.decided")
        for one, answer in zip(due, answers, strict=True):
            metrics.ALARM_LAG.observe(max(0, now - one.due_at) / 1000)
            if isinstance(answer, StoreUnavailableError):
                raise answer
            if isinstance(answer, Exception):
                await self._put_off(one.owner, answer, now)
        self._fired.tell()
        self._outgoing.ring()
        return len(due)

    async def run(self) -> None:
        """Tick until cancelled."""
        while True:
            try:
                if not await self.once() and await self.nudge.sleep(seconds_until(self._next_due, self._time)):
                    await asyncio.sleep(min(REST_SECONDS, seconds_until(self._next_due, self._time)))
            except StoreUnavailableError as error:
                log.warning("the ticker waits for the database", reason=str(error))
                await asyncio.sleep(1)

    def _fire(self, conn: Connection, owners: Sequence[str]) -> Sequence[None]:
        """A Change: decide the alarms that are still due, kind by kind, so that no ticket is decided twice at once."""
        now = self._time.now()
        # Tickets before their alarms, in the order in which intake takes them: two replicas never wait in a circle.
        lock_tickets(conn, [int(owner.partition(":")[2]) for owner in owners if owner.partition(":")[0] in RULES])
        by_kind: dict[str, list[str]] = defaultdict(list)
        for owner in alarms.take(conn, owners, now=now):
            kind, _, subject = owner.partition(":")
            by_kind[kind].append(subject)
        for kind, rule in RULES.items():
            ids = [TicketId(int(subject)) for subject in by_kind[kind]]
            facts = facts_of_tickets(conn, self._revisions, ids, now=now, is_locked=True)
            self._write(conn, [(one, rule(one)) for one in facts.values()], now)
        if by_kind["opening"] or by_kind["shift"]:
            lines = {LineId(subject.rpartition(":")[0]) for subject in by_kind["opening"]}
            self._begin(conn, sorted(lines), [PersonId(person) for person in sorted(by_kind["shift"])], now)
        return [None] * len(owners)

    def _begin(self, conn: Connection, lines: Sequence[LineId], people: Sequence[PersonId], now: Instant) -> None:
        """Shifts begin: waiting lists go to whoever is there, and each person is told once, of old and new together."""
        waiting = {line: waiting_list(conn, line) for line in lines}
        ids = [ticket for tickets in waiting.values() for ticket in tickets]
        facts = facts_of_tickets(conn, self._revisions, ids, now=now, is_locked=True)
        pairs: list[tuple[Facts, Decision]] = []
        for one in (facts[ticket] for ticket in ids if ticket in facts):
            decision = shift_begins(one)
            pairs.append((one, decision))
            if decision.ticket is not None and decision.ticket.assignee is not None and isinstance(one.load, dict):
                one.load[decision.ticket.assignee] = one.load.get(decision.ticket.assignee, 0) + 1
        theirs = facts_of_tickets(conn, self._revisions, tickets_of(conn, people), now=now)
        decided, pings = digested(pairs, [one for one in theirs.values() if was_away(one)])
        self._write(conn, decided, now)
        for ping in pings:
            write_ping(conn, ping, at=now, whereto=self._directory.whereto)
        left = [one for one, decision in pairs if decision.ticket is None]
        wakes = {opening_wake(one, one.ticket) for one in left if one.ticket is not None}
        alarms.put(conn, [Alarm(wake.owner, wake.due_at) for wake in wakes if wake.due_at is not None])
        # A list longer than one transaction takes goes on at once, as long as somebody still takes from it.
        if len(left) < len(pairs):
            long = [line for line, tickets in waiting.items() if len(tickets) == AT_ONCE]
            alarms.put(conn, [Alarm(opening_owner(line, now), now) for line in long])

    def _write(self, conn: Connection, pairs: Sequence[tuple[Facts, Decision]], now: Instant) -> None:
        changed = [(facts, decision) for facts, decision in pairs if decision.ticket is not None]
        write(conn, changed, recorded_at=now, whereto=self._directory.whereto)
        for _, decision in changed:
            for event in decision.events:
                if event.what == "breached":
                    metrics.BREACHES.labels(metric=str(event.particulars["metric"])).inc()

    async def _put_off(self, owner: str, error: Exception, now: Instant) -> None:
        log.error("alarm could not be decided", alarm=owner, error=type(error).__name__, exc_info=error)
        later = Instant(now + PUT_OFF_MS)
        await self._database.write(lambda conn: alarms.put(conn, [Alarm(owner, later)]))

"""The ticker: wakes when the next alarm is due, on a nudge, and at least once a second, and lets decisions be made.

It trusts the table and nothing else: the wall clock may jump, the machine may sleep, another process may have written.
An alarm that cannot be decided is put off a minute and an admin reads about it; the others never notice.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Final

import structlog

from adapters.message import Channel
from bot import metrics
from bot.crashpoint import reach
from bot.desk.calls.alarms import CALL, CALLS
from bot.desk.calls.door import Calls
from bot.desk.care.high_load import OWNER, HighLoad
from bot.desk.care.radar import Radar
from bot.desk.care.uncounted import Uncounted, describe
from bot.desk.changes import Changes, Nudge, seconds_until
from bot.desk.directory import Directory
from bot.desk.people.absences import OWNER as ABSENCE
from bot.desk.people.absences import Absences
from bot.desk.people.shift_ends import REST, end_shifts, ends_of
from bot.desk.sending.unread import Following
from bot.desk.talk.scores import Scores
from bot.desk.whereabouts import Whereabouts
from bot.now import Timekeeper
from bot.store import alarms
from bot.store.alarms import Alarm
from bot.store.channels.given_places import PLACE
from bot.store.delivery.piles import release
from bot.store.driver.committer import Committer
from bot.store.driver.connection import Connection
from bot.store.driver.database import Database
from bot.store.errors import StoreUnavailableError
from bot.store.facts import AT_ONCE, facts_of_tickets, lock_tickets, tickets_of, waiting_list
from bot.store.people import shifts
from bot.store.revisions import Revisions
from bot.store.unit import write, write_ping
from bot.tickets.care.decide_snooze import snooze_due
from bot.tickets.care.unread import UNREAD
from bot.tickets.decide_due import promises_due, shift_begins, waiting_due, was_away
from bot.tickets.facts import Decision, Facts, Ping
from bot.tickets.ladder.pile import holding, is_pile
from bot.tickets.outcome import opening_wake
from bot.tickets.people.coming_home import comes_home
from bot.tickets.people.digest import changed_hands, digested
from bot.tickets.people.shifts import answered_owner, parts_of_answered, reads_at
from bot.tickets.ticket import TicketId
from routing.ahead import in_order
from routing.people import LineId, PersonId
from sla.duration import Instant

log = structlog.get_logger()

BATCH: Final = 64
PUT_OFF_MS: Final = 60_000
#: Every decision rings. What it has set is hardly ever due at once, so a busy desk is not asked each time.
REST_SECONDS: Final = 0.25

PROMISES: Final = "promises"
#: What happens as a shift begins.
BEGINNINGS: Final = frozenset({"opening", "shift", "answered"})
#: Asks a client how it went.
CSAT: Final = "csat"
RULES: Final[dict[str, Callable[[Facts], Decision]]] = {
    PROMISES: promises_due,
    "waiting": waiting_due,
    "snooze": snooze_due,
}


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
        following: Following | None = None,
        served: Collection[Channel] = (),
        page: str = "",
    ) -> None:
        """Without `following` what is not read stays where it was written. `page` is where our pages are seen.

        `served` are the channels that the desk has, whether or not they are up.
        """
        self.nudge = Nudge()
        #: Whether alerts are held back that nobody has let go of yet; the last process may have left some.
        self._is_piling = True
        self.last_cycle: Instant | None = None
        self._next_due: Instant | None = None
        self._database = database
        self._committer = committer
        self._revisions = revisions
        self._directory = directory
        self._high_load = HighLoad(revisions, directory)
        self._absences = Absences(revisions, directory)
        self._scores = Scores(revisions, directory.whereto)
        self._calls = Calls(revisions, directory, page).alarms
        self._whereabouts = Whereabouts(revisions, directory, served)
        self._uncounted = Uncounted(revisions, directory)
        self._radar = Radar(revisions, directory)
        self._time = time
        self._fired = fired
        self._following = following
        self._outgoing = outgoing

    @property
    def is_piling(self) -> bool:
        """Whether a look has something to do although nothing is due: alerts may be held back."""
        return self._is_piling

    async def once(self) -> int:
        """Fire what is due now, one batch; how many alarms that were. Not those that another replica is at."""
        now = self._time.now()
        due, self._next_due = await self._database.glance(lambda conn: alarms.ahead(conn, now=now, count=BATCH))
        self.last_cycle = now
        metrics.TICKER_CYCLE.set(now / 1000)
        # More than one batch is overdue, after a downtime: what that comes to is told at the end, together.
        is_full = len(due) == BATCH
        self._is_piling = self._is_piling or is_full
        if not due:
            await self._let_go(now)
            return 0
        answers = await self._committer.commit_all(self._fire, [one.owner for one in due], is_urgent=True)
        decided = sum(1 for answer in answers if answer is not False)
        reach("alarm.decided")
        for one, answer in zip(due, answers, strict=True):
            metrics.ALARM_LAG.observe(max(0, now - one.due_at) / 1000)
            if isinstance(answer, StoreUnavailableError):
                raise answer
            if isinstance(answer, Exception):
                await self._put_off(one.owner, answer, now)
        if not is_full:
            await self._let_go(now)
        self._fired.tell()
        self._outgoing.ring()
        return decided

    async def run(self) -> None:
        """Tick until cancelled."""
        while True:
            try:
                if not await self.once() and await self.nudge.sleep(seconds_until(self._next_due, self._time)):
                    await asyncio.sleep(min(REST_SECONDS, seconds_until(self._next_due, self._time)))
            except StoreUnavailableError as error:
                log.warning("the ticker waits for the database", reason=str(error))
                await asyncio.sleep(1)

    def _fire(self, conn: Connection, owners: Sequence[str]) -> Sequence[bool]:
        """A Change: decide the alarms that are still due, kind by kind, so that no ticket is decided twice at once.

        False for those that another replica is deciding.
        """
        now = self._time.now()
        asked, owners = owners, alarms.ours(conn, owners)
        if not owners:
            return [False] * len(asked)
        # Tickets before their alarms, in the order in which intake takes them: two replicas never wait in a circle.
        held = {CSAT, *RULES}
        lock_tickets(conn, [int(owner.partition(":")[2]) for owner in owners if owner.partition(":")[0] in held])
        by_kind: dict[str, list[str]] = defaultdict(list)
        taken = [owner.partition(":") for owner in alarms.take(conn, owners, now=now)]
        if any(kind in BEGINNINGS for kind, _, _ in taken):
            # All of them now, also those of another batch: whoever begins reads one message.
            others = alarms.take(conn, alarms.ours(conn, shifts.beginnings(conn, now=now)), now=now)
            taken += [owner.partition(":") for owner in others]
        for kind, _, subject in taken:
            by_kind[kind].append(subject)
        self._fire_tickets(conn, by_kind, now)
        begun = sorted(set(map(PersonId, by_kind["shift"])))
        theirs = tickets_of(conn, begun)  # what leave brings them now is told with it
        back = self._absences.come(conn, list(map(int, by_kind[ABSENCE])), at=now) if by_kind[ABSENCE] else set()
        # Whoever is back from an absence has been told everything that waited for them.
        begun = [one for one in begun if one not in back]
        if by_kind["opening"] or by_kind["rest"] or begun or by_kind["answered"]:
            answered = sorted(map(parts_of_answered, by_kind["answered"]), key=lambda one: one[1])
            self._begin(conn, _lists(by_kind["opening"], by_kind["rest"]), begun, theirs, now, answered)
        if ends := ends_of(by_kind["shift_end"], by_kind[REST]):
            pairs, pings = end_shifts(conn, self._revisions, ends, at=now)
            self._write(conn, pairs, now)
            for ping in pings:
                write_ping(conn, ping, at=now, whereto=self._directory.whereto)
        if by_kind["load"]:
            _, again_at = self._high_load.measure(conn, at=now)
            alarms.put(conn, [Alarm(OWNER, again_at)] if again_at is not None else [])
        if by_kind[UNREAD] and self._following is not None:
            self._following.carry(conn, by_kind[UNREAD], at=now)
        self._calls.fire(conn, keys=by_kind[CALL], people=by_kind[CALLS], at=now)
        self._whereabouts.given(conn, by_kind[PLACE], now=now)
        if by_kind["radar"]:
            self._radar.post(conn, at=now)
        kept = set(owners)
        return [owner in kept for owner in asked]

    def _fire_tickets(self, conn: Connection, by_kind: Mapping[str, Sequence[str]], now: Instant) -> None:
        """Decide the alarms that are about one ticket each."""
        for kind, rule in RULES.items():
            if ids := [TicketId(int(subject)) for subject in by_kind[kind]]:
                facts = facts_of_tickets(conn, self._revisions, ids, now=now)
                self._write(conn, self._gathered(kind, [(one, rule(one)) for one in facts.values()]), now)
        self._scores.ask(conn, [TicketId(int(subject)) for subject in by_kind[CSAT]], at=now)

    def _begin(
        self,
        conn: Connection,
        lists: Mapping[LineId, TicketId],
        people: Collection[PersonId],
        theirs: Sequence[TicketId],
        now: Instant,
        answered: Sequence[tuple[PersonId, TicketId]],
    ) -> None:
        """Shifts begin: waiting lists go to whoever is there, and each person is told once, of old and new together.

        `lists` are looked at beyond the ticket named, which is 0 for a whole list. `theirs` is what these people had
        before. `answered` are tickets that others took on meanwhile, with whoever reads of it.
        """
        waiting = {line: waiting_list(conn, line, after=after) for line, after in lists.items()}
        ids = [ticket for tickets in waiting.values() for ticket in tickets]
        # All at once: two replicas never wait for each other's in a circle.
        taken_on = {ticket for _, ticket in answered}
        facts = facts_of_tickets(conn, self._revisions, sorted({*ids, *taken_on}), now=now, is_locked=True)
        pairs: list[tuple[Facts, Decision]] = []
        for one in _those_ahead_first([facts[ticket] for ticket in ids if ticket in facts]):
            decision = shift_begins(one)
            pairs.append((one, decision))
            if decision.ticket is not None and decision.ticket.assignee is not None and isinstance(one.load, dict):
                one.load[decision.ticket.assignee] = one.load.get(decision.ticket.assignee, 0) + 1
        own = facts_of_tickets(conn, self._revisions, theirs, now=now)
        here = {person for person, _ in answered if self._is_here_to_read(person, now)}
        news = [(person, facts[ticket]) for person, ticket in answered if ticket in facts and person in here]
        home = [(one, decision) for person, one in news if (decision := comes_home(one, person)).ticket is not None]
        pairs += home
        news = [(person, one) for person, one in news if all(one is not known for known, _ in home)]
        kept = (one for one in own.values() if one.ticket is not None and one.ticket.assignee in people)
        waited = [one for one in kept if was_away(one)]
        decided, pings = digested(pairs, waited, news, seen=shifts.with_cards(conn, changed_hands(pairs)))
        self._write(conn, decided, now)
        for ping in pings:
            write_ping(conn, ping, at=now, whereto=self._directory.whereto)
        alarms.put(conn, self._later([one for one in answered if one[0] not in here], now))
        left = [one for one, decision in pairs if decision.ticket is None]
        wakes = {opening_wake(one, one.ticket) for one in left if one.ticket is not None}
        alarms.put(conn, [Alarm(wake.owner, wake.due_at) for wake in wakes if wake.due_at is not None])
        # A list longer than one transaction takes goes on at once, behind those that nobody could take.
        long = [(line, tickets[-1]) for line, tickets in waiting.items() if len(tickets) == AT_ONCE]
        alarms.put(conn, [Alarm(f"rest:{line}:{last}", now) for line, last in long])

    def _is_here_to_read(self, person: PersonId, now: Instant) -> bool:
        own = self._revisions.current.person(person)
        return own is None or self._revisions.current.coverage.is_on_shift(own, now)

    def _later(self, answered: Sequence[tuple[PersonId, TicketId]], now: Instant) -> list[Alarm]:
        """Leave keeps them from reading of it: nobody is called from leave."""
        revision = self._revisions.current
        return [
            Alarm(answered_owner(person, ticket), reads_at(revision, revision.people[person], now), ticket)
            for person, ticket in answered
        ]

    def _gathered(self, kind: str, pairs: Sequence[tuple[Facts, Decision]]) -> Sequence[tuple[Facts, Decision]]:
        """Alerts that are too many to be read one by one are held back; see `_let_go`."""
        pings = [effect for _, decision in pairs for effect in decision.effects if isinstance(effect, Ping)]
        if kind != PROMISES or not (self._is_piling or is_pile(pings)):
            return pairs
        self._is_piling = True
        return [(facts, holding(decision)) for facts, decision in pairs]

    async def _let_go(self, now: Instant) -> None:
        """What was held back goes out, as one message where it is much. It also goes by itself, a minute later."""
        if self._is_piling:
            revision = self._revisions.current
            await self._database.write(lambda conn: release(conn, revision, now=now))
            self._is_piling = False
            self._outgoing.ring()

    def _write(self, conn: Connection, pairs: Sequence[tuple[Facts, Decision]], now: Instant) -> None:
        changed = [(facts, decision) for facts, decision in pairs if decision.ticket is not None]
        write(conn, changed, recorded_at=now, whereto=self._directory.whereto)
        for _, decision in changed:
            for event in decision.events:
                if event.what == "breached":
                    metrics.BREACHES.labels(metric=str(event.particulars["metric"])).inc()

    async def _put_off(self, owner: str, error: Exception, now: Instant) -> None:
        # A ValueError of the rules says what to mend, each minute anew; anything else is a defect of ours.
        cause = None if isinstance(error, ValueError) else error
        log.error("alarm could not be decided", alarm=owner, reason=describe(error), exc_info=cause)
        kind, _, subject = owner.partition(":")

        def put_off(conn: Connection) -> None:
            alarms.put(conn, [Alarm(owner, Instant(now + PUT_OFF_MS))])
            self._uncounted.tell(conn, TicketId(int(subject)) if kind in RULES else owner, error, at=now)

        await self._database.write(put_off)


def _those_ahead_first(waiting: Sequence[Facts]) -> Sequence[Facts]:
    """Plans that are ahead in a queue are served before others of the same urgency."""
    return in_order(
        waiting,
        lambda one: one.ticket.urgency if one.ticket is not None else "",
        lambda one: one.ticket is not None and one.ticket.is_ahead,
    )


def _lists(openings: Iterable[str], rests: Iterable[str]) -> Mapping[LineId, TicketId]:
    """The lines whose waiting lists are looked at, each beyond which ticket; the whole list goes before its rest."""
    found: dict[LineId, TicketId] = {}
    for subject in sorted(rests):
        line, _, after = subject.rpartition(":")
        found[LineId(line)] = min(TicketId(int(after)), found.get(LineId(line), TicketId(int(after))))
    found |= {LineId(subject.rpartition(":")[0]): TicketId(0) for subject in openings}
    return dict(sorted(found.items()))

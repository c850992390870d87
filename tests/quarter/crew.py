"""What our people do in the quarter: each works through what is with them, at a pace of their own.

Mostly within minutes, at times too late. What they do hangs on the conversation and on what was said, never on the
order in which replicas act.
"""

import heapq
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import text

from bot.tickets import command as c
from bot.tickets.ticket import TicketId
from routing.people import PersonId
from sla.duration import Instant, later
from tests.quarter.hearing import Hearing, iso
from tests.quarter.replicas import Replicas

#: Works off what can be worked off at this moment.
Settle = Callable[[], Awaitable[None]]

_TICKETS = text("""
SELECT ticket.id, ticket.status, ticket.assignee, ticket.client_spoke_at, ticket.staff_spoke_at, ticket.ladder,
conversation.key
FROM ticket JOIN conversation ON conversation.id = ticket.conversation_id WHERE ticket.id > :after ORDER BY ticket.id
""")
_ANSWERS: Final = (
    "We are looking into it.",
    "It works again; please try.",
    "Done.",
    "This needs a setting; I made it.",
)
WORKED_ON: Final = {"new", "open"}
#: Who leads, and how long they let an alert lie that nobody else has ended: those above them are told meanwhile.
LEAD: Final = "dana"
LIES: Final = timedelta(minutes=50)


@dataclass(order=True, frozen=True)
class Work:
    """Somebody means to look at a ticket then."""

    at: int
    ticket: int
    person: str
    spoke_at: int
    #: "answer", "resolve" for what was answered before, or "heed": an alert about it.
    what: str = "answer"


class Crew:
    """Our people, with what each means to do."""

    def __init__(self, replicas: Replicas, hearing: Hearing) -> None:
        self._replicas = replicas
        self._hearing = hearing
        self._todo: list[Work] = []
        self._meant: set[tuple[int, str, int, str]] = set()
        self._known: dict[int, tuple[str, str | None, bool]] = {}
        self._acts = 0
        self._over = 0
        #: How often the database had been written to when they last looked at what they have.
        self._planned: int | None = None

    def next_at(self) -> Instant | None:
        """When the next of them means to do something."""
        return Instant(self._todo[0].at) if self._todo else None

    @property
    def looks_again(self) -> bool:
        """Whether one of them found nothing to go by and has to look once more."""
        return self._planned is None

    async def work(self, settle: Settle) -> None:
        """Whoever meant to do something by now does it, if it is theirs still; after each the desk settles."""
        while self._todo and self._todo[0].at <= self._replicas.time.at:
            await self._works(heapq.heappop(self._todo), settle)

    async def plan(self) -> None:
        """Whoever has something that waits for an answer means to look at it."""
        writes = self._replicas.database.writes
        if self._replicas.is_alone and self._planned == writes:
            return
        self._planned = writes
        found = await self._replicas.database.read(lambda conn: conn.execute(_TICKETS, {"after": self._over}).all())
        # What is done at the beginning of the list is looked at no more: it is closed for good after a while.
        self._over = next((row.id - 1 for row in found if row.status != "closed"), self._over)
        for row in found:
            waits = row.status in WORKED_ON and not _is_answered(row)
            state = (row.status, row.assignee, waits)
            if self._known.get(row.id) != state:
                self._known[row.id] = state
                what = f"{row.status}, waits" if waits else row.status
                self._hearing.write("ticket", who=row.assignee, where=row.key, ticket=row.id, what=what)
            if _is_climbing(row):
                self._mean(row, LEAD, "heed", LIES)
            if not waits or row.assignee is None:
                continue
            self._mean(row, row.assignee, "answer")

    def _mean(self, row: Any, person: str, what: str, after: timedelta | None = None) -> None:  # noqa: ANN401 - a row
        mark = (row.id, person, row.client_spoke_at, what)
        if mark in self._meant:
            return
        self._meant.add(mark)
        chance = _chance(row, person, what)
        delay = after or timedelta(minutes=chance.choice((2, 4, 6, 8, 10, 12, 14, 25, 25, 90, 180)))
        now = self._replicas.time.at
        at = max(now, self._there(person, now) or now)
        heapq.heappush(self._todo, Work(later(at, delay), row.id, person, row.client_spoke_at, what))

    async def _works(self, work: Work, settle: Settle) -> None:
        """They look at it, and do something about it if it is theirs still and they are there."""
        now = self._replicas.time.at
        after = {"after": work.ticket - 1}
        found = await self._replicas.database.read(lambda conn: conn.execute(_TICKETS, after).first())
        if found is None or found.id != work.ticket:
            return
        if work.what != "heed" and found.assignee != work.person:
            return
        if found.status not in {"new", "open", "waiting_client"} or found.client_spoke_at != work.spoke_at:
            return
        there = self._there(work.person, now)
        if there is None:
            self._meant.discard((work.ticket, work.person, work.spoke_at, work.what))
            self._planned = None
            return
        if there > now:
            heapq.heappush(self._todo, Work(there + 300_000, work.ticket, work.person, work.spoke_at, work.what))
            return
        if (work.what == "answer" and _is_answered(found)) or (work.what == "heed" and not _is_climbing(found)):
            return
        chance = _chance(found, work.person, f"{work.what}?")
        command = self._command(work, chance)
        await self._does(work.person, work.ticket, command)
        await settle()
        if isinstance(command, c.Reply) and chance.random() < 0.8:
            self._mean(found, work.person, "resolve", timedelta(hours=chance.choice((2, 20, 26))))

    def _command(self, work: Work, chance: random.Random) -> c.Command:
        if work.what == "resolve":
            return c.Resolve("All done.")
        if work.what == "heed":
            return c.Acknowledge()
        kind = chance.random()
        if kind < 0.65:
            return c.Reply(f"{chance.choice(_ANSWERS)} ({work.ticket}, {iso(Instant(work.spoke_at))})")
        if kind < 0.75:
            return c.AskDetails(f"Which one do you mean? ({iso(Instant(work.spoke_at))})")
        if kind < 0.87:
            return c.GiveEta(later(self._replicas.time.at, timedelta(hours=chance.choice((3, 26)))))
        return c.Resolve("It was a setting; it is changed.")

    async def _does(self, person: str, ticket: int, command: c.Command) -> None:
        self._acts += 1
        desk = self._replicas.desk(self._acts)
        answer = await desk.commands.perform(PersonId(person), TicketId(ticket), command, key=f"act-{self._acts}")
        what = type(command).__name__
        due = iso(command.due_at) if isinstance(command, c.GiveEta) else ""
        what = f"{what} refused" if answer.is_refused else what
        self._hearing.write("act", who=person, ticket=ticket, what=what, text=due)

    def _there(self, person: str, at: Instant) -> Instant | None:
        """When somebody is there next, or `at` where they are; None while nobody knows."""
        revision = self._replicas.revision
        one = revision.people[PersonId(person)]
        return at if revision.coverage.is_on_shift(one, at) else revision.coverage.next_shift(one, at)


def _chance(row: Any, person: str, what: str) -> random.Random:  # noqa: ANN401 - a row
    """The same for the same words on the same conversation, whoever acts first."""
    return random.Random(f"{row.key} {row.client_spoke_at} {person} {what}")


def _is_climbing(row: Any) -> bool:  # noqa: ANN401 - a row
    """Whether people were told of it who have not said that they know."""
    return row.ladder is not None and "broken_at" in row.ladder and "quiet_since" not in row.ladder


def _is_answered(row: Any) -> bool:  # noqa: ANN401 - a row
    return row.staff_spoke_at is not None and row.staff_spoke_at >= row.client_spoke_at

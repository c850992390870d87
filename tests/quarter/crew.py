"""What our people do in the quarter: each works through what is with them, at a pace of their own.

Mostly within minutes, at times too late. What they do hangs on the conversation and on what was said, never on the
order in which replicas act.
"""

import asyncio
import heapq
import json
import random
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import text

from adapters.port import Answer
from bot.tickets import command as c
from bot.tickets.ticket import TicketId
from routing.people import PersonId
from sla.duration import Instant, later
from tests.quarter.deeds import ANSWERED_FIRST, ANSWERED_THEN, Deed, deeds, drawn, seen_beside
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
#: What they do later about what they did before.
_AFTERWARDS: Final[Mapping[str, c.Command]] = {
    "resolve": c.Resolve("All done."),
    "heed": c.Acknowledge(),
    "resume": c.Resume(),
    "unmerge": c.Unmerge(),
    "cover": c.Covered(),
}
#: What somebody means to do after a deed, when, and how often they do.
_LATER: Final[Mapping[str, Sequence[tuple[str, timedelta, float]]]] = {
    "merge": (("unmerge", timedelta(minutes=40), 0.4),),
    "third party": (("resume", timedelta(hours=20), 1),),
    "not covered": (("cover", timedelta(minutes=30), 0.3), ("resolve", timedelta(hours=20), 1)),
}
#: A ticket may be looked at while it stands so.
_LOOKED_AT: Final[Mapping[str, frozenset[str]]] = {
    "unmerge": frozenset({"merged"}),
    "resume": frozenset({"waiting_third_party"}),
}
_OPEN: Final = frozenset({"new", "open", "waiting_client"})
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
    #: "answer", "heed" for an alert about it, or what is left to do after something they did.
    what: str = "answer"


class Crew:
    """Our people, with what each means to do."""

    def __init__(self, replicas: Replicas, hearing: Hearing) -> None:
        self._replicas = replicas
        self._hearing = hearing
        self._todo: list[Work] = []
        self._meant: set[tuple[int, str, int, str, int]] = set()
        self._drawn: set[tuple[int, str, int]] = set()
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
            if _is_climbing(row, self._replicas.time.at):
                self._mean(row, LEAD, "heed", LIES, step=json.loads(row.ladder).get("told", 0))
            if not waits or row.assignee is None:
                continue
            self._mean(row, row.assignee, "answer")

    def _mean(
        self,
        row: Any,  # noqa: ANN401 - a row
        person: str,
        what: str,
        after: timedelta | None = None,
        *,
        step: int = 0,
    ) -> None:
        """Once for the same words, and where it is an alert once for each `step` of its ladder."""
        mark = (row.id, person, row.client_spoke_at, what, step)
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
        if found.status not in _LOOKED_AT.get(work.what, _OPEN) or found.client_spoke_at != work.spoke_at:
            return
        there = self._there(work.person, now)
        if there is None:
            mark = (work.ticket, work.person, work.spoke_at, work.what)
            self._meant = {one for one in self._meant if one[:4] != mark}
            self._planned = None
            return
        if there > now:
            heapq.heappush(self._todo, Work(there + 300_000, work.ticket, work.person, work.spoke_at, work.what))
            return
        if (work.what == "answer" and _is_answered(found)) or (work.what == "heed" and not _is_climbing(found, now)):
            return
        if work.what == "answer":
            await self._answers(found, work, settle)
            return
        await self._does(work.person, work.ticket, _AFTERWARDS[work.what], settle)

    async def _answers(self, row: Any, work: Work, settle: Settle) -> None:  # noqa: ANN401 - a row
        """They answer, and now and then they do something else first, after it, or instead."""
        chance = _chance(row, work.person, "answer?")
        mark = (work.ticket, work.person, work.spoke_at)
        # Once for the same words: they do not merge again what they have just taken apart.
        else_what = drawn(_chance(row, work.person, "deed?")) if mark not in self._drawn else ""
        self._drawn.add(mark)
        is_instead = else_what not in ANSWERED_FIRST | ANSWERED_THEN
        is_done = else_what not in ANSWERED_FIRST and await self._does_else(else_what, row, work, settle)
        if is_done and (is_instead or not await self._is_theirs(work)):
            return
        command = self._command(work, chance)
        await self._does(work.person, work.ticket, command, settle)
        if isinstance(command, c.Resolve):
            return
        if else_what in ANSWERED_FIRST:
            await self._does_else(else_what, row, work, settle)
        if isinstance(command, c.Reply) and chance.random() < 0.8:
            self._mean(row, work.person, "resolve", timedelta(hours=chance.choice((2, 20, 26))))

    async def _does_else(self, what: str, row: Any, work: Work, settle: Settle) -> bool:  # noqa: ANN401 - a row
        """Whether it was played."""
        beside = await self._replicas.database.read(lambda conn: seen_beside(conn, work.ticket))
        chance = _chance(row, work.person, "which?")
        colleagues = self._colleagues(row, work)
        found = deeds(what, row, work.person, colleagues, beside, chance, now=self._replicas.time.at)
        if not found or not await self._do_at_once(work.ticket, found):
            return False
        await settle()
        for meant, after, share in _LATER.get(what, ()):
            if chance.random() < share:
                self._mean(row, work.person, meant, after)
        return True

    def _colleagues(self, row: Any, work: Work) -> list[str]:  # noqa: ANN401 - a row
        """Those of a line of theirs who are there, and had not meant to answer the same words."""
        lines = [one.people for one in self._replicas.revision.lines.values() if work.person in one.people]
        others = sorted({str(one) for line in lines for one in line} - {work.person})
        now = self._replicas.time.at
        return [
            one
            for one in others
            if self._there(one, now) == now and (row.id, one, row.client_spoke_at, "answer", 0) not in self._meant
        ]

    async def _is_theirs(self, work: Work) -> bool:
        after = {"after": work.ticket - 1}
        row = await self._replicas.database.read(lambda conn: conn.execute(_TICKETS, after).first())
        return row is not None and row.id == work.ticket and row.assignee == work.person and row.status in WORKED_ON

    def _command(self, work: Work, chance: random.Random) -> c.Command:
        kind = chance.random()
        if kind < 0.65:
            return c.Reply(f"{chance.choice(_ANSWERS)} ({work.ticket}, {iso(Instant(work.spoke_at))})")
        if kind < 0.75:
            return c.AskDetails(f"Which one do you mean? ({iso(Instant(work.spoke_at))})")
        if kind < 0.87:
            return c.GiveEta(later(self._replicas.time.at, timedelta(hours=chance.choice((3, 26)))))
        return c.Resolve("It was a setting; it is changed.")

    async def _does(self, person: str, ticket: int, command: c.Command, settle: Settle) -> None:
        await self._do_at_once(ticket, [Deed(person, command)])
        await settle()

    async def _do_at_once(self, ticket: int, found: Sequence[Deed]) -> bool:
        """Whether any of it was done. Each goes through a replica of its own.

        Of several replicas nobody knows which is first, so there one of ours goes after the other.
        """
        turns = range(self._acts + 1, self._acts + 1 + len(found))
        self._acts += len(found)
        doing = [self._performs(turn, ticket, one) for turn, one in zip(turns, found, strict=True)]
        if self._replicas.is_alone:
            answers = await asyncio.gather(*doing)
        else:
            answers = [await one for one in doing]
        for one, answer in zip(found, answers, strict=True):
            what = type(one.command).__name__
            if answer.is_refused:
                what = f"{what} refused"
            words = answer.text if answer.is_refused else _particulars(one.command, answer)
            self._hearing.write("act", who=one.person, ticket=ticket, what=what, text=words)
            if not answer.is_refused and isinstance(one.command, c.Merge | c.Split | c.Unmerge | c.Resume):
                self._looks_anew({ticket, one.command.into} if isinstance(one.command, c.Merge) else {ticket})
        return not all(answer.is_refused for answer in answers)

    def _looks_anew(self, tickets: Collection[int]) -> None:
        """They may wait for words that they waited for before, which somebody had meant to answer or to heed."""
        self._meant = {mark for mark in self._meant if mark[0] not in tickets}

    async def _performs(self, turn: int, ticket: int, one: Deed) -> Answer:
        desk = self._replicas.desk(turn)
        return await desk.commands.perform(PersonId(one.person), TicketId(ticket), one.command, key=f"act-{turn}")

    def _there(self, person: str, at: Instant) -> Instant | None:
        """When somebody is there next, or `at` where they are; None while nobody knows."""
        revision = self._replicas.revision
        one = revision.people[PersonId(person)]
        return at if revision.coverage.is_on_shift(one, at) else revision.coverage.next_shift(one, at)


def _particulars(command: c.Command, answer: Answer) -> str:
    """What of a command a judge has to know: the moment it names, the ticket, whom, or the words."""
    match command:
        case c.GiveEta():
            return iso(command.due_at)
        case c.Snooze():
            return iso(command.until)
        case c.Merge():
            return f"T-{command.into}"
        case c.Split():
            return answer.text
        case c.HandOver():
            return f"{'second line' if command.is_second_line else command.to}: {command.why}"
        case c.AddNote():
            return command.text
        case c.Escalate():
            return command.why
        case c.NotCovered():
            return command.clause
    return ""


def _chance(row: Any, person: str, what: str) -> random.Random:  # noqa: ANN401 - a row
    """The same for the same words on the same conversation, whoever acts first."""
    return random.Random(f"{row.key} {row.client_spoke_at} {person} {what}")


def _is_climbing(row: Any, now: Instant) -> bool:  # noqa: ANN401 - a row
    """Whether people were told of it who have not said that they know, or said so too long ago."""
    ladder = json.loads(row.ladder) if row.ladder is not None else {}
    is_heeded = "quiet_since" in ladder and ladder.get("quiet_until", now) >= now
    return "broken_at" in ladder and not is_heeded


def _is_answered(row: Any) -> bool:  # noqa: ANN401 - a row
    return row.staff_spoke_at is not None and row.staff_spoke_at >= row.client_spoke_at

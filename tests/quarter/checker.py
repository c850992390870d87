"""Judges a transcript of the quarter, by code of its own: it reads the transcript and the desk file, and nothing else.

For every minute and every message that waits for an answer there must be somebody of ours who has it and is not on
leave, or the client must have been told when somebody comes, and nobody who serves them be there. What they were told
must be true: the very minute at which the first of those who serve them comes, and whoever was named. And nobody may be
told the same thing twice while nothing happened in between, nor what is another client's business. It computes hours
and holidays by itself, minute by minute, and that a message waits it knows from the message, not from the desk. What
it has worked out once it keeps: many transcripts are nearly the same.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from tests.quarter.book import COURTESY, FARTHEST, MINUTE, NUMBER, SETTLES, Book, Desk, Ticket, read_moment
from tests.quarter.telling import Told, told
from tests.quarter.transcript import Line

DAY: Final = timedelta(days=1)


class Judge:
    """One transcript with what is wrong in it."""

    def __init__(self, desk: Desk, lines: Sequence[Line]) -> None:
        self._desk = desk
        self._lines = lines
        self._book = Book(desk, lines)

    def faults(self) -> Iterator[str]:
        """What is wrong, in sentences."""
        yield from self.unheard()
        yield from self.let_go()
        yield from self.told_to_others()
        yield from self.left_alone()
        yield from self.never_told()
        yield from self.told_wrong_times()
        yield from self.told_twice()
        yield from self.called_while_away()

    def unheard(self) -> Iterator[str]:
        """Words of a client that wait nowhere, though nobody answered them."""
        held = defaultdict(list)
        for ticket in self._book.tickets.values():
            held[self._whose(ticket.conv)].append(ticket)
        for line in self._lines:
            if line.kind != "said" or COURTESY.fullmatch(line.text):
                continue
            at = read_moment(line.at)
            if not any(
                _waits(one, at + SETTLES) or one.acted(at, at + SETTLES) for one in held[self._whose(line.where)]
            ):
                yield f"{line.who} said {line.text!r} at {line.at}, and it waits nowhere"

    def let_go(self) -> Iterator[str]:
        """What waited and waits no more, though nobody of ours did anything about it."""
        for number, ticket in sorted(self._book.tickets.items()):
            for one, other in pairwise(ticket.states):
                if one.waits and not other.waits and not ticket.acted(one.since, other.since):
                    yield f"T-{number} waits no more at {other.since:%Y-%m-%d %H:%M}, and nobody did anything"

    def told_to_others(self) -> Iterator[str]:
        """What is about a ticket, said in a place of another client than the one it is of."""
        places = {line.where for line in self._lines if line.kind == "said"}
        for line in self._lines:
            if line.kind != "told" or line.where not in places or line.ticket is None:
                continue
            conv = self._book.tickets[line.ticket].conv
            if self._whose(line.where) != self._whose(conv):
                yield f"{line.where} was told of T-{line.ticket} at {line.at}, which is another client's"

    def left_alone(self) -> Iterator[str]:
        """Minutes in which a message waits and nobody has it, and no moment was named or the one named is over."""
        for number, ticket in sorted(self._book.tickets.items()):
            for begun, ended, person in self._waiting(ticket):
                moment = begun + SETTLES
                while moment < ended:
                    if not self._is_kept(ticket, person, moment, since=begun):
                        words = self._last(ticket, moment)
                        yield f"T-{number} at {moment:%Y-%m-%d %H:%M}: with {person or 'nobody'}, {words!r}"
                        break
                    moment += MINUTE

    def never_told(self) -> Iterator[str]:
        """Whoever has a ticket was never shown it; whoever asked was never told anything."""
        told = [line for line in self._lines if line.kind == "told"]
        seen = {(line.who, line.ticket) for line in told}
        for number, ticket in sorted(self._book.tickets.items()):
            for one in ticket.states:
                person = one.person
                if not person or (person, number) in seen:
                    continue
                if not any(line.who == person and f"T-{number} " in f"{line.text} " for line in told):
                    yield f"T-{number} went to {person} at {one.since:%Y-%m-%d %H:%M}, who was never shown it"
            if not ticket.told:
                yield f"the client of T-{number} was never told anything"

    def told_wrong_times(self) -> Iterator[str]:
        """A client was told when we come, or by when somebody answers, and by our own reckoning that is not so."""
        for number, ticket in sorted(self._book.tickets.items()):
            for at, line in ticket.told:
                found = self._told(line, at)
                if line.what != "auto" or found == Told():
                    continue
                comes_at = self._first_there(ticket, at)
                here = f"T-{number} at {line.at}, {line.text!r}: "
                if found.opens_at is not None and found.opens_at != comes_at:
                    yield f"{here}somebody comes at {comes_at}"
                if found.who and not self._is_named_there(found):
                    yield f"{here}{found.who} is not there then"
                if (
                    found.opens_at is None
                    and found.answers_by is not None
                    and not (comes_at is not None and comes_at < found.answers_by)
                ):
                    yield f"{here}nobody comes before {comes_at}"

    def told_in(self, line: Line) -> Told:
        """The moments that one line of ours tells a client."""
        return self._told(line, read_moment(line.at))

    def told_twice(self) -> Iterator[str]:
        """The same words about the same ticket to the same one, and nothing happened to it in between."""
        happened: dict[int | str, int] = {}
        told: dict[tuple[str, str, int | None, str], int] = {}
        held = defaultdict(set)
        for line in self._lines:
            if line.kind == "ticket" and line.ticket is not None:
                held[line.where].add(line.ticket)
        for place, line in enumerate(self._lines):
            if line.kind == "act" and line.ticket:
                happened[line.ticket] = place
            elif line.kind in {"said", "asks"}:
                happened |= dict.fromkeys([line.where, *held[line.where]], place)
            elif line.kind == "told":
                to = line.who or line.where
                key = (to, line.what, line.ticket, line.text)
                before = told.get(key)
                about: set[int | str] = {line.ticket} if line.ticket else set(map(int, NUMBER.findall(line.text)))
                # Who asks about nothing that is open is told so, each time.
                about = about or {line.where}
                if before is not None and before > max((happened.get(one, -1) for one in about), default=-1):
                    yield f"{to} was told twice, at {self._lines[before].at} and {line.at}: {line.text!r}"
                told[key] = place

    def called_while_away(self) -> Iterator[str]:
        """A person is called in a ticket's matter while they are on leave."""
        for line in self._lines:
            if line.kind != "told" or line.what not in {"ping", "alert"} or not line.ticket:
                continue
            at = read_moment(line.at)
            for person in filter(None, line.who.split(",")):
                if self._book.is_away(person, at) and self._book.is_away(person, at - SETTLES):
                    yield f"{person} is on leave and was called at {line.at}: {line.text!r}"

    def waited(self) -> int:
        """How many minutes in all somebody waited for an answer: what `left_alone` looked at."""
        return sum(
            (ended - begun) // MINUTE
            for ticket in self._book.tickets.values()
            for begun, ended, _ in self._waiting(ticket)
        )

    def _waiting(self, ticket: Ticket) -> Iterator[tuple[datetime, datetime, str]]:
        """The stretches in which it waits for us, each with one person; without those in which we were down."""
        return ((since, until, one.person) for since, until, one in self._book.stretches(ticket) if one.waits)

    def _is_kept(self, ticket: Ticket, person: str, at: datetime, *, since: datetime) -> bool:
        # Whoever goes on leave has a minute in which it goes on, and whoever comes one in which it is given to them.
        before = at - MINUTE
        if person and not (self._book.is_away(person, at) and self._book.is_away(person, before)):
            return True
        if self._is_anybody_there(ticket, at) and self._is_anybody_there(ticket, before):
            return False
        # Nobody who serves them is there, and they know when somebody will be.
        return self._knows(ticket, before) or self._is_silent_by_mail(ticket, since)

    def _knows(self, ticket: Ticket, at: datetime) -> bool:
        """Whether the last moment that its client was told lies ahead still."""
        known = (self._told(line, moment) for moment, line in reversed(ticket.told) if moment <= at)
        last = next((one for one in known if one != Told()), Told())
        return any(one is not None and at <= one for one in (last.opens_at, last.answers_by))

    def _told(self, line: Line, at: datetime) -> Told:
        return told(
            line.text, at=at, zone=ZoneInfo(self._desk.clients.get(line.where, {}).get("zone", self._desk.zone))
        )

    def _first_there(self, ticket: Ticket, at: datetime) -> datetime | None:
        """The first minute from then on at which somebody who serves them is there."""
        moment = at if self._is_anybody_there(ticket, at) else at.replace(second=0) + MINUTE
        while moment < at + FARTHEST:
            if self._is_anybody_there(ticket, moment):
                return moment
            moment += MINUTE
        return None

    def _is_named_there(self, told: Told) -> bool:
        people = [key for key, one in self._desk.people.items() if str(one["name"]).split()[0] == told.who]
        return told.opens_at is not None and any(self._book.is_there(one, told.opens_at) for one in people)

    def _whose(self, conv: str) -> str:
        """The client that a place is of; whoever is of none goes on in no other place."""
        return str(self._desk.clients[conv]["name"]) if conv in self._desk.clients else conv

    def _is_silent_by_mail(self, ticket: Ticket, at: datetime) -> bool:
        """A mail is answered automatically once a day and ticket, lest two machines write to each other for ever."""
        return any(
            line.what == "auto" and line.where.startswith("email:") and at - DAY <= moment <= at
            for moment, line in ticket.told
        )

    def _last(self, ticket: Ticket, at: datetime) -> str:
        return next((line.text for moment, line in reversed(ticket.told) if moment <= at), "")

    def _is_anybody_there(self, ticket: Ticket, at: datetime) -> bool:
        here = self._desk.working(at) & self._desk.serving(ticket.conv)
        return any(not self._book.is_away(person, at) for person in here)


def _waits(ticket: Ticket, at: datetime) -> bool:
    state = ticket.at(at)
    return state is not None and state.waits

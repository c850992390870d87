"""Judges a transcript of the quarter, by code of its own: it reads the transcript and the desk file, and nothing else.

For every minute and every message that waits for an answer there must be somebody of ours who has it and is not on
leave, or the client must have been told when somebody comes, and nobody who serves them be there. What they were told
must be true: the very minute at which the first of those who serve them comes, and whoever was named. And nobody may be
told the same thing twice while nothing happened in between, nor what is another client's business. It computes hours
and holidays by itself, minute by minute, and that a message waits it knows from the message, not from the desk. What
it has worked out once it keeps: many transcripts are nearly the same.
"""

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo

import holidays

from tests.quarter.telling import Told, told
from tests.quarter.transcript import Line

MINUTE: Final = timedelta(minutes=1)
DAY: Final = timedelta(days=1)
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
#: A ticket stands as it is for so long before somebody must have noticed.
SETTLES: Final = timedelta(minutes=2)
#: Such words ask for nothing.
_COURTESY: Final = re.compile(r"(great, )?thank(s| you)!?", re.IGNORECASE)
_NUMBER: Final = re.compile(r"\bT-(\d+)\b")
#: Nobody is looked for further ahead.
FARTHEST: Final = timedelta(days=60)


@cache
def read_moment(written: str) -> datetime:
    """A moment of the transcript."""
    return datetime.fromisoformat(written)


@dataclass(frozen=True)
class Hours:
    """Working hours as the desk file writes them."""

    zone: ZoneInfo
    week: Mapping[int, Sequence[tuple[time, time]]]
    closed: frozenset[Any]

    def is_open(self, at: datetime) -> bool:
        here = at.astimezone(self.zone)
        if here.date() in self.closed:
            return False
        return any(begins <= here.time() < ends for begins, ends in self.week.get(here.weekday(), ()))


@dataclass
class Desk:
    """What of the desk file matters here."""

    hours: Mapping[str, Hours]
    people: Mapping[str, Mapping[str, Any]]
    clients: Mapping[str, Mapping[str, Any]]
    plans: Mapping[str, Mapping[str, Any]]
    lines: Mapping[str, Sequence[str]]
    public_plan: str
    #: Where nobody's own is known.
    zone: str
    _working: dict[datetime, frozenset[str]] = field(default_factory=dict)
    _serving: dict[str, frozenset[str]] = field(default_factory=dict)

    def working(self, at: datetime) -> frozenset[str]:
        """Whose hours it is, leave aside. Hours begin and end with a minute, so all of it is as its beginning."""
        minute = at.replace(second=0, microsecond=0)
        if minute not in self._working:
            hours = {key: one.is_open(minute) for key, one in self.hours.items()}
            self._working[minute] = frozenset(key for key, one in self.people.items() if hours[one["calendar"]])
        return self._working[minute]

    def serving(self, conv: str) -> frozenset[str]:
        """All who may be given what is said in a conversation."""
        if conv not in self._serving:
            self._serving[conv] = self._serves(conv)
        return self._serving[conv]

    def _serves(self, conv: str) -> frozenset[str]:
        client = self.clients.get(conv, {})
        line = self.lines[self.plans[client.get("plan", self.public_plan)]["line"]]
        named = [client.get("manager"), client.get("backup")]
        named.append(self.people[named[0]].get("backup") if named[0] else None)
        return frozenset({*line, *(one for one in named if one is not None)})


@dataclass
class Ticket:
    """One ticket over time: how it stood from when on, what its client asked, what they were told."""

    conv: str = ""
    states: list[tuple[datetime, str, bool]] = field(default_factory=list)
    told: list[tuple[datetime, Line]] = field(default_factory=list)


@cache
def desk_from_toml(text: str) -> Desk:
    """Read a desk file, the same one once."""
    desk = tomllib.loads(text)
    hours = {key: _hours(one) for key, one in desk["calendars"].items()}
    clients = {
        f"{channel}:desk:{contact[channel]}": client
        for client in desk["clients"].values()
        for contact in client["contacts"]
        for channel in ("telegram", "email", "slack", "inapp")
        if channel in contact
    }
    lines = {key: one["people"] for key, one in desk["lines"].items()}
    return Desk(hours, desk["people"], clients, desk["plans"], lines, desk["desk"]["public_plan"], desk["desk"]["zone"])


def _hours(written: Mapping[str, Any]) -> Hours:
    week: dict[int, list[tuple[time, time]]] = defaultdict(list)
    for days, windows in written["week"].items():
        first, _, last = days.partition("-")
        for day in range(DAYS.index(first), DAYS.index(last or first) + 1):
            for window in windows:
                begins, ends = (time.fromisoformat(one) for one in window.split("-"))
                week[day].append((begins, ends))
    country = written.get("holidays", {}).get("country")
    closed = holidays.country_holidays(country, years=(2026,)) if country else {}
    return Hours(ZoneInfo(written["zone"]), week, frozenset(closed))


class Judge:
    """One transcript with what is wrong in it."""

    def __init__(self, desk: Desk, lines: Sequence[Line]) -> None:
        self._desk = desk
        self._lines = lines
        self._tickets: dict[int, Ticket] = defaultdict(Ticket)
        self._away: dict[str, list[tuple[datetime, datetime | None]]] = defaultdict(list)
        self._acts: dict[int, list[datetime]] = defaultdict(list)
        self._down: list[tuple[datetime, datetime]] = []
        self._read()

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
        for number, ticket in self._tickets.items():
            held[self._whose(ticket.conv)].append(number)
        for line in self._lines:
            if line.kind != "said" or _COURTESY.fullmatch(line.text):
                continue
            at = read_moment(line.at)
            if not any(
                self._waits(one, at + SETTLES) or self._acted(one, at, at + SETTLES)
                for one in held[self._whose(line.where)]
            ):
                yield f"{line.who} said {line.text!r} at {line.at}, and it waits nowhere"

    def let_go(self) -> Iterator[str]:
        """What waited and waits no more, though nobody of ours did anything about it."""
        for number, ticket in sorted(self._tickets.items()):
            for (since, _, waits), (until, _, still) in pairwise(ticket.states):
                if waits and not still and not self._acted(number, since, until):
                    yield f"T-{number} waits no more at {until:%Y-%m-%d %H:%M}, and nobody did anything"

    def told_to_others(self) -> Iterator[str]:
        """What is about a ticket, said in a place of another client than the one it is of."""
        places = {line.where for line in self._lines if line.kind == "said"}
        for line in self._lines:
            if line.kind != "told" or line.where not in places or line.ticket is None:
                continue
            conv = self._tickets[line.ticket].conv
            if self._whose(line.where) != self._whose(conv):
                yield f"{line.where} was told of T-{line.ticket} at {line.at}, which is another client's"

    def left_alone(self) -> Iterator[str]:
        """Minutes in which a message waits and nobody has it, and no moment was named or the one named is over."""
        for number, ticket in sorted(self._tickets.items()):
            for begun, ended, person in self._stretches(ticket):
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
        for number, ticket in sorted(self._tickets.items()):
            for since, person, _ in ticket.states:
                if not person or (person, number) in seen:
                    continue
                if not any(line.who == person and f"T-{number} " in f"{line.text} " for line in told):
                    yield f"T-{number} went to {person} at {since:%Y-%m-%d %H:%M}, who was never shown it"
            if not ticket.told:
                yield f"the client of T-{number} was never told anything"

    def told_wrong_times(self) -> Iterator[str]:
        """A client was told when we come, or by when somebody answers, and by our own reckoning that is not so."""
        for number, ticket in sorted(self._tickets.items()):
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
        happened: dict[int | None, int] = {}
        told: dict[tuple[str, str, int | None, str], int] = {}
        held = defaultdict(set)
        for line in self._lines:
            if line.kind == "ticket" and line.ticket is not None:
                held[line.where].add(line.ticket)
        for place, line in enumerate(self._lines):
            if line.kind == "act":
                happened[line.ticket] = place
            elif line.kind == "said":
                happened |= dict.fromkeys(held[line.where], place)
            elif line.kind == "told":
                to = line.who or line.where
                key = (to, line.what, line.ticket, line.text)
                before = told.get(key)
                about = {line.ticket} if line.ticket else {int(one) for one in _NUMBER.findall(line.text)}
                if before is not None and before > max((happened.get(one, -1) for one in about), default=-1):
                    yield f"{to} was told twice, at {self._lines[before].at} and {line.at}: {line.text!r}"
                told[key] = place

    def called_while_away(self) -> Iterator[str]:
        """A person is called in a ticket's matter while they are on leave."""
        for line in self._lines:
            if line.kind != "told" or line.who not in self._desk.people or line.what not in {"ping", "alert"}:
                continue
            at = read_moment(line.at)
            if line.ticket and self._is_away(line.who, at) and self._is_away(line.who, at - SETTLES):
                yield f"{line.who} is on leave and was called at {line.at}: {line.text!r}"

    def waited(self) -> int:
        """How many minutes in all somebody waited for an answer: what `left_alone` looked at."""
        return sum(
            (ended - begun) // MINUTE
            for ticket in self._tickets.values()
            for begun, ended, _ in self._stretches(ticket)
        )

    def _stretches(self, ticket: Ticket) -> Iterator[tuple[datetime, datetime, str]]:
        """The stretches in which it waits for us, each with one person; without those in which we were down."""
        last = read_moment(self._lines[-1].at)
        for place, (since, person, waits) in enumerate(ticket.states):
            until = ticket.states[place + 1][0] if place + 1 < len(ticket.states) else last
            pieces = [(since, until)] if waits else []
            for begun, ended in self._down:
                pieces = [
                    piece
                    for first, second in pieces
                    for piece in ((first, min(second, begun)), (max(first, ended), second))
                    if piece[0] < piece[1]
                ]
            yield from ((first, second, person) for first, second in pieces)

    def _is_kept(self, ticket: Ticket, person: str, at: datetime, *, since: datetime) -> bool:
        if person and not self._is_away(person, at):
            return True
        if self._is_anybody_there(ticket, at):
            return False
        # Nobody who serves them is there, and they know when somebody will be.
        return self._knows(ticket, at) or self._is_silent_by_mail(ticket, since)

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
        return told.opens_at is not None and any(self._is_there(one, told.opens_at) for one in people)

    def _whose(self, conv: str) -> str:
        """The client that a place is of; whoever is of none goes on in no other place."""
        return str(self._desk.clients[conv]["name"]) if conv in self._desk.clients else conv

    def _waits(self, number: int, at: datetime) -> bool:
        return next((waits for since, _, waits in reversed(self._tickets[number].states) if since <= at), False)

    def _acted(self, number: int, since: datetime, until: datetime) -> bool:
        return any(since <= one <= until for one in self._acts[number])

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
        return any(not self._is_away(person, at) for person in here)

    def _is_there(self, person: str, at: datetime) -> bool:
        return person in self._desk.working(at) and not self._is_away(person, at)

    def _is_away(self, person: str, at: datetime) -> bool:
        return any(since <= at and (until is None or at < until) for since, until in self._away[person])

    def _read(self) -> None:
        clients = {line.where for line in self._lines if line.kind == "said"}
        down_since: datetime | None = None
        for line in self._lines:
            at = read_moment(line.at)
            match line.kind:
                case "down":
                    down_since = at
                case "up" if down_since is not None:
                    self._down.append((down_since, at + SETTLES))
                case "leave":
                    self._leave(line, at)
                case "act" if line.ticket is not None and not line.what.endswith("refused"):
                    self._acts[line.ticket].append(at)
                case "ticket" if line.ticket is not None:
                    ticket = self._tickets[line.ticket]
                    ticket.conv = line.where
                    ticket.states.append((at, line.who, line.what.endswith(", waits")))
                case "told" if line.ticket is not None and line.where in clients:
                    self._tickets[line.ticket].told.append((at, line))

    def _leave(self, line: Line, at: datetime) -> None:
        """Leave begins and ends at midnight where the person works, or at once."""
        person, words = line.who, line.what
        zone = self._desk.hours[self._desk.people[person]["calendar"]].zone
        days = {
            name: datetime.fromisoformat(day).replace(tzinfo=zone).astimezone(UTC)
            for name, day in re.findall(r"(from|until) (\d{4}-\d{2}-\d{2})", words)
        }
        if words == "back":
            self._away[person] = [(one, at if until is None else until) for one, until in self._away[person]]
            return
        since, until = days.get("from", at), days.get("until")
        # Who is away already has another end of it.
        going = [one for one in self._away[person] if one[0] <= at and (one[1] is None or at < one[1])]
        if going and "from" not in days:
            self._away[person].remove(going[0])
            since = going[0][0]
        self._away[person].append((since, until))

"""A transcript of the quarter as its judges read it: who had which ticket when, who was there, what was said and told.

It reads the transcript and the desk file, and nothing else. Hours and holidays it computes by itself.
"""

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo

import holidays

from tests.quarter.transcript import Line

MINUTE: Final = timedelta(minutes=1)
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
#: A ticket stands as it is for so long before somebody must have noticed.
SETTLES: Final = timedelta(minutes=2)
#: Such words ask for nothing.
COURTESY: Final = re.compile(r"(great, )?thank(s| you)!?", re.IGNORECASE)
NUMBER: Final = re.compile(r"\bT-(\d+)\b")
#: Urgencies for which people are called at any hour.
LOUD: Final = frozenset({"critical", "high"})
#: What calls one of our people; a card that is drawn for nobody in particular does not.
CALLING: Final = frozenset({"card", "ping", "alert"})
#: Statuses of a ticket that is not over.
OPEN: Final = frozenset({"new", "open", "waiting_client", "waiting_third_party"})
#: Nobody is looked for further ahead.
FARTHEST: Final = timedelta(days=60)


@cache
def read_moment(written: str) -> datetime:
    """A moment of the transcript."""
    return datetime.fromisoformat(written)


@dataclass(frozen=True, eq=False)
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
    policies: Mapping[str, Mapping[str, Any]]
    ladders: Mapping[str, Mapping[str, Any]]
    lines: Mapping[str, Sequence[str]]
    public_plan: str
    #: Words that make a ticket urgent, and how urgent.
    urgent: Mapping[str, str]
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

    def plan_of(self, conv: str) -> Mapping[str, Any]:
        """What whoever speaks there has bought."""
        return self.plans[self.clients.get(conv, {}).get("plan", self.public_plan)]

    def policy_of(self, conv: str) -> str:
        """The agreement that counts there."""
        return str(self.plan_of(conv)["policy"])

    def pages(self, conv: str) -> str | None:
        """The ladder that is paged there out of hours."""
        policy = self.policies[self.policy_of(conv)]
        while "off_hours_ladder" not in policy and "extends" in policy:
            policy = self.policies[policy["extends"]]
        return policy.get("off_hours_ladder")

    def on_step(self, tell: str) -> Sequence[str]:
        """The people behind a step's word."""
        return [tell] if tell in self.people else [key for key, one in self.people.items() if tell in one["roles"]]

    def _serves(self, conv: str) -> frozenset[str]:
        client = self.clients.get(conv, {})
        line = self.lines[self.plan_of(conv)["line"]]
        named = [client.get("manager"), client.get("backup")]
        named.append(self.people[named[0]].get("backup") if named[0] else None)
        return frozenset({*line, *(one for one in named if one is not None)})


@dataclass(frozen=True, slots=True)
class State:
    """How a ticket stood from a moment on: whose it was, and whether it waited for us."""

    since: datetime
    person: str
    status: str
    waits: bool

    @property
    def is_open(self) -> bool:
        return self.status in OPEN


@dataclass(frozen=True, slots=True)
class Act:
    """What one of our people did about a ticket; `due_at` is the moment they promised, if they did.

    `words` are what else it names: another ticket, a person, a moment, a clause.
    """

    at: datetime
    who: str
    what: str
    due_at: datetime | None = None
    words: str = ""


@dataclass
class Ticket:
    """One ticket over time: how it stood from when on, what its client said and was told, what ours did about it.

    `others` are tickets that went on as it, with the moments; `turned` are moments at which its words became those of
    another ticket, or another's became its own.
    """

    conv: str = ""
    states: list[State] = field(default_factory=list)
    said: list[tuple[datetime, str]] = field(default_factory=list)
    told: list[tuple[datetime, Line]] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    others: list[tuple[datetime, "Ticket"]] = field(default_factory=list)
    turned: list[datetime] = field(default_factory=list)
    #: When its client asked for somebody higher up.
    asked: list[datetime] = field(default_factory=list)

    def at(self, moment: datetime) -> State | None:
        """How it stood then, the moment itself included."""
        return next((one for one in reversed(self.states) if one.since <= moment), None)

    def acted(self, since: datetime, until: datetime, *, who: str = "") -> bool:
        """Whether anybody, or this one, did anything about it between two moments, both included."""
        return any(since <= one.at <= until and who in {"", one.who} for one in self.acts)

    def heard(self, until: datetime) -> list[tuple[datetime, str]]:
        """What was said by then on it and on all that had gone on as it by then."""
        found: list[Ticket] = [self]
        for one in found:
            found += [other for at, other in one.others if at <= until and all(other is not known for known in found)]
        return [(at, words) for one in found for at, words in one.said if at <= until]

    def is_left_out(self, at: datetime) -> bool:
        """Whether the agreement did not cover it then."""
        found = [one.what for one in self.acts if one.at <= at and one.what in {"NotCovered", "Covered"}]
        return found[-1:] == ["NotCovered"]

    def heeded(self, since: datetime, until: datetime) -> bool:
        """Whether anybody said between two moments that they look after it."""
        return any(since <= one.at <= until and one.what == "Acknowledge" for one in self.acts)


def _named(act: Act) -> int:
    """The other ticket that an act is about."""
    found = NUMBER.search(act.words)
    if found is None:
        raise ValueError(f"which ticket is {act.words!r}?")
    return int(found[1])


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
    urgent = {word: rule["urgency"] for rule in desk["triage"]["rules"] for word in rule["words"]}
    own = desk["desk"]
    return Desk(
        hours,
        desk["people"],
        clients,
        desk["plans"],
        desk["policies"],
        desk["ladders"],
        lines,
        own["public_plan"],
        urgent,
        own["zone"],
    )


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


class Book:
    """One transcript: its tickets, who was away when, when the bot did not run, who of ours was called about what."""

    def __init__(self, desk: Desk, lines: Sequence[Line]) -> None:
        self.desk = desk
        self.lines = lines
        self.tickets: dict[int, Ticket] = defaultdict(Ticket)
        self.away: dict[str, list[tuple[datetime, datetime | None]]] = defaultdict(list)
        self.down: list[tuple[datetime, datetime]] = []
        #: Moments at which a person was called about a ticket, in a message of its own or as one of several.
        self.calls: dict[tuple[str, int], list[datetime]] = defaultdict(list)
        #: When a ticket was shown to those who lead, whoever of them was called.
        self.shown: dict[int, list[datetime]] = defaultdict(list)
        self._read()

    @property
    def ends(self) -> datetime:
        """The moment of its last line."""
        return read_moment(self.lines[-1].at)

    def is_there(self, person: str, at: datetime) -> bool:
        """Whether they work then."""
        return person in self.desk.working(at) and not self.is_away(person, at)

    def is_running(self, at: datetime) -> bool:
        """Whether the bot runs then."""
        return not any(since <= at < until for since, until in self.down)

    def is_away(self, person: str, at: datetime) -> bool:
        """Whether they are on leave then."""
        return any(since <= at and (until is None or at < until) for since, until in self.away[person])

    def comes_at(self, person: str, at: datetime, *, before: datetime) -> datetime | None:
        """The first moment from `at` on at which they work, if there is one before another."""
        moment = at
        while moment < before:
            if self.is_there(person, moment):
                return moment
            moment = moment.replace(second=0) + MINUTE
        return None

    def urgency(self, number: int, at: datetime) -> str:
        """How urgent a ticket is by what its client has said by then; it never gets less so by words."""
        said = " ".join(words.casefold() for _, words in self.tickets[number].heard(at))
        found = {urgency for word, urgency in self.desk.urgent.items() if word in said}
        return next((one for one in ("critical", "high") if one in found), "medium")

    def is_loud(self, number: int, at: datetime) -> bool:
        """Whether people are called about it at any hour."""
        return self.urgency(number, at) in LOUD

    def is_asked_for(self, number: int, at: datetime) -> bool:
        """Whether its client, or one of ours, has just asked for somebody higher up."""
        ticket = self.tickets[number]
        acts = [one.at for one in ticket.acts if one.what == "Escalate"]
        return any(at - SETTLES <= one <= at for one in (*acts, *ticket.asked))

    def stretches(self, ticket: Ticket) -> Iterator[tuple[datetime, datetime, State]]:
        """The stretches in which it stands as it stands; without those in which we were down."""
        for place, state in enumerate(ticket.states):
            until = ticket.states[place + 1].since if place + 1 < len(ticket.states) else self.ends
            pieces = [(state.since, until)]
            for begun, ended in self.down:
                pieces = [
                    piece
                    for first, second in pieces
                    for piece in ((first, min(second, begun)), (max(first, ended), second))
                    if piece[0] < piece[1]
                ]
            yield from ((first, second, state) for first, second in pieces)

    def _read(self) -> None:
        clients = {line.where for line in self.lines if line.kind == "said"}
        down_since: datetime | None = None
        asks: list[Line] = []
        for line in self.lines:
            at = read_moment(line.at)
            if line.kind == "down":
                down_since = at
            elif line.kind == "up" and down_since is not None:
                self.down.append((down_since, at + SETTLES))
            elif line.kind == "leave":
                self._leave(line, at)
            elif line.kind == "asks":
                asks.append(line)
            elif line.kind == "told" and line.where not in clients:
                self._told_of_ours(line, at)
            elif line.ticket is not None:
                self._of_ticket(line, self.tickets[line.ticket], at)
        for line in asks:
            self._asks(line)

    def _asks(self, line: Line) -> None:
        """What is answered to a word of command says which ticket it was about."""
        at = read_moment(line.at)
        for ticket in self.tickets.values():
            answers = [one for moment, one in ticket.told if at <= moment <= at + SETTLES]
            if line.text == "/escalate" and any(one.what == "auto" and one.where == line.where for one in answers):
                ticket.asked.append(at)

    def _of_ticket(self, line: Line, ticket: Ticket, at: datetime) -> None:
        match line.kind:
            case "act" if not line.what.endswith("refused"):
                due_at = read_moment(line.text) if line.what == "GiveEta" else None
                act = Act(at, line.who, line.what, due_at, line.text)
                ticket.acts.append(act)
                self._turns(ticket, act)
            case "ticket":
                ticket.conv = line.where
                status, _, waits = line.what.partition(", ")
                ticket.states.append(State(at, line.who, status, bool(waits)))
            case "said":
                ticket.said.append((at, line.text))
            case "told":
                ticket.told.append((at, line))

    def _turns(self, ticket: Ticket, act: Act) -> None:
        """What was said on a ticket is on another one from then on, or again."""
        if act.what not in {"Merge", "Split", "Unmerge"}:
            return
        concerned = [ticket]
        if act.what == "Merge":
            kept = self.tickets[_named(act)]
            kept.others.append((act.at, ticket))
            kept.acts.append(act)
            concerned.append(kept)
        elif act.what == "Split":
            fresh = self.tickets[_named(act)]
            fresh.said += ticket.said[-1:]
            del ticket.said[-1:]
            # What the agreement leaves out is that work alone: what is split off it is promised from then on.
            fresh.acts += [act] if not ticket.is_left_out(act.at) else [act, replace(act, what="Covered")]
            concerned.append(fresh)
        else:
            parted = [one for one in self.tickets.values() if any(other is ticket for _, other in one.others)]
            for one in parted:
                one.acts.append(act)
            concerned += parted
        for one in concerned:
            one.turned.append(act.at)

    def _told_of_ours(self, line: Line, at: datetime) -> None:
        if line.what not in CALLING:
            return
        if line.ticket and (line.what == "alert" or not line.who):
            self.shown[line.ticket].append(at)
        named = {line.ticket} if line.ticket else set(map(int, NUMBER.findall(line.text)))
        for person in line.who.split(","):
            for number in named:
                self.calls[person, number].append(at)

    def _leave(self, line: Line, at: datetime) -> None:
        """Leave begins and ends at midnight where the person works, or at once."""
        person, words = line.who, line.what
        zone = self.desk.hours[self.desk.people[person]["calendar"]].zone
        days = {
            name: datetime.fromisoformat(day).replace(tzinfo=zone).astimezone(UTC)
            for name, day in re.findall(r"(from|until) (\d{4}-\d{2}-\d{2})", words)
        }
        if words == "back":
            self.away[person] = [(one, at if until is None else until) for one, until in self.away[person]]
            return
        since, until = days.get("from", at), days.get("until")
        # Who is away already has another end of it.
        going = [one for one in self.away[person] if one[0] <= at and (one[1] is None or at < one[1])]
        if going and "from" not in days:
            self.away[person].remove(going[0])
            since = going[0][0]
        self.away[person].append((since, until))

"""Rows of the golden format, answered by the engine: what a promise, a ladder, a call or a month comes to.

A row names an operation and its input; the file also holds the calendars that rows speak of. The format's own words
(`customer`, `agent`, `vendor`) are our contact, manager and third party.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from math import isclose
from typing import Any, Final

from routing.calls import CallTerms, earliest, notice_ends
from routing.ladder import Climb, Step, acknowledged, climbed, falls_at
from sla import clock as clocks_of
from sla import promise
from sla.calendar import ALWAYS, Calendar, CalendarSpec, Windows, compile_calendar
from sla.clock import BREACH, Clock, Mark, PauseReason, State, used_ms
from sla.duration import BusinessDays, DayMode, Instant, instant, moment, parse_mode
from sla.ledger import LedgerTerms, months
from sla.marks import mark_points
from sla.policy import Metric, Policy, SatisfiedBy, Target, Unit
from sla.promise import Promises, ReplyKind
from sla.uptime import quarter_of
from sla.week import WEEKDAYS, parse_zone

Row = Mapping[str, Any]
Answer = dict[str, Any]

SECOND: Final = 1000
HOUR: Final = timedelta(hours=1)
#: Horizon to begin with; calendars grow by themselves.
START, END = instant(datetime.fromisoformat("2024-01-01T00:00Z")), instant(datetime.fromisoformat("2031-01-01T00:00Z"))
#: No row is about a later moment than this.
FOR_EVER = Instant(END + 100 * 366 * 86_400 * SECOND)
METRICS: Final = {"first": Metric.FIRST_RESPONSE, "next": Metric.NEXT_RESPONSE, "follow_up": Metric.FOLLOW_UP}
NAMES: Final = {metric: name for name, metric in METRICS.items()}


class Golden:
    """A file of rows. Each of its calendars is compiled once."""

    def __init__(self, file: Row) -> None:
        self.rows: Sequence[Row] = file["rows"]
        self._specs: Mapping[str, Row] = file.get("calendars", {})
        self._compiled: dict[str, Calendar] = {}

    def answer(self, row: Row) -> Answer:
        """What the engine says. ValueError or KeyError for a row that means nothing."""
        if row["op"] not in OPERATIONS:
            raise ValueError(f"unknown operation {row['op']!r}: known are {', '.join(OPERATIONS)}")
        _are_whole_seconds(row)
        return OPERATIONS[row["op"]](self, row)

    def calendar(self, key: str | None) -> Calendar:
        """The calendar of that name; every moment for none."""
        if key is None:
            return ALWAYS
        if key not in self._compiled:
            self._compiled[key] = compile_calendar(self.spec(key), start=START, end=END)
        return self._compiled[key]

    def edited(self, versions: Sequence[tuple[str, Instant]]) -> Calendar:
        """One calendar that was written anew each time, the first from ever."""
        first, *later = versions
        specs = [self.spec(first[0], called="edited"), *(self.spec(key, at, "edited") for key, at in later)]
        return compile_calendar(*specs, start=START, end=END)

    def spec(self, key: str, effective_from: Instant | None = None, called: str = "") -> CalendarSpec:
        """A calendar as the file writes it."""
        written = self._specs[key]
        length = written.get("day_length_h")
        return CalendarSpec(
            key=called or key,
            zone=written["tz"],
            week=tuple(_windows(written.get("weekly", {}).get(day, [])) for day in WEEKDAYS),
            days={date.fromisoformat(day): _windows(texts) for day, texts in written.get("overrides", {}).items()},
            holidays=frozenset(date.fromisoformat(day) for day in written.get("holidays", [])),
            holiday_scope=written.get("holiday_scope", "window_start"),
            day_length=None if length is None else timedelta(hours=length),
            effective_from=effective_from,
        )


def _are_whole_seconds(row: Row) -> None:
    """Lengths are whole seconds wherever a row asks with one: half of one would be cut off, and true would be one."""
    asked = [(name, value) for name, value in row.items() if name != "expect"]
    for name, one in ((name, one) for name, value in asked for one in (value if isinstance(value, list) else [value])):
        is_length = name == "seconds" or name.endswith("_s")
        if is_length and one is not None and type(one) is not int:
            raise ValueError(f"{name}: {one!r} is no whole number of seconds")
        if isinstance(one, Mapping):
            _are_whole_seconds(one)


def agrees(said: object, expected: object) -> bool:
    """Whether an answer is what a row expects; numbers may differ by a rounding."""
    if isinstance(said, Mapping) and isinstance(expected, Mapping):
        return said.keys() == expected.keys() and all(agrees(said[key], expected[key]) for key in said)
    if isinstance(said, list) and isinstance(expected, list):
        return len(said) == len(expected) and all(map(agrees, said, expected))
    if isinstance(said, float) or isinstance(expected, float):
        return isinstance(said, int | float) and isinstance(expected, int | float) and isclose(said, expected)
    return said == expected


def _advance(golden: Golden, row: Row) -> Answer:
    calendar = golden.calendar(row.get("calendar"))
    return {"due_at": _iso(calendar.advance(_at(row["start"]), row["seconds"] * SECOND))}


def _between(golden: Golden, row: Row) -> Answer:
    calendar = golden.calendar(row.get("calendar"))
    return {"seconds": calendar.open_between(_at(row["a"]), _at(row["b"])) // SECOND}


def _next_open(golden: Golden, row: Row) -> Answer:
    return {"at": _iso(golden.calendar(row.get("calendar")).next_open(_at(row["start"])))}


def _business_days(golden: Golden, row: Row) -> Answer:
    calendar, start = golden.calendar(row.get("calendar")), _at(row["start"])
    length = calendar.business_days(start, BusinessDays(row["days"], _mode(row)))
    return {"due_at": _iso(calendar.advance(start, length)), "target_s": length // SECOND}


def _clock(golden: Golden, row: Row) -> Answer:
    run = _Run(golden, row)
    clock, calendar, until = run.clock, run.calendar, run.until
    has_due = clock.state is not State.CANCELLED or clock.breached_at is not None
    # Rows tell a pause after the breach as a state of its own; to us a broken promise stays broken, waiting or not.
    waits = clock.state is State.BREACHED and run.is_waiting
    # What was used is told in the time of the target beside it, also of one that was recorded after the breach.
    recorded = replace(clock, due_by=None)
    answer: Answer = {
        "state": (State.PAUSED if waits else clock.state).value,
        "breached_at": _iso(clock.breached_at),
        "consumed_s": used_ms(recorded, calendar, at=until) // SECOND,
        "target_s": clock.target_ms // SECOND,
        "due_at": _iso(clock.due_at) if has_due else None,
    }
    if row.get("reminders"):
        answer["reminders_at"] = [run.told.get(mark) for mark in run.marks]
    return answer


class _Run:
    """One clock of a row: its events happen, and it is woken whenever it asks for it in between and afterwards."""

    def __init__(self, golden: Golden, row: Row) -> None:
        first, *events = sorted(row["events"], key=lambda event: _at(event["at"]))
        self.golden = golden
        self.versions: list[tuple[str, Instant]] = [(row["calendar"], START)]
        self.calendar = golden.calendar(row["calendar"])
        self.key: str | None = row["calendar"]
        self.marks = [_mark(reminder) for reminder in row.get("reminders", [])]
        self.told: dict[str, str | None] = {}
        self.is_waiting = False
        self.until = _at(row["until"]) if row.get("until") else FOR_EVER
        self.cap = timedelta(seconds=row["off_hours_cap_s"]) if row.get("off_hours_cap_s") is not None else None
        target = _target(row["target"], self.key, self.cap)
        start = _at(first["at"])
        clock = clocks_of.start(Metric.FIRST_RESPONSE, target, self.calendar, at=start, marks=())
        self.clock = self._with_marks(clock)
        for event in events:
            now = _at(event["at"])
            if now > self.until:
                break
            self._wake(now - 1)
            self._happen(event, now)
        self._wake(self.until + 1 if row.get("until") else self.until)

    def _with_marks(self, clock: Clock) -> Clock:
        """Reminders of a row come in any order; ours the mildest first. Of two at one moment the later listed tells.

        What was told before a change stands first: it holds back nothing that comes earlier by the new target.
        """
        points = {mark: mark_points((mark,), clock.target_ms, clock.need_ms) for mark in self.marks}
        waiting = [mark for mark in points if points[mark] and mark not in {*self.told, *clock.fired}]
        waiting.sort(key=lambda mark: points[mark][0][1])
        self.same = {milder: mark for milder, mark in pairwise(waiting) if points[milder][0][1] == points[mark][0][1]}
        kept = [Mark(mark) for mark in waiting if mark not in self.same]
        return replace(clock, marks=(*clock.fired, *kept))

    def _happen(self, event: Row, now: Instant) -> None:
        clock, calendar, kind = self.clock, self.calendar, event["type"]
        if kind in {"pause", "resume", "stop"}:
            self.is_waiting = kind == "pause" and clock.state is not State.STOPPED
        if kind == "calendar":
            # Key and clock stay; the calendar gets a version.
            self.versions.append((event["calendar"], now))
            self.calendar = calendar = self.golden.edited(self.versions)
            self.clock = clocks_of.rebase(clock, calendar, at=now)
            if event.get("reresolve"):
                self.clock = clocks_of.retarget(self.clock, clock.target, calendar, at=now, floor=timedelta(0))
        elif kind == "retarget":
            target = _target(event["target"], self.key, self.cap)
            floor = timedelta(seconds=event.get("floor_s", 900))
            self.clock = self._with_marks(clocks_of.retarget(clock, target, calendar, at=now, floor=floor))
        elif kind == "pause":
            self.clock = clocks_of.pause(clock, calendar, at=now, reason=PauseReason.DETAILS_MISSING)
        elif kind == "cancel":
            self.clock = clocks_of.cancel(clock, at=now, reason="cancelled")
        elif kind in _HAPPENINGS:
            self.clock = _HAPPENINGS[kind](clock, calendar, at=now)
        else:
            raise ValueError(f"unknown event {kind!r} of a clock")

    def _wake(self, until: int) -> None:
        now = self.clock.started_at
        while (wake := clocks_of.next_wake(self.clock, self.calendar, at=now)) is not None and wake <= until:
            before, now = self.clock, wake
            self.clock, marks = clocks_of.fire(before, self.calendar, at=now)
            if BREACH not in marks:
                fired = set(self.clock.fired) - set(before.fired)
                fired |= {Mark(milder) for milder, mark in self.same.items() if mark in fired}
                self.told |= dict.fromkeys(fired, "coalesced")
                self.told |= dict.fromkeys(marks, _iso(now))


_HAPPENINGS: Final[Mapping[str, Callable[..., Clock]]] = {
    "resume": clocks_of.resume,
    "satisfy": clocks_of.satisfy,
    "stop": clocks_of.stop,
    "reopen": clocks_of.reopen,
}


def _conversation(golden: Golden, row: Row) -> Answer:
    key = row["calendar"]
    unit = Unit.WALL if key is None else Unit.BUSINESS
    cells = {METRICS[name]: Target(timedelta(seconds=within), unit, key) for name, within in row["policy"].items()}
    policy = Policy("golden", "", None, SatisfiedBy.HUMAN_REPLY, {"any": cells}, ("any",), "any")
    calendars = {} if key is None else {key: golden.calendar(key)}
    clocks: Promises = ()
    has_reply = False
    for event in sorted(row["events"], key=lambda event: _at(event["at"])):
        now, kind = _at(event["at"]), event["type"]
        if kind == "customer":
            clocks = promise.client_spoke(clocks, policy, "any", "email", calendars, now, replied=has_reply)
        elif kind == "agent":
            clocks = promise.staff_replied(clocks, policy, ReplyKind.ANSWER, calendars, now, urgency="any")
            has_reply = True
        elif kind == "vendor":
            clocks = promise.resumed(clocks, calendars, now)
        elif kind in {"wait_customer", "wait_vendor"}:
            clocks = promise.waiting(clocks, calendars, now, reason=PauseReason.THIRD_PARTY)
        elif kind == "dismiss":
            clocks = promise.no_answer_needed(clocks, now)
        elif kind == "resolve":
            clocks = promise.resolved(clocks, calendars, now)
        elif kind not in {"bot", "note"}:
            raise ValueError(f"unknown event {kind!r} of a conversation")
    return {"clocks": [_promise(clock) for clock in clocks]}


def _promise(clock: Clock) -> Answer:
    """A clock as rows of conversations tell it: what nobody has answered or ended yet is running, overdue or not."""
    is_open = clock.ended_at is None and clock.state in {State.PAUSED, State.BREACHED}
    answer: Answer = {
        "metric": NAMES[clock.metric],
        "started_at": _iso(clock.started_at),
        "due_at": _iso(clock.due_at),
        "state": (State.RUNNING if is_open else clock.state).value,
    }
    return answer if clock.satisfied_at is None else {**answer, "satisfied_at": _iso(clock.satisfied_at)}


def _ladder(golden: Golden, row: Row) -> Answer:
    calendar = golden.calendar(row.get("calendar"))
    steps = tuple(Step(timedelta(seconds=after), f"level {n}") for n, after in enumerate(row["steps_s"], start=1))
    climb = Climb(steps, broken_at=_at(row["breached_at"]))
    down = [_at(text) for text in row.get("down") or ()]
    ack_at = _at(row["ack_at"]) if row.get("ack_at") else FOR_EVER
    done_at = _at(row["done_at"]) if row.get("done_at") else FOR_EVER
    fired: list[Answer] = []
    while True:
        now = falls_at(climb, calendar)
        if now is not None and down and down[0] <= now < down[1]:
            now = down[1]
        if ack_at < FOR_EVER and (now is None or ack_at <= now):
            quiet = timedelta(seconds=row["ack_ttl_s"]) if row.get("ack_ttl_s") else None
            climb, ack_at = acknowledged(climb, calendar, at=ack_at, within=quiet), FOR_EVER
            continue
        if now is None or now >= done_at:
            return {"fired": fired}
        climb, rung = climbed(climb, calendar, at=now)
        if rung is not None:
            told: Answer = {"step": rung.step, "at": _iso(now)}
            fired.append({**told, "coalesced": list(rung.coalesced)} if rung.coalesced else told)


def _booking(golden: Golden, row: Row) -> Answer:
    terms = CallTerms(
        notice=BusinessDays(row["days"]) if row["days"] else None,
        length=timedelta(seconds=row["duration_s"]),
        grid=timedelta(seconds=row.get("grid_s", row.get("step", 60))),
    )
    calendar, asked_at = golden.calendar(row.get("calendar")), _at(row["start"])
    (slot,) = earliest(calendar, terms, asked_at=asked_at)
    return {"earliest_start": _iso(slot), "notice_ends": _iso(notice_ends(calendar, terms, asked_at=asked_at))}


def _uptime(_golden: Golden, row: Row) -> Answer:
    quarter = quarter_of(date.fromisoformat(row["date"]), parse_zone(row["tz"]))
    return {
        "quarter_start": _iso(quarter.start),
        "quarter_end": _iso(quarter.end),
        "total_s": quarter.total_ms // SECOND,
        "budget_s": quarter.budget_ms(Fraction(str(row["permille"])) / 1000) / SECOND,
    }


def _burn(_golden: Golden, row: Row) -> Answer:
    terms = LedgerTerms(timedelta(hours=row["bucket_h"]), row["rollover_pct"])
    book = months(terms, [timedelta(hours=used) for used in row["used_h"]])
    return {
        "months": [
            {
                "available": month.available / HOUR,
                "overage": month.overage / HOUR,
                "rolled_to_next": month.rolled_out / HOUR,
            }
            for month in book
        ]
    }


OPERATIONS: Final[Mapping[str, Callable[[Golden, Row], Answer]]] = {
    "advance": _advance,
    "between": _between,
    "next_open": _next_open,
    "business_days": _business_days,
    "clock": _clock,
    "conversation": _conversation,
    "ladder": _ladder,
    "booking": _booking,
    "uptime": _uptime,
    "burn": _burn,
}


def _at(text: str) -> Instant:
    return instant(datetime.fromisoformat(text))


def _iso(at: Instant | None) -> str | None:
    return None if at is None else moment(at).strftime("%Y-%m-%dT%H:%M:%SZ")


def _mode(row: Row) -> DayMode:
    return parse_mode(row.get("mode", "same_time"))


def _target(row: Row, calendar: str | None, cap: timedelta | None) -> Target:
    if row["unit"] == "business_days":
        return Target(BusinessDays(row["days"], _mode(row)), Unit.BUSINESS, calendar, off_hours_cap=cap)
    unit = Unit(row["unit"])
    # A cap on closed hours says nothing about real time.
    return Target(timedelta(seconds=row["seconds"]), unit, calendar, off_hours_cap=None if unit is Unit.WALL else cap)


def _mark(reminder: Row) -> str:
    return f"{reminder['pct']}%" if "pct" in reminder else f"T-{reminder['left_s']}s"


def _windows(texts: Sequence[Sequence[str]]) -> Windows:
    return tuple(sorted((_second(opens), _second(closes)) for opens, closes in texts))


def _second(text: str) -> int:
    hours, minutes, *seconds = (int(part) for part in text.split(":"))
    return hours * 3600 + minutes * 60 + (seconds[0] if seconds else 0)

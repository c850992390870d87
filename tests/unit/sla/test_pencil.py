"""Whatever happened to a clock, the lines that explain it lead to its due moment: somebody with a pencil tries them."""

import random
from collections.abc import Callable
from datetime import timedelta
from functools import cache

import pytest

from sla import clock as clocks_of
from sla.calendar import Calendar, CalendarSpec, compile_calendar
from sla.clock import Clock, PauseReason
from sla.duration import BusinessDays, Instant, moment
from sla.earlier import began, went_on
from sla.explain import explain
from sla.layers import calendar_named
from sla.policy import Metric, Target, Unit
from tests.unit.sla import pencil
from tests.unit.sla.made import HOUR, MINUTE, at, policy
from tests.unit.sla.test_properties import FIRST, LAST, ZONES, windows

SECOND = 1000
PARTS = 4
CLOCKS = 2_000
#: The nights in spring and autumn in which clocks of these zones are changed lie among them.
STARTS = at("2026-03-05T00:00Z"), at("2026-04-06T00:00Z"), at("2026-10-20T00:00Z"), at("2026-11-02T00:00Z")


@cache
def hours_number(number: int) -> Calendar:
    chance = random.Random(number)
    week = (*(windows(chance) if chance.random() < 0.7 else () for _ in range(6)), windows(chance))
    spec = CalendarSpec(f"c{number}", ZONES[number % len(ZONES)], week, day_length=timedelta(hours=8))
    return compile_calendar(spec, start=FIRST, end=LAST)


HOURS = 24
CALENDARS = {f"c{number}": hours_number(number) for number in range(HOURS)}


def target(chance: random.Random) -> Target:
    if chance.random() < 0.25:
        return Target(timedelta(minutes=chance.randrange(1, 40 * 60)), Unit.WALL)
    within = timedelta(minutes=chance.randrange(1, 30 * 60)) if chance.random() < 0.8 else BusinessDays(1)
    cap = timedelta(hours=chance.randrange(48)) if chance.random() < 0.5 else None
    return Target(
        within,
        Unit.BUSINESS,
        f"c{chance.randrange(2) if chance.random() < 0.5 else chance.randrange(HOURS)}",
        off_hours_cap=cap,
        goal=chance.random() < 0.1,
    )


def counted_in(clock: Clock) -> Calendar:
    return calendar_named(clock.calendar, CALENDARS)


Happening = Callable[[random.Random, Clock, Instant], Clock]


def retargeted(chance: random.Random, clock: Clock, now: Instant) -> Clock:
    new, floor = target(chance), timedelta(minutes=chance.choice((0, 15, 90)))
    return clocks_of.retarget(clock, new, calendar_named(new.calendar, CALENDARS), at=now, floor=floor)


def asked_earlier(chance: random.Random, clock: Clock, _now: Instant) -> Clock:
    if not clocks_of.is_owing(clock):
        return clock
    return began(clock, clock.target, counted_in(clock), at=Instant(clock.started_at - chance.randrange(9) * HOUR))


def said_meanwhile(chance: random.Random, clock: Clock, now: Instant) -> Clock:
    if not clocks_of.is_owing(clock):
        return clock
    return went_on(clock, counted_in(clock), at=Instant(now - chance.randrange(30) * HOUR))


HAPPENINGS: dict[str, Happening] = {
    "retargeted": retargeted,
    "retargeted again": retargeted,
    "waits": lambda _, clock, now: clocks_of.pause(clock, counted_in(clock), at=now, reason=PauseReason.THIRD_PARTY),
    "asks": lambda _, clock, now: clocks_of.pause(clock, counted_in(clock), at=now, reason=PauseReason.DETAILS_MISSING),
    "resumes": lambda _, clock, now: clocks_of.resume(clock, counted_in(clock), at=now),
    "goes on": lambda _, clock, now: clocks_of.resume(clock, counted_in(clock), at=now),
    "stops": lambda _, clock, now: clocks_of.stop(clock, counted_in(clock), at=now),
    "reopens": lambda _, clock, now: clocks_of.reopen(clock, counted_in(clock), at=now),
    "answered": lambda _, clock, now: clocks_of.satisfy(clock, counted_in(clock), at=now),
    "undelivered": lambda _, clock, now: clocks_of.take_back(clock, counted_in(clock), at=clock.satisfied_at or now),
    "looked at": lambda _, clock, now: clocks_of.check(clock, at=now),
    "late words": said_meanwhile,
    "asked earlier": asked_earlier,
}

#: What lines may say only if it happened.
REASONS = {
    "used up when a change": "retargeted",
    "a change of the target": "retargeted",
    "is promised since it broke": "retargeted",
    "words that came late": "asked earlier",
    "hours that were changed": "hours changed",
}


def told(clock: Clock) -> tuple[str, ...]:
    calendar = CALENDARS["c0"] if clock.calendar is None else counted_in(clock)
    return explain(clock, policy(), calendar).lines()


def lives(number: int, unit: int) -> list[tuple[Clock, str]]:
    """A clock after each thing that happened to it, with all that did."""
    chance = random.Random(number)
    now = Instant(chance.choice(STARTS) + chance.randrange(14 * 24 * HOUR // unit) * unit)
    first = target(chance)
    clock = clocks_of.start(Metric.RESOLUTION, first, calendar_named(first.calendar, CALENDARS), at=now)
    lived = [(clock, "")]
    for _ in range(chance.randrange(7)):
        now = Instant(now + chance.randrange(20 * HOUR // unit) * unit)
        name = chance.choice(list(HAPPENINGS))
        lived.append((HAPPENINGS[name](chance, lived[-1][0], now), f"{lived[-1][1]}, {name}"))
    return lived


@pytest.mark.parametrize("part", range(PARTS))
def test_the_lines_lead_to_the_due_moment(part: int) -> None:
    for number in range(part, CLOCKS, PARTS):
        for clock, happened in lives(number, MINUTE):
            lines = told(clock)
            due = None if clock.due_at is None else moment(clock.due_at)

            assert pencil.due(lines) == due, (number, happened, *lines)
            for reason, name in REASONS.items():
                assert reason not in " ".join(lines) or name in happened, (number, happened, *lines)


def test_so_they_do_to_the_second_where_moments_are_finer() -> None:
    for number in range(CLOCKS, CLOCKS + 200):
        for clock, _ in lives(number, 1):
            lines, slack = told(clock), timedelta(seconds=1 + 2 * len(clock.pauses))
            found = pencil.due(lines, slack=slack)

            assert (found is None) == (clock.due_at is None), (number, *lines)
            if found is not None and clock.due_at is not None:
                assert abs(found - moment(clock.due_at)) <= slack, (number, *lines)

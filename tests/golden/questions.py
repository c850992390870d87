"""Random questions to engine and oracle, each made of its number alone, so that any of them can be asked again.

The questions go round all changes of clocks of twelve zones, 2024 to 2030, and lie within three days of one.
"""

import random
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache

from sla.calendar import Calendar, CalendarSpec, Windows, compile_calendar
from sla.duration import DAY_MODES, BusinessDays, instant, millis, moment
from sla.zones import zone_named
from tests.golden.lives import Said, clock, conversation, ladder
from tests.golden.oracle import DAY, STEP, Edited, Oracle

ZONES = (
    "Europe/Prague",
    "Europe/Kyiv",
    "Europe/London",
    "America/Chicago",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Africa/Casablanca",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Asia/Gaza",
)
QUARTER = 900
YEARS = datetime(2024, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)
#: Days to ask about in a zone that changes nothing any more.
QUIET_DAYS = (datetime(2024, 2, 28, tzinfo=UTC), datetime(2026, 3, 29, tzinfo=UTC))


@cache
def changes() -> tuple[tuple[str, datetime], ...]:
    """Each zone with each day on which its clocks are changed."""
    return tuple((zone, day) for zone in ZONES for day in (tuple(_changes(zone)) or QUIET_DAYS))


def disagreements(numbers: Iterable[int]) -> list[str]:
    """What is wrong, in words, of the questions with these numbers."""
    return [said for number in numbers if (said := _asked(number))]


def _asked(number: int) -> str:
    zone, day = changes()[number % len(changes())]
    chance = random.Random(number)
    near = day + STEP * chance.randrange(-3 * 96, 3 * 96)
    calendar, oracle, spec = _pair(chance, zone, near)
    kind = QUESTIONS[number // len(changes()) % len(QUESTIONS)]
    question, ours, theirs = kind(chance, calendar, oracle, near)
    return "" if ours == theirs else f"{number}: {question} in {spec}: {ours}, and the oracle says {theirs}"


def _changes(zone: str) -> Iterable[datetime]:
    days = [YEARS[0] + timedelta(days=n) for n in range((YEARS[1] - YEARS[0]).days)]
    offsets = [day.astimezone(zone_named(zone)).utcoffset() for day in days]
    return (day for day, before, after in zip(days, offsets, offsets[1:], strict=False) if before != after)


def _windows(chance: random.Random) -> Windows:
    """None, two, one up to midnight, a night shift or one; now and then two that overlap."""
    cuts = sorted(chance.sample(range(97), 4))
    kind = chance.random()
    if kind < 0.2:
        return ()
    if kind < 0.35:
        return ((cuts[0] * QUARTER, cuts[1] * QUARTER), (cuts[2] * QUARTER, cuts[3] * QUARTER))
    if kind < 0.4:
        return ((cuts[0] * QUARTER, cuts[2] * QUARTER), (cuts[1] * QUARTER, cuts[3] * QUARTER))
    if kind < 0.6:
        return ((min(cuts[3], 95) * QUARTER, cuts[0] * QUARTER),)
    if kind < 0.7:
        return ((cuts[0] * QUARTER, DAY),)
    return ((cuts[0] * QUARTER, cuts[3] * QUARTER),)


def _pair(chance: random.Random, zone: str, near: datetime) -> tuple[Calendar, Oracle, CalendarSpec]:
    week = _week(chance)
    dates: list[date] = [near.date() + timedelta(days=chance.randrange(-4, 8)) for _ in range(3)]
    days, holidays = {dates[0]: _windows(chance)}, frozenset(dates[1:])
    spec = CalendarSpec("random", zone, week, days, holidays)
    start, end = near - timedelta(days=10), near + timedelta(days=30)
    return compile_calendar(spec, start=instant(start), end=instant(end)), Oracle(zone, week, days, holidays), spec


def _week(chance: random.Random) -> tuple[Windows, ...]:
    return (*(_windows(chance) for _ in range(6)), ((9 * 3600, 17 * 3600),))


def _advance(chance: random.Random, calendar: Calendar, oracle: Oracle, near: datetime) -> Said:
    length = STEP * chance.randrange(1, 160)
    due = moment(calendar.advance(instant(near), millis(length)))
    return f"{length} after {near}", due, oracle.advance(near, length)


def _between(chance: random.Random, calendar: Calendar, oracle: Oracle, near: datetime) -> Said:
    until = near + STEP * chance.randrange(5 * 96)
    ours = calendar.open_between(instant(near), instant(until))
    return f"from {near} to {until}", ours, millis(oracle.open_between(near, until))


def _next_open(_chance: random.Random, calendar: Calendar, oracle: Oracle, near: datetime) -> Said:
    at = instant(near)
    ours = (calendar.is_open(at), moment(calendar.next_open(at)))
    return f"open from {near}", ours, (oracle.is_open(near), oracle.next_open(near))


def _business_days(chance: random.Random, calendar: Calendar, oracle: Oracle, near: datetime) -> Said:
    number, mode = chance.randrange(1, 4), chance.choice(DAY_MODES[:2])
    ours = calendar.business_days(instant(near), BusinessDays(number, mode))
    return f"{number} days {mode} after {near}", ours, millis(oracle.business_days(near, number, mode))


def _edited(chance: random.Random, calendar: Calendar, oracle: Oracle, near: datetime) -> Said:
    """Hours that are written anew, as often as not from a midnight on; each date keeps its own."""
    spec = CalendarSpec("random", oracle.zone.key, oracle.week, oracle.days, oracle.holidays)
    week, since = _week(chance), near + STEP * chance.randrange(-96, 4 * 96)
    if chance.random() < 0.5:
        since = next(at for n in range(96 * 2) if (at := since + STEP * n).astimezone(oracle.zone).hour == 0)
    anew = replace(spec, week=week, effective_from=instant(since))
    edited = compile_calendar(spec, anew, start=calendar.start, end=calendar.end)
    after = Oracle(oracle.zone.key, week, oracle.days, oracle.holidays)
    question, ours, theirs = _business_days(chance, edited, Edited(oracle, after, since), near)
    return f"{question}, {week} from {since}", ours, theirs


QUESTIONS: tuple[Callable[[random.Random, Calendar, Oracle, datetime], Said], ...] = (
    _advance,
    clock,
    _business_days,
    _edited,
    clock,
    _between,
    ladder,
    clock,
    _next_open,
    conversation,
)

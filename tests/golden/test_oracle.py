"""The engine against the oracle: random calendars, in zones that change their clocks in every way there is."""

import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sla.calendar import Calendar, CalendarSpec, Windows, compile_calendar
from sla.duration import BusinessDays, instant, millis, moment
from tests.golden.oracle import DAY, STEP, Oracle

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
CASES_PER_ZONE = 20
QUARTER = 900
YEARS = datetime(2024, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)


def changes(zone: ZoneInfo) -> list[datetime]:
    """The days on which clocks of the zone are changed."""
    days = [YEARS[0] + timedelta(days=n) for n in range((YEARS[1] - YEARS[0]).days)]
    offsets = [day.astimezone(zone).utcoffset() for day in days]
    return [day for day, before, after in zip(days, offsets, offsets[1:], strict=False) if before != after]


def windows(chance: random.Random) -> Windows:
    """None, one, two or a night shift; sometimes up to midnight."""
    cuts = sorted(chance.sample(range(97), 4))
    kind = chance.random()
    if kind < 0.2:
        return ()
    if kind < 0.4:
        return ((cuts[0] * QUARTER, cuts[1] * QUARTER), (cuts[2] * QUARTER, cuts[3] * QUARTER))
    if kind < 0.6:
        return ((min(cuts[3], 95) * QUARTER, cuts[0] * QUARTER),)
    if kind < 0.7:
        return ((cuts[0] * QUARTER, DAY),)
    return ((cuts[0] * QUARTER, cuts[3] * QUARTER),)


def pair(chance: random.Random, zone: str, near: datetime) -> tuple[Calendar, Oracle, CalendarSpec]:
    week = (*(windows(chance) for _ in range(6)), ((9 * 3600, 17 * 3600),))
    dates: list[date] = [near.date() + timedelta(days=chance.randrange(-4, 8)) for _ in range(3)]
    days, holidays = {dates[0]: windows(chance)}, frozenset(dates[1:])
    spec = CalendarSpec("random", zone, week, days, holidays)
    start, end = near - timedelta(days=10), near + timedelta(days=30)
    return compile_calendar(spec, start=instant(start), end=instant(end)), Oracle(zone, week, days, holidays), spec


@pytest.mark.parametrize("zone", ZONES)
def test_engine_and_oracle_agree_around_every_kind_of_clock_change(zone: str) -> None:
    chance = random.Random(zone)
    days = changes(ZoneInfo(zone)) or [datetime(2026, 3, 29, tzinfo=UTC)]
    for _ in range(CASES_PER_ZONE):
        near = chance.choice(days)
        calendar, oracle, spec = pair(chance, zone, near)
        start = near + STEP * chance.randrange(-3 * 96, 3 * 96)
        length = STEP * chance.randrange(1, 96)
        until = start + STEP * chance.randrange(5 * 96)
        number = chance.randrange(1, 4)
        at = instant(start)
        said = f"{zone} {spec} from {start} for {length} until {until}, {number} days"

        assert moment(calendar.advance(at, millis(length))) == oracle.advance(start, length), said
        assert calendar.open_between(at, instant(until)) == millis(oracle.open_between(start, until)), said
        assert moment(calendar.next_open(at)) == oracle.next_open(start), said
        assert calendar.is_open(at) == oracle.is_open(start), said
        for mode in ("same_time", "end_of_day"):
            days_of_mode = BusinessDays(number, mode)
            assert calendar.business_days(at, days_of_mode) == millis(oracle.business_days(start, number, mode)), said

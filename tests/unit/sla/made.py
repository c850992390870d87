"""Calendars, moments and policies that the tests of sla speak of."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from sla.calendar import Calendar, CalendarSpec, compile_calendar, parse_week, parse_windows
from sla.duration import Instant, instant
from sla.policy import Metric, Policy, SatisfiedBy, Target, Unit

HOUR = 3_600_000
MINUTE = 60_000


def at(text: str) -> Instant:
    """A moment as people write it, with its offset."""
    return instant(datetime.fromisoformat(text))


def spec(
    zone: str = "UTC",
    week: Mapping[str, Sequence[str]] | None = None,
    *,
    days: Mapping[str, Sequence[str]] | None = None,
    holidays: Sequence[str] = (),
    effective_from: str | None = None,
    is_civil: bool = False,
) -> CalendarSpec:
    """Working hours; Monday to Friday 9 to 17 unless said otherwise."""
    return CalendarSpec(
        key="office",
        zone=zone,
        week=parse_week(week if week is not None else {"mon-fri": ["09:00-17:00"]}),
        days={date.fromisoformat(day): parse_windows(texts) for day, texts in (days or {}).items()},
        holidays=frozenset(date.fromisoformat(day) for day in holidays),
        holiday_scope="civil_date" if is_civil else "window_start",
        day_length=timedelta(hours=8),
        effective_from=None if effective_from is None else at(effective_from),
    )


def compiled(*versions: CalendarSpec) -> Calendar:
    return compile_calendar(*versions, start=at("2026-01-01T00:00Z"), end=at("2027-06-01T00:00Z"))


OFFICE = compiled(spec())
CALENDARS = {"office": OFFICE}


def hours(number: float, *, goal: bool = False, cap: timedelta | None = None) -> Target:
    """A target of office hours."""
    return Target(timedelta(hours=number), Unit.BUSINESS, "office", "within so many hours", goal, cap)


def wall(number: float) -> Target:
    """A target of real hours."""
    return Target(timedelta(hours=number), Unit.WALL)


def policy(satisfied_by: SatisfiedBy = SatisfiedBy.HUMAN_REPLY) -> Policy:
    """First response in 4 hours, next in 2; an hour each when urgent; half a real hour for a first one in the app."""
    return Policy(
        key="premium",
        source="Premium Support, effective 2024-01-08",
        review=date(2025, 1, 8),
        satisfied_by=satisfied_by,
        targets={
            "high": {Metric.FIRST_RESPONSE: hours(1), Metric.NEXT_RESPONSE: hours(1)},
            "medium": {Metric.FIRST_RESPONSE: hours(4), Metric.NEXT_RESPONSE: hours(2)},
            "low": {Metric.FIRST_RESPONSE: hours(8)},
        },
        urgencies=("high", "medium", "low"),
        default_urgency="medium",
        channel_targets={"inapp": {"high": {Metric.FIRST_RESPONSE: wall(0.5)}}},
    )

"""A second opinion on calendars: slow, obvious, and sharing no idea with the engine.

It never builds an interval and never bisects. It walks the UTC time line in quarters of an hour, asks what the wall
clock in the calendar's zone shows, and counts. All windows and all moments it is asked about lie on quarters, as do the
changes of every zone it is used with. Only the rules of the zones are the engine's: a machine may have older ones.
"""

from datetime import UTC, date, datetime, timedelta
from itertools import count

from sla.zones import zone_named

STEP = timedelta(minutes=15)
DAY = 86_400

Windows = tuple[tuple[int, int], ...]


class Oracle:
    """Opening hours in one zone; windows as in `sla.week`."""

    def __init__(
        self, zone: str, week: tuple[Windows, ...], days: dict[date, Windows], holidays: frozenset[date]
    ) -> None:
        self.zone, self.week, self.days, self.holidays = zone_named(zone), week, days, holidays

    def windows(self, day: date) -> Windows:
        if day in self.days:
            return self.days[day]
        return () if day in self.holidays else self.week[day.weekday()]

    def is_open(self, at: datetime) -> bool:
        shown = at.astimezone(self.zone)
        second = shown.hour * 3600 + shown.minute * 60
        today, yesterday = self.windows(shown.date()), self.windows(shown.date() - timedelta(days=1))
        return any(a <= second and (second < b or b <= a) for a, b in today) or any(
            b <= a and second < b for a, b in yesterday
        )

    def open_between(self, a: datetime, b: datetime) -> timedelta:
        steps = (b - a) // STEP
        return STEP * sum(self.is_open(a + STEP * n) for n in range(steps))

    def advance(self, at: datetime, length: timedelta) -> datetime:
        while length:
            length -= STEP * self.is_open(at)
            at += STEP
        return at

    def next_open(self, at: datetime) -> datetime:
        return next(at + STEP * n for n in count() if self.is_open(at + STEP * n))

    def business_days(self, at: datetime, number: int, mode: str) -> timedelta:
        """How much open time so many business days are, `same_time` or `end_of_day`."""
        if mode == "end_of_day":
            day = self._later(at.astimezone(self.zone).date(), number)
            opens, closes = self.windows(day)[-1]
            offset = timedelta(seconds=closes if closes > opens else closes + DAY)
        else:
            opening = self.next_open(at)
            owner = self.owner(opening)
            while opening.astimezone(self.zone).fold:
                opening += STEP
            offset = opening.astimezone(self.zone).replace(tzinfo=None) - _midnight(owner)
            day = self._later(owner, number)
        return self.open_between(at, self._first_showing(_midnight(day) + offset))

    def owner(self, at: datetime) -> date:
        shown = at.astimezone(self.zone)
        second = shown.hour * 3600 + shown.minute * 60
        is_today = any(a <= second and (second < b or b <= a) for a, b in self.windows(shown.date()))
        return shown.date() if is_today else shown.date() - timedelta(days=1)

    def _later(self, day: date, number: int) -> date:
        while number:
            day += timedelta(days=1)
            number -= bool(self.windows(day))
        return day

    def _first_showing(self, reading: datetime) -> datetime:
        at = reading.replace(tzinfo=UTC) - timedelta(hours=16)
        while at.astimezone(self.zone).replace(tzinfo=None) < reading:
            at += STEP
        return at


class Edited(Oracle):
    """Opening hours that were written anew at a moment. A date is of the hours that were in force when it began."""

    def __init__(self, before: Oracle, after: Oracle, since: datetime) -> None:
        self.zone, self.before, self.after, self.since = before.zone, before, after, since

    def windows(self, day: date) -> Windows:
        return self._at(self._first_showing(_midnight(day))).windows(day)

    def is_open(self, at: datetime) -> bool:
        return self._at(at).is_open(at)

    def owner(self, at: datetime) -> date:
        return self._at(at).owner(at)

    def _at(self, at: datetime) -> Oracle:
        return self.after if at >= self.since else self.before


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001 - the reading of a wall clock, no moment

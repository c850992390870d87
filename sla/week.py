"""How people write opening hours: zones, windows, weeks; each mistake refused with its mend.

A window belongs to the date it starts on; one that ends at or before its start runs past midnight.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta, timezone, tzinfo
from difflib import get_close_matches
from itertools import pairwise
from types import MappingProxyType
from typing import Literal

from sla.duration import Instant
from sla.zones import zone_named, zone_names

#: Start and end in seconds of the local day; 24:00 is 86400, and an end at or before the start is on the next day.
Window = tuple[int, int]
Windows = tuple[Window, ...]
Week = tuple[Windows, ...]

DAY = 86_400
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LAST_MINUTE = DAY - 60


@dataclass(frozen=True, slots=True)
class CalendarSpec:
    """Opening hours as agreed, in one version. The week starts on Monday.

    `days` replaces the windows of single dates and wins over `holidays`. With the scope `window_start` a holiday
    removes the windows that start on it, and the tail of the night before survives; with `civil_date` exactly the date
    from midnight to midnight is closed. `day_length` is what the mode `hours` calls a day. `effective_from` is where
    this version takes over from the one before it.
    """

    key: str
    zone: str
    week: Week
    days: Mapping[date, Windows] = field(default_factory=lambda: MappingProxyType({}))
    holidays: frozenset[date] = frozenset()
    holiday_scope: Literal["window_start", "civil_date"] = "window_start"
    day_length: timedelta | None = None
    effective_from: Instant | None = None

    def windows(self, day: date) -> Windows:
        """The windows that start on this date; a date that has any is a business day."""
        if (own := self.days.get(day)) is not None:
            return own
        return () if day in self.holidays else self.week[day.weekday()]

    def laid_windows(self, day: date) -> Windows:
        """The windows to lay on the time line, before whole closed dates are cut out of it."""
        return self.week[day.weekday()] if self.is_closed(day) else self.windows(day)

    def is_closed(self, day: date) -> bool:
        """Whether the civil date is closed from midnight to midnight, the tail of the night before included."""
        return self.holiday_scope == "civil_date" and day in self.holidays and day not in self.days


_FIXED = re.compile(r"fixed:([+-])(\d{2}):(\d{2})", re.ASCII)
_OFFSET_LIKE = re.compile(r"(?:UTC|GMT)?\s*([+-])\s*(\d{1,2})(?::?(\d{2}))?", re.ASCII | re.IGNORECASE)
_POSIX = re.compile(r"Etc/GMT([+-])(\d{1,2})", re.ASCII)


def parse_zone(text: str) -> tzinfo:
    """Read an IANA name, `UTC` or `fixed:+03:00`. ValueError for names that do not mean what they seem to."""
    if match := _FIXED.fullmatch(text):
        offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
        if offset >= timedelta(hours=15) or int(match[3]) > 59:  # noqa: PLR2004 - the widest offset in use is 14:00
            raise ValueError(f"{text!r}: no place on earth is that far from UTC: write for example fixed:+03:00")
        return timezone(offset if match[1] == "+" else -offset)
    if match := _POSIX.fullmatch(text):
        meant = "-" if match[1] == "+" else "+"
        raise ValueError(
            f"{text!r} is {meant}{int(match[2]):02d}:00, its sign is turned around: "
            f"write fixed:{meant}{int(match[2]):02d}:00 or fixed:{match[1]}{int(match[2]):02d}:00, whichever was agreed"
        )
    if match := _OFFSET_LIKE.fullmatch(text):
        fixed = f"fixed:{match[1]}{int(match[2]):02d}:{match[3] or '00'}"
        raise ValueError(f"{text!r} is not a zone: write {fixed}, or a place as in Europe/Berlin if it has summer time")
    if text == "UTC":
        return zone_named("UTC")
    if "/" not in text or text.startswith(("posix/", "right/")):
        raise ValueError(
            f"{text!r} is not a place, and some such names keep summer time and some do not: "
            "write a place as in Europe/Berlin, or a fixed offset as in fixed:+01:00, or UTC"
        )
    if text not in zone_names():
        by_lower = {name.lower(): name for name in zone_names()}
        near = [by_lower[name] for name in get_close_matches(text.lower(), by_lower, n=1)]
        raise ValueError(f"{text!r} is an unknown zone: write {near[0] if near else 'a place as in Europe/Berlin'}")
    return zone_named(text)


_WINDOW = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})", re.ASCII)


def parse_windows(texts: Sequence[str]) -> Windows:
    """Read the windows of one day, in any order; windows that touch are fine, windows that overlap are not."""
    windows = sorted(_window(text) for text in texts)
    for (start, end), following in pairwise(windows):
        if _end(start, end) > following[0]:
            raise ValueError(
                f"{format_window((start, end))} and {format_window(following)} overlap: join them or part them"
            )
    return tuple(windows)


def parse_week(texts: Mapping[str, Sequence[str]]) -> Week:
    """Read a week: keys are days (`sat`), ranges (`mon-fri`, `sun-thu`) or lists of them (`mon,wed`)."""
    week: dict[int, Windows] = {}
    for key, texts_of_day in texts.items():
        windows = parse_windows(texts_of_day)
        for day in _days(key):
            if day in week:
                raise ValueError(f"{WEEKDAYS[day]} is written twice, again in {key!r}: keep one")
            week[day] = windows
    whole = tuple(week.get(day, ()) for day in range(7))
    for day, windows in enumerate(whole):
        following = whole[(day + 1) % 7]
        if windows and following and _end(*windows[-1]) - DAY > following[0][0]:
            raise ValueError(
                f"{format_window(windows[-1])} of {WEEKDAYS[day]} runs into {format_window(following[0])} of "
                f"{WEEKDAYS[(day + 1) % 7]}: end the first or start the second where they meet"
            )
    return whole


def format_window(window: Window) -> str:
    """As the desk file writes it: `09:00-17:00`."""
    (start_h, start_m), (end_h, end_m) = (divmod(second // 60, 60) for second in window)
    return f"{start_h:02d}:{start_m:02d}-{end_h:02d}:{end_m:02d}"


def _end(start: int, end: int) -> int:
    return end if end > start else end + DAY


def _window(text: str) -> Window:
    match = _WINDOW.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a window: write hours and minutes of 24 as in 09:00-17:00")
    start_h, start_m, end_h, end_m = (int(part) for part in match.groups())
    start, end = start_h * 3600 + start_m * 60, end_h * 3600 + end_m * 60
    if max(start_m, end_m) >= 60 or start >= DAY or end > DAY:  # noqa: PLR2004 - minutes of an hour
        raise ValueError(f"{text!r} names a time no clock shows: write 00:00 to 23:59, or 24:00 for the end")
    if start == end:
        raise ValueError(f"{text!r} has no length: for the whole day write 00:00-24:00, for none leave it out")
    if end == LAST_MINUTE:
        raise ValueError(f"{text!r} leaves the last minute of the day closed: for midnight write 24:00")
    return start, end


def _days(key: str) -> list[int]:
    days: list[int] = []
    for part in key.lower().replace(" ", "").split(","):
        first, _, last = part.partition("-")
        if first not in WEEKDAYS or (last or first) not in WEEKDAYS:
            raise ValueError(f"{key!r} is not a day or a range of days: write mon, mon-fri or sat,sun")
        start, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
        days += [day % 7 for day in range(start, (end if end >= start else end + 7) + 1)]
    return days

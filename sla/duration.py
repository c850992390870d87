"""Moments and lengths of time, and how people write the lengths.

A moment is an `Instant`: milliseconds since 1970 in UTC, a plain integer, so arithmetic on it cannot meet a time zone.
A length is a `timedelta`. A length in working days is a `BusinessDays`: only a calendar can say how long that is.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, NewType

Instant = NewType("Instant", int)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)

DayMode = Literal["same_time", "end_of_day", "hours"]
DAY_MODES: tuple[DayMode, ...] = ("same_time", "end_of_day", "hours")


@dataclass(frozen=True, slots=True)
class BusinessDays:
    """So many working days of some calendar; the mode says where in the last day the length ends."""

    count: int
    mode: DayMode = "same_time"

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ValueError(f"{self.count} business days promise nothing: write 1bd or more")


Within = timedelta | BusinessDays

#: Longer than this nothing is promised: calendars are surely worked out so far, and it is a slip of the pen.
LONGEST = timedelta(days=366)
MOST_DAYS = 262

#: Years in which a calendar may be asked: nobody means others, and each would be compiled.
FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 2200
#: The mend for a moment beyond them.
REACH: Final = f"write a year from {FIRST_YEAR} to {LAST_YEAR}"


def is_too_long(within: Within) -> bool:
    """Whether it reaches further than anything is promised."""
    return within.count > MOST_DAYS if isinstance(within, BusinessDays) else within > LONGEST


def instant(moment: datetime) -> Instant:
    """Parts of a millisecond are cut off. Naive datetimes are refused: nobody knows which moment they mean."""
    if moment.tzinfo is None:
        raise ValueError(
            f"{moment.isoformat()} has no time zone: add an offset, for example {moment.isoformat()}+00:00"
        )
    return Instant((moment - EPOCH) // MILLISECOND)


def moment(at: Instant) -> datetime:
    """The instant as an aware datetime in UTC."""
    return EPOCH + at * MILLISECOND


_REACH_BEGINS: Final = instant(datetime(FIRST_YEAR, 1, 1, tzinfo=UTC))
_REACH_ENDS: Final = instant(datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC))


def is_within_reach(at: Instant) -> bool:
    """Whether a moment that somebody wrote lies in years of which calendars can be asked; see `REACH`. Never raises."""
    return _REACH_BEGINS <= at < _REACH_ENDS


def later(at: Instant, length: timedelta) -> Instant:
    """The instant that comes `length` of real time after `at`."""
    return Instant(at + length // MILLISECOND)


def millis(length: timedelta) -> int:
    """Whole milliseconds; parts of one are cut off."""
    return length // MILLISECOND


def length(ms: int) -> timedelta:
    """The length of so many milliseconds."""
    return ms * MILLISECOND


_DURATION = re.compile(r"(?:(\d{1,6})h)?\s*(?:(\d{1,6})m)?\s*(?:(\d{1,6})s)?", re.ASCII)
_DAYS = re.compile(r"(\d{1,4})\s*bd", re.ASCII)


def parse_duration(text: str) -> timedelta:
    """Read `30s`, `15m`, `4h` or `1h30m`; zero is a length too (`0m`). ValueError names the mend."""
    written = text.strip()
    match = _DURATION.fullmatch(written)
    if match is None or not any(match.groups()):
        raise ValueError(f"{text!r} is not a length of time: {_mend(written)}")
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def parse_within(text: str, mode: str = "same_time") -> Within:
    """Read the length of a promise: as `parse_duration`, or business days as in `1bd`. Zero is refused."""
    known = parse_mode(mode)
    if match := _DAYS.fullmatch(text.strip()):
        return BusinessDays(int(match[1]), known)
    within = parse_duration(text)
    if not within:
        raise ValueError(f"{text!r}: a promise of no time at all cannot be kept or measured: write at least 1m")
    return within


def parse_mode(text: str) -> DayMode:
    """Read the way in which business days are counted."""
    for mode in DAY_MODES:
        if mode == text:
            return mode
    raise ValueError(f"{text!r} is not a way to count business days: write {', '.join(DAY_MODES)}")


def _mend(written: str) -> str:
    if _DAYS.fullmatch(written):
        return "it counts business days, and here only hours fit: write for example 8h"
    if re.fullmatch(r"\d+\s*d(ays?)?", written, re.ASCII):
        return "a day may be 24 hours or a working day: write 24h, or 1bd where business days are allowed"
    if re.fullmatch(r"\d+", written, re.ASCII):
        return f"it has no unit: write {written}m for minutes or {written}h for hours"
    return "write hours, minutes and seconds as in 4h, 15m, 30s or 1h30m"


def format_duration(length: timedelta) -> str:
    """Short text without words: `1h 30m`, `45s`, `-5m`, `0m`. No days: a working day has its own length."""
    seconds = length // timedelta(seconds=1) if length >= timedelta(0) else -(-length // timedelta(seconds=1))
    minutes, rest = divmod(abs(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{amount}{unit}" for amount, unit in ((hours, "h"), (minutes, "m"), (rest, "s")) if amount]
    return ("-" if seconds < 0 else "") + (" ".join(parts) or "0m")


def format_within(within: Within) -> str:
    """A promised length as the desk file writes it: `1h 30m`, `1bd`, `2bd (end_of_day)`."""
    if isinstance(within, timedelta):
        return format_duration(within)
    return f"{within.count}bd" if within.mode == "same_time" else f"{within.count}bd ({within.mode})"

"""When a call may be: the notice that a contract asks for, then a slot that fits into the hours of whoever is called.

Notice is counted in working days of that calendar. A slot begins on the grid, which lies on whole steps of UTC, and
fits into the open time as a whole. Who asks too late is told the earliest slots that are left.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

from sla.calendar import LONGEST_CLOSURE, Calendar
from sla.duration import BusinessDays, Instant, format_duration, millis


@dataclass(frozen=True, slots=True)
class CallTerms:
    """How long a call is, and how long before it the call has to be agreed; None asks for no notice."""

    notice: BusinessDays | None = BusinessDays(1)
    length: timedelta = timedelta(minutes=30)
    grid: timedelta = timedelta(minutes=30)

    def __post_init__(self) -> None:
        if min(self.length, self.grid) <= timedelta(0):
            raise ValueError("a call needs a length and a grid of more than no time: write for example 30m")


def notice_ends(calendar: Calendar, terms: CallTerms, *, asked_at: Instant) -> Instant:
    """The first moment that is long enough after the asking; in closed hours it may be a closing, not an opening."""
    if terms.notice is None:
        return asked_at
    return calendar.advance(asked_at, calendar.business_days(asked_at, terms.notice))


def slots(calendar: Calendar, terms: CallTerms, *, since: Instant) -> Iterator[Instant]:
    """Every moment from `since` on at which a call may begin, without end.

    ValueError when no opening of the next 400 days is long enough.
    """
    length, grid = millis(terms.length), millis(terms.grid)
    at, last = since, since
    while True:
        opens = calendar.next_open(at)
        begins = Instant(-(-opens // grid) * grid)
        closes = calendar.closes_at(opens)
        if closes is None or begins + length <= closes:
            yield begins
            at = last = Instant(begins + grid)
        elif opens - last > LONGEST_CLOSURE:
            raise ValueError(f"calendar {calendar.key!r} is never open for a call of {format_duration(terms.length)}")
        else:
            at = closes


def earliest(calendar: Calendar, terms: CallTerms, *, asked_at: Instant, number: int = 1) -> tuple[Instant, ...]:
    """So many slots that keep the notice, the earliest first."""
    since = notice_ends(calendar, terms, asked_at=asked_at)
    return tuple(islice(slots(calendar, terms, since=since), number))


def is_in_time(calendar: Calendar, terms: CallTerms, *, asked_at: Instant, begins_at: Instant) -> bool:
    """Whether a call agreed at `asked_at` may begin then, as far as the notice goes; its end is still in time."""
    return begins_at >= notice_ends(calendar, terms, asked_at=asked_at)

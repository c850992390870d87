"""When a call may be: the notice that a contract asks for, then a slot that fits into the hours of whoever is called.

Notice is counted in working days of that calendar. A slot begins on the grid, which lies on whole steps of UTC, and
fits into the open time as a whole, beside leave, other calls and whatever else that person is busy with. Who asks too
late is told the earliest slots that are left.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Final

from routing.coverage import Absence
from sla.calendar import LONGEST_CLOSURE, Calendar
from sla.duration import BusinessDays, Instant, format_duration, later, millis

#: Calls are held in pieces of this length, of which each is one call's: nobody is booked twice.
CELL: Final = timedelta(minutes=5)
#: Nobody is asked further back than this when a call has to be agreed.
LONGEST_NOTICE: Final = timedelta(days=90)
_MINUTE: Final = millis(timedelta(minutes=1))


@dataclass(frozen=True, slots=True)
class CallTerms:
    """How long a call is, and how long before it the call has to be agreed; None asks for no notice.

    `buffer` is kept free after each call.
    """

    notice: BusinessDays | None = BusinessDays(1)
    length: timedelta = timedelta(minutes=30)
    grid: timedelta = timedelta(minutes=30)
    buffer: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        if min(self.length, self.grid) <= timedelta(0):
            raise ValueError("a call needs a length and a grid of more than no time: write for example 30m")

    def ends_at(self, begins_at: Instant) -> Instant:
        """When a call is over that begins then."""
        return later(begins_at, self.length)


@dataclass(frozen=True, slots=True)
class Busy:
    """Time that is taken, `since` in and `until` out: a call with what is kept free after it, or an own appointment."""

    since: Instant
    until: Instant


@dataclass(frozen=True, slots=True)
class Diary:
    """One person's time: their hours, their own leave, what is taken.

    `others` is when whoever calls them has a call with somebody: nobody is in two, and nothing is kept free after it.
    """

    calendar: Calendar
    absences: tuple[Absence, ...] = ()
    busy: tuple[Busy, ...] = ()
    others: tuple[Busy, ...] = ()


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


def free_slots(diary: Diary, terms: CallTerms, *, since: Instant, until: Instant) -> Iterator[Instant]:
    """The slots of a diary that begin from `since` on and before `until`; none where no opening is long enough."""
    try:
        for begins_at in slots(diary.calendar, terms, since=since):
            if begins_at >= until:
                return
            if not _is_taken(diary, terms, begins_at):
                yield begins_at
    except ValueError:  # never open so long
        return


def worked_until(diary: Diary, within: timedelta, *, since: Instant) -> Instant | None:
    """When somebody has worked so long from then on, leave left out; None where they never do.

    Calls and appointments are working time: who sits in one can still say yes to another.
    """
    at, left = since, millis(within)
    for leave in sorted(diary.absences, key=lambda one: one.since):
        if leave.until is not None and leave.until <= at:
            continue
        worked = diary.calendar.open_between(at, max(at, leave.since))
        if worked >= left:
            break
        if leave.until is None:
            return None
        at, left = leave.until, left - worked
    try:
        return diary.calendar.advance(at, left)
    except ValueError:  # never open so long
        return None


def is_free(diary: Diary, terms: CallTerms, begins_at: Instant) -> bool:
    """Whether that very moment is a slot which nobody has."""
    return next(free_slots(diary, terms, since=begins_at, until=Instant(begins_at + 1)), None) == begins_at


def is_worked(calendar: Calendar, *, begins_at: Instant, ends_at: Instant) -> bool:
    """Whether the hours of a calendar cover all of a call."""
    return calendar.open_between(begins_at, ends_at) == ends_at - begins_at


def earliest(calendar: Calendar, terms: CallTerms, *, asked_at: Instant, number: int = 1) -> tuple[Instant, ...]:
    """So many slots that keep the notice, the earliest first."""
    since = notice_ends(calendar, terms, asked_at=asked_at)
    return tuple(islice(slots(calendar, terms, since=since), number))


def legal(diary: Diary, terms: CallTerms, *, asked_at: Instant, until: Instant, number: int) -> tuple[Instant, ...]:
    """So many free slots that keep the notice, the earliest first; fewer where there are no more before `until`."""
    since = notice_ends(diary.calendar, terms, asked_at=asked_at)
    return tuple(islice(free_slots(diary, terms, since=since, until=until), number))


def is_in_time(calendar: Calendar, terms: CallTerms, *, asked_at: Instant, begins_at: Instant) -> bool:
    """Whether a call agreed at `asked_at` may begin then, as far as the notice goes; its end is still in time."""
    return begins_at >= notice_ends(calendar, terms, asked_at=asked_at)


def agreed_by(calendar: Calendar, terms: CallTerms, *, begins_at: Instant) -> Instant:
    """The last full minute at which a call that begins then can be agreed: its notice point."""
    if terms.notice is None:
        return begins_at
    # Who asks later is never allowed sooner, so the last moment is found by halving.
    soonest, latest = later(begins_at, -LONGEST_NOTICE) // _MINUTE, begins_at // _MINUTE
    while soonest < latest:
        middle = (soonest + latest + 1) // 2
        if is_in_time(calendar, terms, asked_at=Instant(middle * _MINUTE), begins_at=begins_at):
            soonest = middle
        else:
            latest = middle - 1
    return Instant(soonest * _MINUTE)


def reminded_at(calendar: Calendar, *, begins_at: Instant) -> Instant:
    """One working day before: the same time on the day worked before, or the last open time on it."""
    return agreed_by(calendar, CallTerms(notice=BusinessDays(1)), begins_at=begins_at)


def cells(terms: CallTerms, begins_at: Instant) -> tuple[Instant, ...]:
    """The pieces of time that a call takes, by their beginnings, with what is kept free after it."""
    step, until = millis(CELL), later(terms.ends_at(begins_at), terms.buffer)
    return tuple(Instant(at) for at in range(begins_at // step * step, until, step))


def _is_taken(diary: Diary, terms: CallTerms, begins_at: Instant) -> bool:
    ends_at = terms.ends_at(begins_at)
    cleared_at = later(ends_at, terms.buffer)
    if any(one.since < cleared_at and begins_at < one.until for one in diary.busy):
        return True
    if any(one.since < ends_at and begins_at < one.until for one in diary.others):
        return True
    return any(one.since < ends_at and (one.until is None or begins_at < one.until) for one in diary.absences)

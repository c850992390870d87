"""The coverage radar: the hours ahead in which a promise counts and nobody is there who would keep it.

Holidays, leave and gaps between shifts are each harmless alone; the radar finds where they fall together. It asks the
routing rules themselves, at every moment at which their answer may change, so it knows what they know and no more.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from routing.coverage import Coverage
from routing.people import Person, PersonId
from sla.calendar import ALWAYS, Calendar
from sla.duration import Instant


@dataclass(frozen=True, slots=True)
class Watch:
    """What somebody is promised: hours in which time is counted, and those who would answer, best first.

    `hours` are named by their calendar; real time is named "".
    """

    hours: str
    calendar: Calendar
    people: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """Time that is promised, `since` in and `until` out, with nobody there: who is on leave, who is not on shift."""

    since: Instant
    until: Instant
    hours: str
    away: tuple[PersonId, ...] = ()
    off: tuple[PersonId, ...] = ()


def gaps(
    watch: Watch,
    is_covered: Callable[[Instant], bool],
    coverage: Coverage,
    *,
    since: Instant,
    until: Instant,
    further: Iterable[Instant] = (),
) -> tuple[Gap, ...]:
    """The gaps from `since` to before `until`, in their order; neighbours for the same reason are one.

    `is_covered` says whether somebody would be given the work at a moment. Its answer must not change between two
    moments of `edges`; `further` are moments of other kinds at which it may.
    """
    found: list[Gap] = []
    for begun, ended in pairwise(edges(coverage, watch.calendar, since=since, until=until, further=further)):
        if not watch.calendar.is_open(begun) or is_covered(begun):
            continue
        away = tuple(one.id for one in watch.people if coverage.absence(one, begun) is not None)
        off = tuple(one.id for one in watch.people if one.id not in away)
        last = found[-1] if found else None
        if last is not None and last.until == begun and (last.away, last.off) == (away, off):
            found[-1] = replace(last, until=ended)
        else:
            found.append(Gap(begun, ended, watch.hours, away, off))
    return tuple(found)


def edges(
    coverage: Coverage, calendar: Calendar, *, since: Instant, until: Instant, further: Iterable[Instant] = ()
) -> Sequence[Instant]:
    """The moments from `since` to `until` at which somebody may come or go, both ends with them."""
    moments = {since, until, *further}
    for one in (*coverage.calendars.values(), calendar):
        if one is not ALWAYS:
            moments.update(moment for piece in one.intervals(since, until) for moment in piece)
    for leave in coverage.absences:
        moments.update(moment for moment in (leave.since, leave.until) if moment is not None)
    return sorted(moment for moment in moments if since <= moment <= until)

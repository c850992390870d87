"""From opening hours in local time to open intervals in UTC milliseconds.

The horizon is cut into segments of constant UTC offset; windows are laid over local seconds, clipped to the segment
and shifted by its offset. A reading that happens twice is open twice, one that does not exist is never open: exactly
what a wall clock in that zone would say, with no special cases for summer time.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo

from sla.duration import EPOCH
from sla.week import DAY, CalendarSpec

EPOCH_ORDINAL = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Segment:
    """From `start` to before `end` in UTC, clocks of the zone show UTC + `offset`; all three in one unit."""

    start: int
    end: int
    offset: int


def segments(zone: tzinfo, start: int, end: int) -> tuple[Segment, ...]:
    """Cut [start, end), in UTC seconds, where the offset of the zone changes; changes are found to the second."""
    cuts: list[tuple[int, int]] = [(start, _offset(zone, start))]
    probe = start
    while probe < end:
        step = min(probe + DAY, end)
        offset = _offset(zone, step)
        if offset != cuts[-1][1]:
            # Two changes within one day have never been enacted, so one bisection finds the change.
            change = bisect_right(range(probe, step), 0, key=lambda at: int(_offset(zone, at) == offset)) + probe
            cuts.append((change, offset))
        probe = step
    ends = [at for at, _ in cuts[1:]] + [end]
    return tuple(Segment(at, until, offset) for (at, offset), until in zip(cuts, ends, strict=True) if at < until)


def earliest_reading(pieces: Sequence[Segment], local: int) -> int:
    """The first moment at which the wall clock shows `local` or later, in the unit of the pieces.

    A reading that does not exist becomes the end of the gap: shifting it by the gap would not be monotone.
    """
    for piece in pieces:
        at = max(piece.start, local - piece.offset)
        if at < piece.end:
            return at
    raise ValueError("the reading lies beyond the compiled horizon")


def open_intervals(spec: CalendarSpec, pieces: Sequence[Segment]) -> Iterator[tuple[int, int]]:
    """Open intervals of one version in UTC seconds, in order, merged where they touch."""
    current: tuple[int, int] | None = None
    for piece in pieces:
        for start, end in _laid(spec, piece.start + piece.offset, piece.end + piece.offset):
            opens, closes = start - piece.offset, end - piece.offset
            if current is not None and opens <= current[1]:
                current = (current[0], max(current[1], closes))
            else:
                if current is not None:
                    yield current
                current = (opens, closes)
    if current is not None:
        yield current


def local_midnight(day: date) -> int:
    """Midnight of a date in seconds of local time (the reading of a wall clock, no instant)."""
    return (day.toordinal() - EPOCH_ORDINAL) * DAY


def local_date(local: int) -> date:
    """The date a wall clock shows."""
    return date.fromordinal(local // DAY + EPOCH_ORDINAL)


def _laid(spec: CalendarSpec, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Windows on the local time line, clipped to [start, end); sorted by start because days are walked in order."""
    for number in range(start // DAY - 1, (end - 1) // DAY + 1):
        day = date.fromordinal(number + EPOCH_ORDINAL)
        for opens, closes in spec.laid_windows(day):
            stretches = [(opens, closes)] if closes > opens else [(opens, DAY), (DAY, closes + DAY)]
            for first, last in stretches:
                if spec.is_closed(day + timedelta(days=first // DAY)):
                    continue
                clipped = max(start, number * DAY + first), min(end, number * DAY + last)
                if clipped[0] < clipped[1]:
                    yield clipped


def _offset(zone: tzinfo, at: int) -> int:
    shift = (EPOCH + timedelta(seconds=at)).astimezone(zone).utcoffset()
    return 0 if shift is None else shift // timedelta(seconds=1)

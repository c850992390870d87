"""When people work: opening hours compiled to intervals, and exact arithmetic of open time.

A calendar answers in integer milliseconds of UTC. All its intervals are compiled beforehand with a running sum of open
time before each, so every question is one or two bisections. Asked beyond its horizon it compiles further by itself;
apart from that it never changes. Several versions of one calendar are laid into one list, so counting from the start
of a clock stays right after an edit.

    B(a, b)         open time between two moments                          open_between
    advance(t, d)   the earliest u with B(t, u) = d: closing on Monday, never opening on Tuesday
"""

from bisect import bisect_left, bisect_right
from datetime import date, timedelta

from sla.duration import BusinessDays, Instant, millis
from sla.laying import Segment, earliest_reading, local_date, local_midnight, open_intervals, segments
from sla.week import DAY, WEEKDAYS, CalendarSpec, Week, Window, Windows, parse_week, parse_windows, parse_zone

__all__ = [
    "ALWAYS",
    "Calendar",
    "CalendarSpec",
    "Week",
    "Window",
    "Windows",
    "compile_calendar",
    "parse_week",
    "parse_windows",
    "parse_zone",
]

SECOND = 1000
DAY_MS = DAY * SECOND
#: A calendar closed for longer than this is a mistake: a promise that waits for it would look like no promise.
LONGEST_CLOSURE = 400 * DAY_MS
#: How far from 1970 a calendar may be asked about; beyond it a number is not a moment but an accident.
FARTHEST = 400 * 366 * DAY_MS


class Calendar:
    """Open time of one calendar. Made by `compile_calendar`."""

    __slots__ = ("_before", "_ends", "_pieces", "_starts", "_versions", "end", "key", "start", "tz", "zone")

    def __init__(self, versions: tuple[CalendarSpec, ...], start: Instant, end: Instant) -> None:
        self._versions = versions
        self.key = versions[0].key
        self.zone = versions[-1].zone
        self.tz = parse_zone(self.zone)
        self._compile(start, end)

    def open_between(self, a: Instant, b: Instant) -> int:
        """Open milliseconds in [a, b); none when b is not after a."""
        if b <= a:
            return 0
        self._reach(a, b)
        return self._open_until(b) - self._open_until(a)

    def advance(self, at: Instant, ms: int) -> Instant:
        """The earliest moment by which `ms` of open time have passed since `at`; `at` itself for none."""
        if ms <= 0:
            if ms < 0:
                raise ValueError("open time can be counted forward only")
            return at
        if at < self.start or at > self.end:
            self._reach(at, at)
        want = self._open_until(at) + ms
        i = bisect_left(self._before, want) - 1
        due = self._starts[i] + want - self._before[i]
        if due > self._ends[i]:
            self._reach(at, Instant(self.end + due - self._ends[i]))
            return self.advance(at, ms)
        return Instant(due)

    def is_open(self, at: Instant) -> bool:
        """Whether `at` lies in an open interval; the closing moment does not."""
        self._reach(at, at + 1)
        i = bisect_right(self._starts, at) - 1
        return i >= 0 and at < self._ends[i]

    def next_open(self, at: Instant) -> Instant:
        """`at` if it is open, else the next opening."""
        if self.is_open(at):
            return at
        i = bisect_right(self._starts, at)
        if i == len(self._starts):
            self._reach(at, at + LONGEST_CLOSURE)
            i = bisect_right(self._starts, at)
        if i == len(self._starts):
            raise ValueError(f"calendar {self.key!r} never opens within 400 days")
        return Instant(self._starts[i])

    def closes_at(self, at: Instant) -> Instant | None:
        """The end of the open interval that holds `at`; None when closed, or open for the next 400 days."""
        if not self.is_open(at):
            return None
        if (closing := self._ends[bisect_right(self._starts, at) - 1]) == self.end:
            self._reach(at, at + LONGEST_CLOSURE)
            closing = self._ends[bisect_right(self._starts, at) - 1]
        return Instant(closing) if closing - at < LONGEST_CLOSURE else None

    def intervals(self, a: Instant, b: Instant) -> tuple[tuple[Instant, Instant], ...]:
        """The open intervals within [a, b), clipped to it."""
        if b <= a:
            return ()
        self._reach(a, b)
        first, last = bisect_right(self._ends, a), bisect_left(self._starts, b)
        found = zip(self._starts[first:last], self._ends[first:last], strict=True)
        return tuple((Instant(max(opens, a)), Instant(min(closes, b))) for opens, closes in found)

    def business_days(self, at: Instant, days: BusinessDays) -> int:
        """So many business days from `at` as open milliseconds, to be resolved once, at the start of a clock.

        same_time: arrival moves to the next opening, then the same reading of the wall clock on the n-th business date
        after that one's. end_of_day: the last closing of the n-th business date after the date of receipt. hours: n
        times the agreed length of a day.
        """
        if days.mode == "hours":
            length = self._versions[self._version_at(at)].day_length
            if length is None:
                raise ValueError(f"calendar {self.key!r} has no day_length for the mode 'hours': add it, as in 8h")
            return days.count * millis(length)
        if days.mode == "end_of_day":
            return self.open_between(at, self._end_of_day(at, days.count))
        return self.open_between(at, self._same_time(at, days.count))

    def day_of(self, at: Instant) -> date:
        """The date that the wall clock of this calendar shows."""
        return local_date(self._reading(at) // SECOND)

    def _same_time(self, at: Instant, count: int) -> Instant:
        opening = self.next_open(at)
        local = self._reading(self._first_pass_end(opening))
        day = self._owning_date(opening)
        return self._read_at(self._later_business_date(day, count), local - local_midnight(day) * SECOND)

    def _end_of_day(self, at: Instant, count: int) -> Instant:
        day = self._later_business_date(local_date(self._reading(at) // SECOND), count)
        opens, closes = self._windows(day)[-1]
        return self._read_at(day, (closes if closes > opens else closes + DAY) * SECOND)

    def _read_at(self, day: date, offset: int) -> Instant:
        """The earliest moment at which the wall clock shows midnight of `day` + `offset` or later."""
        local = local_midnight(day) * SECOND + offset
        self._reach(Instant(local - 2 * DAY_MS), Instant(local + 2 * DAY_MS))
        return Instant(earliest_reading(self._pieces[self._version_of(day)], local))

    def _reading(self, at: Instant) -> int:
        return at + self._piece(at)[1].offset

    def _first_pass_end(self, at: Instant) -> Instant:
        """A reading in the second pass of a repeated hour counts as the end of that hour: due moments stay in order."""
        before, piece = self._piece(at)
        repeated = before.offset - piece.offset
        return Instant(max(at, piece.start + repeated)) if at < piece.start + repeated else at

    def _piece(self, at: Instant) -> tuple[Segment, Segment]:
        """The segment that holds `at` and the one before it (itself, for the first)."""
        self._reach(Instant(at - 2 * DAY_MS), Instant(at + 2 * DAY_MS))
        pieces = self._pieces[self._version_at(at)]
        i = bisect_right([piece.start for piece in pieces], at) - 1
        return pieces[max(i - 1, 0)], pieces[i]

    def _owning_date(self, at: Instant) -> date:
        """The date whose window holds this open moment: today's, else it is the tail of yesterday's."""
        local = self._reading(at) // SECOND
        day, second = local_date(local), local % DAY
        # By the hours in force at that moment, which may have been written anew in the middle of the date.
        windows = self._versions[self._version_at(at)].windows(day)
        return day if any(a <= second and (second < b or b <= a) for a, b in windows) else day - timedelta(days=1)

    def _later_business_date(self, day: date, count: int) -> date:
        closed = 0
        while count:
            day += timedelta(days=1)
            is_business = bool(self._windows(day))
            count -= is_business
            closed = 0 if is_business else closed + 1
            if closed * DAY_MS > LONGEST_CLOSURE:
                raise ValueError(f"calendar {self.key!r} has no business day within 400 days of {day.isoformat()}")
        return day

    def _windows(self, day: date) -> Windows:
        return self._versions[self._version_of(day)].windows(day)

    def _version_of(self, day: date) -> int:
        """The version in force when the date begins, by the wall clock of its own zone."""
        if len(self._versions) == 1:
            return 0
        midnight = local_midnight(day) * SECOND
        self._reach(Instant(midnight - 2 * DAY_MS), Instant(midnight + 2 * DAY_MS))
        for i in range(len(self._versions) - 1, 0, -1):
            if earliest_reading(self._pieces[i], midnight) >= (self._versions[i].effective_from or 0):
                return i
        return 0

    def _version_at(self, at: Instant) -> int:
        later = (i for i in range(len(self._versions) - 1, 0, -1) if at >= (self._versions[i].effective_from or 0))
        return next(later, 0)

    def _open_until(self, at: int) -> int:
        """Open time between the start of the horizon and `at`."""
        i = bisect_right(self._starts, at) - 1
        if i < 0:
            return 0
        closing = self._ends[i]
        return self._before[i] + min(at, closing) - self._starts[i]

    def _reach(self, a: int, b: int) -> None:
        """Compile further when [a, b] leaves the horizon; each time by as much again, so this is rare."""
        if a >= self.start and b <= self.end:
            return
        if a < -FARTHEST or b > FARTHEST:
            raise ValueError(f"calendar {self.key!r}: the moment lies centuries away")
        span = self.end - self.start
        start = self.start if a >= self.start else min(a, self.start - span)
        end = self.end if b <= self.end else max(b, self.end + span)
        self._compile(Instant(max(start, -FARTHEST)), Instant(min(end, FARTHEST)))

    def _compile(self, start: Instant, end: Instant) -> None:
        self.start, self.end = start, end
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._pieces: list[tuple[Segment, ...]] = []
        first, last = start // SECOND, -(-end // SECOND)
        for i, spec in enumerate(self._versions):
            pieces = segments(parse_zone(spec.zone), first, last)
            self._pieces.append(tuple(Segment(p.start * SECOND, p.end * SECOND, p.offset * SECOND) for p in pieces))
            begins = start if i == 0 else max(start, spec.effective_from or 0)
            following = self._versions[i + 1].effective_from if i + 1 < len(self._versions) else None
            until = end if following is None else min(end, following)
            for opens, closes in open_intervals(spec, pieces):
                self._add(max(opens * SECOND, begins), min(closes * SECOND, until))
        self._before = [0]
        for opens, closes in zip(self._starts, self._ends, strict=True):
            self._before.append(self._before[-1] + closes - opens)
        self._before.pop()

    def _add(self, opens: int, closes: int) -> None:
        if opens >= closes:
            return
        if self._ends and self._ends[-1] == opens:
            self._ends[-1] = closes
        else:
            self._starts.append(opens)
            self._ends.append(closes)


class _Always(Calendar):
    """Every moment is open: real elapsed time, with nothing to compile and no horizon."""

    __slots__ = ()

    def open_between(self, a: Instant, b: Instant) -> int:
        return max(0, b - a)

    def advance(self, at: Instant, ms: int) -> Instant:
        return Instant(at + ms)

    def is_open(self, at: Instant) -> bool:  # noqa: ARG002 - it does not depend on the moment
        return True

    def closes_at(self, at: Instant) -> Instant | None:  # noqa: ARG002 - it does not depend on the moment
        return None

    def intervals(self, a: Instant, b: Instant) -> tuple[tuple[Instant, Instant], ...]:
        return ((a, b),) if a < b else ()


def compile_calendar(*versions: CalendarSpec, start: Instant, end: Instant) -> Calendar:
    """Compile the versions of one calendar, oldest first, for a horizon that grows by itself when it is passed.

    Each version holds from its `effective_from` until the next one's; the first holds from ever. ValueError when
    versions do not fit together, or when the calendar stays closed for 400 days.
    """
    if not versions or len({spec.key for spec in versions}) > 1:
        raise ValueError(f"one calendar has one key, these have {sorted({spec.key for spec in versions})}")
    key, starts = versions[0].key, [spec.effective_from for spec in versions[1:]]
    if any(
        later is None or later <= (earlier or 0) for earlier, later in zip([Instant(0), *starts], starts, strict=False)
    ):
        raise ValueError(f"calendar {key!r}: each change of its hours needs a later day than the one before")
    for spec in versions:
        if len(spec.week) != len(WEEKDAYS):
            raise ValueError(f"calendar {key!r}: a week has seven days, monday first")
    calendar = Calendar(versions, start, Instant(max(end, start + LONGEST_CLOSURE)))
    opens = [start, *(closed for _, closed in calendar.intervals(start, calendar.end))]
    closes = [*(opened for opened, _ in calendar.intervals(start, calendar.end)), calendar.end]
    if any(later - earlier >= LONGEST_CLOSURE for earlier, later in zip(opens, closes, strict=True)):
        raise ValueError(f"calendar {key!r} stays closed for more than 400 days: give its week at least one window")
    return calendar


ALWAYS: Calendar = _Always((CalendarSpec("always", "UTC", (((0, DAY),),) * 7),), Instant(0), Instant(DAY_MS))

"""Why a promise is due when it is: the arithmetic, so that a person can check it with a pencil."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta, tzinfo

from sla.calendar import ALWAYS, SECOND, Calendar
from sla.clock import Clock, Pause, State, spans
from sla.duration import BusinessDays, Instant, format_duration, format_within, length, moment
from sla.layers import is_eased
from sla.measure import cap_ms, overdue_ms, resolved_ms
from sla.policy import AGREED, RULE, Metric, Policy, Target, Unit

#: Writes a moment.
Tell = Callable[[Instant], str]

#: More opening hours than this are told as a number of them: nobody checks a hundred lines with a pencil.
MANY = 12


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of time that counted."""

    start: Instant
    end: Instant
    counted: timedelta


@dataclass(frozen=True, slots=True)
class Explanation:
    """`counts_from` is the first moment that counted; `pieces` run to the due moment, or to where the clock stands.

    `by` is whose word it is. `zone` is the calendar's, which the lines are written in. `notes` are whole sentences.
    `is_at_once` says that all was used up when a change of the target took effect, which is when it is due. `overdue`
    is how much later than that it ended, in the clock's own time.
    """

    metric: Metric
    state: State
    by: str
    source: str
    quote: str
    target: str
    calendar: str | None
    zone: str
    tz: tzinfo
    started_at: Instant
    counts_from: Instant
    pieces: tuple[Piece, ...]
    pauses: tuple[Pause, ...]
    due_at: Instant | None
    notes: tuple[str, ...]
    is_at_once: bool = False
    ended_at: Instant | None = None
    overdue: timedelta = timedelta()
    end_reason: str = ""

    def lines(self) -> tuple[str, ...]:
        """English for admins, one fact a line; moments in the calendar's zone, to the second."""
        clause = f'"{self.quote}" ({self.source})' if self.quote else self.source
        hours = f"in calendar {self.calendar}" if self.calendar else "of real time, day and night"
        tell = self._teller()
        due = tell(self.due_at) if self.due_at is not None else "nothing while the clock stands still"
        # Where closed hours alone make it due, nothing was ever counted.
        is_late_start = self.counts_from != self.started_at and (self.due_at is None or self.counts_from < self.due_at)
        return (
            f"{self.metric}: {self.target} {hours} by {self.by}, now {self.state}",
            f"clause: {clause}" if clause else "clause: none quoted",
            f"started {tell(self.started_at)}",
            *((f"counts from {tell(self.counts_from)}",) if is_late_start else ()),
            *self._counted(tell),
            *(_paused(pause, tell) for pause in self.pauses),
            *self.notes,
            *((self._ended(tell(self.ended_at)),) if self.ended_at is not None else ()),
            *((f"used up when a change of the target took effect on {due}: due with it",) if self.is_at_once else ()),
            f"due {due} (all moments in {self.zone})",
        )

    def _counted(self, tell: Tell) -> tuple[str, ...]:
        total = timedelta()
        told = []
        for piece in self.pieces:
            counted = length(_to_the_second(piece.end) - _to_the_second(piece.start))
            total += counted
            until = f"{tell(piece.start)} to {tell(piece.end)}"
            told.append(f"counted {until}: {format_duration(counted)}, together {format_duration(total)}")
        if len(told) <= MANY:
            return tuple(told)
        left_out = len(told) - 2 * (MANY // 2)
        return (*told[: MANY // 2], f"... and {left_out} more such lines ...", *told[-(MANY // 2) :])

    def _ended(self, at: str) -> str:
        if self.state is State.MET_LATE:
            hours = "opening hours" if self.calendar else "real time"
            return f"met {at}, late by {format_duration(self.overdue)} of {hours}"
        if self.state is State.RETRACTED:
            return f"met {at}: the breach that was told before is taken back"
        return f"met {at}, in time" if self.state is State.MET else f"ended {at}: {self.end_reason}"

    def _teller(self) -> Tell:
        """With their offsets where clocks are changed among the moments told, or show one of them twice."""
        ends = [at for piece in self.pieces for at in (piece.start, piece.end)]
        stops = [at for pause in self.pauses for at in (pause.at, pause.until)]
        told = {
            at
            for at in (self.started_at, self.counts_from, self.due_at, self.ended_at, *ends, *stops)
            if at is not None
        }
        shown = [moment(at).astimezone(self.tz) for at in told]
        has_offsets = len({one.replace(fold=fold).utcoffset() for one in shown for fold in (0, 1)}) > 1

        def tell(at: Instant) -> str:
            shown = moment(at).astimezone(self.tz)
            seconds = f":{shown:%S}" if shown.second else ""
            offset = f" {shown.isoformat(timespec='minutes')[-len('+00:00') :]}" if has_offsets else ""
            return f"{shown:%a %Y-%m-%d %H:%M}{seconds}{offset}"

        return tell


def explain(clock: Clock, policy: Policy, calendar: Calendar) -> Explanation:
    """The arithmetic of one clock. `calendar` is its own; a wall target takes any, for the zone to tell moments in."""
    ruler = ALWAYS if clock.unit is Unit.WALL else calendar
    stands_at = clock.due_at if clock.due_at is not None else clock.pauses[-1].at if clock.pauses else clock.started_at
    target = clock.counts_by
    by, source, quote = _stated(clock, policy)
    ran = [(since, min(until, stands_at)) for since, until in spans(clock, stands_at) if since < stands_at]
    found = [(start, end) for since, until in ran for start, end in ruler.intervals(since, until)]
    sums = _Sums(
        clock,
        counted_ms=sum(end - start for start, end in found),
        real_ms=sum(until - since for since, until in ran),
        counted_until=found[-1][1] if found else clock.started_at,
        ran_until=ran[-1][1] if ran else clock.started_at,
    )
    return Explanation(
        metric=clock.metric,
        state=clock.state,
        by=by,
        source=source,
        quote=quote,
        target=format_within(target.within),
        calendar=clock.calendar,
        zone=calendar.zone,
        tz=calendar.tz,
        started_at=clock.started_at,
        counts_from=ruler.next_open(clock.started_at),
        pieces=tuple(Piece(start, end, length(end - start)) for start, end in found),
        pauses=clock.pauses,
        due_at=clock.due_at,
        notes=(*_of_layers(clock, policy), *_of_lengths(sums, calendar)),
        is_at_once=sums.is_at_once,
        ended_at=clock.ended_at,
        overdue=length(overdue_ms(clock, calendar, at=stands_at)),
        end_reason=clock.end_reason,
    )


@dataclass(frozen=True, slots=True)
class _Sums:
    """What a pencil makes of the pieces: time of the clock, and real time without the pauses, up to the due moment."""

    clock: Clock
    counted_ms: int
    real_ms: int
    counted_until: Instant
    ran_until: Instant

    @property
    def is_capped(self) -> bool:
        """Whether it is due because the most real time that closed hours may take was over."""
        clock = self.clock
        return self.ran_until == clock.due_at and self.real_ms == clock.cap_ms and self.counted_ms < clock.need_ms

    @property
    def is_at_once(self) -> bool:
        """Whether all of it was used up before: a change had left less than that, and it is due with the change."""
        clock = self.clock
        if clock.due_at is None or self.is_capped:
            return False
        is_over = clock.cap_ms is not None and self.real_ms >= clock.cap_ms
        is_used = self.counted_ms >= clock.need_ms
        return (
            (is_over and not is_used)
            or (is_used and self.counted_until < clock.due_at)
            or self.counted_ms > clock.need_ms
        )

    @property
    def by_other_hours_ms(self) -> int:
        """What was used by hours that have been changed since, beyond what the present ones make of that time."""
        clock = self.clock
        if self.is_capped or self.is_at_once:
            return 0
        return (clock.need_ms if clock.due_at is not None else clock.used_ms) - self.counted_ms


def _paused(pause: Pause, tell: Tell) -> str:
    until = "still" if pause.until is None else f"to {tell(pause.until)}"
    return f"not counted {tell(pause.at)} {until}: {pause.reason}"


def _to_the_second(at: Instant) -> int:
    """As it is shown: whoever adds up what they read must not miss a second."""
    return at - at % SECOND


def _hours(ms: int) -> str:
    return format_duration(length(ms))


def _stated(clock: Clock, policy: Policy) -> tuple[str, str, str]:
    """Whose word it is, in which document it stands, and in which words."""
    target = clock.counts_by
    if clock.metric is Metric.ETA:
        return "our own word", "", ""
    if target.layer == RULE:
        return "a rule of the desk", "", ""
    layer = policy.layer_of(target)
    by = f"policy {layer.key}"
    return (by, target.quote, "") if target.layer == AGREED else (by, layer.source, target.quote)


def _of_layers(clock: Clock, policy: Policy) -> Iterator[str]:
    """Why this promise and no other."""
    target = clock.counts_by
    if target.assumes:
        yield f"assumed: {target.assumes}"
    if clock.metric is Metric.ETA:
        yield "a moment that the client was named"
    elif target.layer == RULE:
        yield "promised to no client: half of the answer that was owed, or what the desk's rules say if that is less"
    elif target.layer == AGREED:
        yield "agreed for this ticket alone, in place of what its policy promises"
    elif target.replaces:
        yield f"policy {target.layer} replaces what the layers below it promise"
    elif policy.extends:
        layers = " + ".join(layer.key for layer in (*policy.extends, policy.own))
        yield f"of the layers {layers} the one that is due first counts"
    if is_eased(target):
        yield "a high load was declared, for which this longer time is promised"
    if target.goal:
        yield "a goal: late is late, but never a breach"
    if clock.due_by is not None:
        yield f"{_promised(clock.target)} is promised since it broke: due moment and breach stay"


def _of_lengths(sums: _Sums, calendar: Calendar) -> Iterator[str]:
    """All that stands between what was counted and the due moment, beside the target itself."""
    clock, target = sums.clock, sums.clock.counts_by
    target_ms = clock.target_ms if clock.due_by is None else resolved_ms(target, calendar, clock.started_at)
    if isinstance(target.within, BusinessDays):
        yield f"resolved at the start to {_hours(target_ms)} of opening hours"
    if clock.need_ms > target_ms:
        yield f"a change of the target left the floor: {_hours(clock.need_ms - target_ms)} more than the target itself"
    if clock.need_ms < target_ms:
        less = _hours(target_ms - clock.need_ms)
        yield f"no later than it was before words that came late: {less} less than the target itself"
    if (other := sums.by_other_hours_ms) != 0:
        more = "more" if other > 0 else "less"
        yield f"{_hours(abs(other))} {more} than is told above was used by hours that were changed since"
    if clock.cap_ms is not None:
        is_own = clock.cap_ms == cap_ms(target, target_ms)
        bound = "closed hours may delay it to" if is_own else "a change of the target left it no later than before:"
        first = ", which comes first" if sums.is_capped else ""
        yield f"{bound} {_hours(clock.cap_ms)} of real time at most, pauses left out{first}"
    if clock.due_at is None and clock.state in {State.PAUSED, State.STOPPED}:
        left = _hours(max(0, clock.need_ms - clock.used_ms))
        capped = (
            "" if clock.cap_ms is None else f", {_hours(max(0, clock.cap_ms - clock.wall_ms))} of real time at most"
        )
        yield f"left when it goes on: {left}{capped}"


def _promised(target: Target) -> str:
    hours = f"in calendar {target.calendar}" if target.calendar else "of real time"
    return f"{format_within(target.within)} {hours}"

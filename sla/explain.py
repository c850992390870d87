"""Why a promise is due when it is: the arithmetic, so that a person can check it with a pencil."""

from dataclasses import dataclass
from datetime import timedelta, tzinfo

from sla.calendar import ALWAYS, Calendar
from sla.clock import Clock, Pause, State, spans
from sla.duration import BusinessDays, Instant, format_duration, format_within, length, millis, moment
from sla.layers import is_eased
from sla.policy import AGREED, Metric, Policy, Unit

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

    `zone` is the calendar's, which the lines are written in. `notes` are whole sentences.
    """

    metric: Metric
    state: State
    policy: str
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

    def lines(self) -> tuple[str, ...]:
        """English for admins, one fact a line; moments in the calendar's zone."""
        clause = f'"{self.quote}" ({self.source})' if self.quote else self.source
        hours = f"in calendar {self.calendar}" if self.calendar else "of real time, day and night"
        due = self._moment(self.due_at) if self.due_at is not None else "nothing while the clock stands still"
        return (
            f"{self.metric}: {self.target} {hours} by policy {self.policy}, now {self.state}",
            f"clause: {clause}" if clause else "clause: none quoted",
            f"started {self._moment(self.started_at)}",
            *((f"counts from {self._moment(self.counts_from)}",) if self.counts_from != self.started_at else ()),
            *self._counted(),
            *(self._paused(pause) for pause in self.pauses),
            *self.notes,
            f"due {due} (all moments in {self.zone})",
        )

    def _counted(self) -> tuple[str, ...]:
        total = timedelta()
        told = []
        for piece in self.pieces:
            total += piece.counted
            until = f"{self._moment(piece.start)} to {self._moment(piece.end)}"
            told.append(f"counted {until}: {format_duration(piece.counted)}, together {format_duration(total)}")
        if len(told) <= MANY:
            return tuple(told)
        left_out = len(told) - 2 * (MANY // 2)
        return (*told[: MANY // 2], f"... and {left_out} more such lines ...", *told[-(MANY // 2) :])

    def _paused(self, pause: Pause) -> str:
        until = "still" if pause.until is None else f"to {self._moment(pause.until)}"
        return f"not counted {self._moment(pause.at)} {until}: {pause.reason}"

    def _moment(self, at: Instant) -> str:
        shown = moment(at).astimezone(self.tz)
        seconds = f":{shown:%S}" if shown.second else ""
        return f"{shown:%a %Y-%m-%d %H:%M}{seconds}"


def explain(clock: Clock, policy: Policy, calendar: Calendar) -> Explanation:
    """The arithmetic of one clock. `calendar` is its own; a wall target takes any, for the zone to tell moments in."""
    ruler = ALWAYS if clock.unit is Unit.WALL else calendar
    stands_at = clock.due_at if clock.due_at is not None else clock.pauses[-1].at if clock.pauses else clock.started_at
    layer = policy.layer_of(clock.target)
    is_agreed = clock.target.layer == AGREED
    return Explanation(
        metric=clock.metric,
        state=clock.state,
        policy=layer.key,
        source=clock.target.quote if is_agreed else layer.source,
        quote="" if is_agreed else clock.target.quote,
        target=format_within(clock.target.within),
        calendar=clock.calendar,
        zone=calendar.zone,
        tz=calendar.tz,
        started_at=clock.started_at,
        counts_from=ruler.next_open(clock.started_at),
        pieces=tuple(
            Piece(start, end, length(end - start))
            for since, until in spans(clock, stands_at)
            for start, end in ruler.intervals(since, min(until, stands_at))
        ),
        pauses=clock.pauses,
        due_at=clock.due_at,
        notes=tuple(_notes(clock, policy)),
    )


def _notes(clock: Clock, policy: Policy) -> list[str]:
    notes = []
    if clock.target.layer == AGREED:
        notes.append("agreed for this ticket alone, in place of what its policy promises")
    elif clock.target.replaces:
        notes.append(f"policy {clock.target.layer} replaces what the layers below it promise")
    elif policy.extends:
        layers = " + ".join(layer.key for layer in (*policy.extends, policy.own))
        notes.append(f"of the layers {layers} the one that is due first counts")
    if isinstance(clock.target.within, BusinessDays):
        notes.append(f"resolved at the start to {format_duration(length(clock.target_ms))} of opening hours")
    if clock.target.off_hours_cap is not None:
        cap = format_duration(length(clock.target_ms + millis(clock.target.off_hours_cap)))
        notes.append(f"closed hours may delay it to {cap} of real time after the start at most")
    if is_eased(clock.target):
        notes.append("a high load was declared, for which this longer time is promised")
    if clock.need_ms > clock.target_ms:
        extra = format_duration(length(clock.need_ms - clock.target_ms))
        notes.append(f"a change of the target left the floor: {extra} more than the target itself")
    if clock.target.goal:
        notes.append("a goal: late is late, but never a breach")
    return notes

"""How much a clock has used, has left, and when that makes it due: arithmetic on the value, no transitions."""

from dataclasses import replace

from sla.calendar import ALWAYS, Calendar
from sla.clock_value import Clock, State
from sla.duration import BusinessDays, Instant, millis
from sla.policy import Target, Unit


def resolved_ms(target: Target, calendar: Calendar, at: Instant) -> int:
    """The target in milliseconds of its unit. Business days are resolved once, so pauses need no second mechanism."""
    return (
        calendar.business_days(at, target.within) if isinstance(target.within, BusinessDays) else millis(target.within)
    )


def cap_ms(target: Target, target_ms: int) -> int | None:
    """How much real time closed hours may stretch the target to, None where nothing bounds it."""
    return None if target.off_hours_cap is None else target_ms + millis(target.off_hours_cap)


def first_due(target: Target, calendar: Calendar, at: Instant, target_ms: int) -> Instant:
    """When a clock that starts at `at` is due, as long as nothing happens to it."""
    due_at = (ALWAYS if target.unit is Unit.WALL else calendar).advance(at, target_ms)
    cap = cap_ms(target, target_ms)
    return due_at if cap is None else min(due_at, Instant(at + cap))


def used_ms(clock: Clock, calendar: Calendar, *, at: Instant) -> int:
    """Time used by `at`, in the clock's unit; a clock uses none after its due moment."""
    return banked(clock, calendar, at).used_ms


def left_ms(clock: Clock, calendar: Calendar, *, at: Instant) -> int:
    """Time left at `at`: in the clock's unit, or in real time where the off-hours cap decides; none once it ended."""
    if clock.state is State.RUNNING and clock.due_at is not None:
        used = used_ms(clock, calendar, at=at)
        by_cap = clock.cap_ms is not None and clock.due_at < ruler_of(clock, calendar).advance(at, clock.need_ms - used)
        return max(0, clock.due_at - at) if by_cap else max(0, clock.need_ms - used)
    stands = clock.state in {State.PAUSED, State.STOPPED} and clock.due_at is None
    return max(0, clock.need_ms - clock.used_ms) if stands else 0


def overdue_ms(clock: Clock, calendar: Calendar, *, at: Instant) -> int:
    """How much later than due, in the clock's unit: by its end, or by `at` while it still owes."""
    if clock.due_at is None or clock.state in {State.CANCELLED, State.RETRACTED}:
        return 0
    if clock.state is State.STOPPED:
        at = clock.pauses[-1].at
    return ruler_of(clock, calendar).open_between(clock.due_at, at if clock.ended_at is None else clock.ended_at)


def ruler_of(clock: Clock, calendar: Calendar) -> Calendar:
    """What the clock's time is counted with."""
    return ALWAYS if clock.unit is Unit.WALL else calendar


def due_from(clock: Clock, calendar: Calendar, since: Instant) -> Instant:
    """When a clock that runs from `since` on with what it has banked is due."""
    due_at = ruler_of(clock, calendar).advance(since, max(0, clock.need_ms - clock.used_ms))
    return due_at if clock.cap_ms is None else min(due_at, Instant(since + max(0, clock.cap_ms - clock.wall_ms)))


def banked(clock: Clock, calendar: Calendar, at: Instant) -> Clock:
    """Count what was used since the clock last began to run."""
    since = clock.running_since
    if since is None:
        return clock
    ends = [at] + [moment for moment in (clock.due_at, clock.ended_at) if moment is not None]
    until = min(ends)
    return replace(
        clock,
        business_ms=clock.business_ms + calendar.open_between(since, until),
        wall_ms=clock.wall_ms + max(0, until - since),
        running_since=None,
    )

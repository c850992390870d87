"""One promise being measured on one ticket.

A clock is a value. Every function takes the moment it happened and returns the next clock; nobody here asks what time
it is. A paused clock keeps the working time it has left, so a client who answers on Sunday night does not cost us
Sunday night.

    running --pause----> paused --resume--> running     running --stop (resolved)--> stopped --reopen--> running
    running --satisfy--> met                             breached --satisfy--> met_late
    running --check----> breached (the moment passed)    breached --stop--> stopped --reopen--> breached
                                                         breached --late evidence--> retracted
    any that owes --cancel--> cancelled                  met, met_late --take back (undelivered)--> running, breached

A breach is latched against changes of policy, not against facts: evidence of something that happened by the due moment
takes it back. A goal that is late is no breach and as lasting: no pause and no change makes it in time again.
"""

from dataclasses import replace
from datetime import timedelta

from sla.calendar import ALWAYS, Calendar
from sla.clock_value import Clock, Pause, PauseReason, State, clock_from_json, clock_to_json, spans
from sla.duration import Instant, length, millis
from sla.marks import BREACH, DEFAULT_MARKS, LAST_CALL, Mark, last_call_ms, mark_points
from sla.measure import banked, cap_ms, due_from, first_due, left_ms, overdue_ms, resolved_ms, ruler_of, used_ms
from sla.policy import Metric, Target, Unit

__all__ = [
    "BREACH",
    "DEFAULT_MARKS",
    "Clock",
    "Mark",
    "Pause",
    "PauseReason",
    "State",
    "cancel",
    "check",
    "clock_from_json",
    "clock_to_json",
    "due_marks",
    "end",
    "fire",
    "is_owing",
    "left_ms",
    "next_wake",
    "overdue_ms",
    "pause",
    "rebase",
    "reopen",
    "resume",
    "retarget",
    "satisfy",
    "spans",
    "start",
    "start_eta",
    "stop",
    "take_back",
    "used_ms",
]


def start(
    metric: Metric, target: Target, calendar: Calendar, *, at: Instant, marks: tuple[str, ...] = DEFAULT_MARKS
) -> Clock:
    """A running clock; outside opening hours it runs and uses nothing."""
    target_ms = resolved_ms(target, calendar, at)
    return Clock(
        metric=metric,
        state=State.RUNNING,
        target=target,
        started_at=at,
        due_at=first_due(target, calendar, at, target_ms),
        target_ms=target_ms,
        need_ms=target_ms,
        cap_ms=cap_ms(target, target_ms),
        running_since=at,
        marks=tuple(Mark(mark) for mark in marks),
    )


def start_eta(due_at: Instant, *, at: Instant, marks: tuple[str, ...] = DEFAULT_MARKS) -> Clock:
    """The clock of a promised moment: real time, never paused. ValueError for a moment that is not ahead."""
    if due_at <= at:
        raise ValueError("an ETA must lie ahead: name a later moment")
    return start(Metric.ETA, Target(length(due_at - at), Unit.WALL), ALWAYS, at=at, marks=marks)


def is_owing(clock: Clock) -> bool:
    """Whether somebody still waits for what was promised: not met, not ended; a breach owes until it is answered."""
    return clock.state in {State.RUNNING, State.PAUSED} or (clock.state is State.BREACHED and clock.ended_at is None)


def check(clock: Clock, *, at: Instant) -> Clock:
    """Breach a running clock whose moment has passed; `due_at` itself is still in time, and stays on the clock.

    A goal never breaches.
    """
    if clock.state is not State.RUNNING or clock.due_at is None or at <= clock.due_at or clock.target.goal:
        return clock
    return replace(clock, state=State.BREACHED, breached_at=clock.due_at)


def pause(clock: Clock, calendar: Calendar, *, at: Instant, reason: PauseReason) -> Clock:
    """Keep what is left. At the due moment itself the pause wins; a second pause changes nothing; an ETA never pauses.

    A pause that happened in time but is told after the breach takes the breach back.
    """
    paused = _without_breach(check(clock, at=at), at)
    if _is_late(paused, at):
        return paused
    if paused.state is not State.RUNNING or paused.running_since is None or paused.metric is Metric.ETA:
        return paused
    begun = paused.pauses[-1].until if paused.pauses else paused.started_at
    if begun is not None and at < begun:
        return clock  # told again, or told after the resumption that ended it
    clock, at = paused, max(at, paused.running_since)
    return replace(
        banked(clock, calendar, at),
        state=State.PAUSED,
        due_at=None,
        pauses=(*clock.pauses, Pause(reason, at)),
        generation=clock.generation + 1,
    )


def resume(clock: Clock, calendar: Calendar, *, at: Instant) -> Clock:
    """Run on with what was left."""
    return _running_again(clock, calendar, at) if clock.state is State.PAUSED else clock


def stop(clock: Clock, calendar: Calendar, *, at: Instant) -> Clock:
    """The ticket is resolved: time stops counting, until a reopening. What was broken by then stays on the clock."""
    clock = check(clock, at=at)
    if _is_late(clock, at) and clock.ended_at is None:
        return replace(clock, state=State.STOPPED, pauses=(*clock.pauses, Pause(PauseReason.RESOLVED, at)))
    if clock.state is State.PAUSED:
        pauses = (*clock.pauses[:-1], *_closed(clock.pauses[-1], at), Pause(PauseReason.RESOLVED, at))
        return replace(clock, state=State.STOPPED, pauses=pauses)
    clock = pause(clock, calendar, at=at, reason=PauseReason.RESOLVED)
    return replace(clock, state=State.STOPPED) if clock.state is State.PAUSED else clock


def reopen(clock: Clock, calendar: Calendar, *, at: Instant) -> Clock:
    """Run on with the time used before the resolution; the time between is not counted."""
    return _running_again(clock, calendar, at) if clock.state is State.STOPPED else clock


def satisfy(clock: Clock, calendar: Calendar, *, at: Instant) -> Clock:
    """What was promised happened at `at`: met, or met late.

    Late evidence is welcome: something that happened by the due moment retracts a breach told before it was known. What
    happened before the clock started is about something else.
    """
    clock = check(clock, at=at)
    if clock.state in {State.CANCELLED, State.STOPPED} or at < clock.started_at:
        return clock
    if clock.ended_at is not None and clock.ended_at <= at:
        return clock
    in_time = clock.due_at is None or at <= clock.due_at
    state = State.MET if in_time else State.MET_LATE
    if in_time and clock.breached_at is not None:
        state = State.RETRACTED
    return replace(banked(clock, calendar, at), state=state, satisfied_at=at, ended_at=at)


def take_back(clock: Clock, calendar: Calendar, *, at: Instant) -> Clock:
    """What was told as an answer of `at` never arrived: it is owed again, with the time counted on from there."""
    if clock.satisfied_at != at or clock.state not in {State.MET, State.MET_LATE, State.RETRACTED}:
        return clock
    owed = replace(clock, satisfied_at=None, ended_at=None)
    if clock.pauses and clock.pauses[-1].until is None:
        return replace(owed, state=State.PAUSED, due_at=None)
    if clock.state is State.MET_LATE:
        return replace(owed, state=State.BREACHED)
    running = replace(owed, state=State.RUNNING, breached_at=None, running_since=at)
    return replace(running, due_at=due_from(running, calendar, at))


def cancel(clock: Clock, *, at: Instant, reason: str) -> Clock:
    """The promise no longer holds (merged, spam, not covered): an owing or stopped clock ends, also a breached one.

    What was broken by then stays on it, also if nobody had looked yet.
    """
    clock = check(clock, at=at)
    if is_owing(clock) or clock.state is State.STOPPED:
        return replace(clock, state=State.CANCELLED, ended_at=at, end_reason=reason)
    return clock


def end(clock: Clock, *, at: Instant, reason: str) -> Clock:
    """Nobody waits any more (the ticket was resolved): as `cancel`, but what was broken by then stays breached."""
    clock = check(clock, at=at)
    if clock.state is State.BREACHED and clock.ended_at is None:
        return replace(clock, ended_at=at, end_reason=reason)
    return clock if clock.state is State.BREACHED else cancel(clock, at=at, reason=reason)


def retarget(clock: Clock, target: Target, calendar: Calendar, *, at: Instant, floor: timedelta) -> Clock:
    """Urgency, plan, channel or load changed: the same start and pauses under a new target.

    due = max(from the start, min(due before, at + min(new target, floor))): a change never leaves less than the floor
    unless less was left before, and repeating it gains nothing. The cap of the new target counts from the start and is
    laid over that: closed hours delay nothing beyond it (semantics 1.6, 1.7). Paused: takes effect on resume. Breached,
    or a goal that is late: the target is recorded, due and breach stay. `calendar` is the one the new target names.
    """
    clock = check(clock, at=at)
    if clock.metric is Metric.ETA or clock.state not in {State.RUNNING, State.PAUSED, State.STOPPED, State.BREACHED}:
        return clock
    target_ms = resolved_ms(target, calendar, clock.started_at)
    if clock.breached_at is not None or _is_late(clock, at):
        due_by = None if target == clock.counts_by else clock.counts_by
        return replace(clock, target=target, target_ms=target_ms, due_by=due_by)
    at = max(at, clock.running_since or at)
    due_before = due_from(clock, calendar, at) if clock.due_at is None else clock.due_at
    until_now = _counted(clock, target, calendar, at)
    fresh = replace(
        until_now,
        target=target,
        target_ms=target_ms,
        need_ms=target_ms,
        cap_ms=cap_ms(target, target_ms),
        due_by=None,
        running_since=None if clock.running_since is None else at,
        generation=clock.generation + 1,
    )
    fresh = _floored(until_now, fresh, calendar, at=at, due_before=due_before, floor_ms=millis(floor))
    return fresh if fresh.running_since is None else replace(fresh, due_at=due_from(fresh, calendar, at))


def rebase(clock: Clock, calendar: Calendar, *, at: Instant) -> Clock:
    """The clock's calendar was edited: time used stays used, and what is left is laid over the new opening hours.

    A moment that passed before anybody looked is asked of the new hours too: where they put it off it is not broken,
    and where they would have brought it forward it stays where people saw it.
    """
    since = clock.running_since
    if clock.state is not State.RUNNING or since is None or clock.due_at is None or clock.metric is Metric.ETA:
        return check(clock, at=at)
    if clock.due_at < at:
        moved, due_at = clock, max(clock.due_at, due_from(clock, calendar, since))
    else:
        since = max(at, since)
        moved = replace(banked(clock, calendar, since), running_since=since)
        due_at = due_from(moved, calendar, since)
    if due_at == clock.due_at:
        return check(clock, at=at)
    return check(replace(moved, due_at=due_at, generation=clock.generation + 1), at=at)


def due_marks(clock: Clock, calendar: Calendar, *, at: Instant) -> tuple[Mark, ...]:
    """The marks a running clock has passed and not fired, mildest first."""
    return tuple(mark for mark, falls_at in _waiting_marks(clock, calendar) if falls_at <= at)


def next_wake(clock: Clock, calendar: Calendar, *, at: Instant) -> Instant | None:
    """When to `fire` next: the next mark, or the first moment at which a check breaches; never before `at`."""
    if clock.state is State.BREACHED:
        return at if clock.ended_at is None and BREACH not in clock.fired else None
    if clock.state is not State.RUNNING or clock.due_at is None:
        return None
    moments = [falls_at for _, falls_at in _waiting_marks(clock, calendar)]
    if not clock.target.goal:
        moments.append(Instant(clock.due_at + 1))
    return max(at, min(moments)) if moments else None


def fire(clock: Clock, calendar: Calendar, *, at: Instant) -> tuple[Clock, tuple[Mark, ...]]:
    """Tell what is due by `at`, at most one mark: those that became due together are told by the most urgent one.

    Each mark fires once in the life of a clock. A breach is told with `breach`, and nothing milder after it.
    """
    clock = check(clock, at=at)
    if clock.state is State.BREACHED and clock.ended_at is None and BREACH not in clock.fired:
        skipped = tuple(mark for mark in clock.marks if mark not in clock.fired)
        return replace(clock, fired=(*clock.fired, *skipped, BREACH)), (BREACH,)
    marks = due_marks(clock, calendar, at=at)
    return (replace(clock, fired=(*clock.fired, *marks)), marks[-1:]) if marks else (clock, ())


def _counted(clock: Clock, target: Target, calendar: Calendar, at: Instant) -> Clock:
    """Time used by `at` as the new target's calendar counts it: from the start, if it is another calendar."""
    if target.calendar == clock.calendar:
        return banked(clock, calendar, at)
    stretches = spans(clock, at)
    return replace(
        clock,
        business_ms=sum(calendar.open_between(since, until) for since, until in stretches),
        wall_ms=sum(until - since for since, until in stretches),
    )


def _floored(old: Clock, fresh: Clock, calendar: Calendar, *, at: Instant, due_before: Instant, floor_ms: int) -> Clock:
    """Leave the floor, or what was left before if that is less; the cap on closed hours holds all the same.

    See `retarget`.
    """
    least = min(fresh.target_ms, floor_ms)
    floor_due = ruler_of(fresh, calendar).advance(at, least)
    if due_from(replace(fresh, cap_ms=None), calendar, at) >= min(floor_due, due_before):
        return fresh
    if floor_due <= due_before:
        return replace(fresh, need_ms=fresh.used_ms + least)
    if (old.unit, old.calendar) == (fresh.unit, fresh.calendar):
        return replace(fresh, need_ms=old.need_ms, cap_ms=_sooner(fresh.cap_ms, old.cap_ms))
    until_before = fresh.wall_ms + due_before - at
    return replace(fresh, need_ms=fresh.used_ms + least, cap_ms=_sooner(fresh.cap_ms, until_before))


def _sooner(cap: int | None, other: int | None) -> int | None:
    return min((one for one in (cap, other) if one is not None), default=None)


def _running_again(clock: Clock, calendar: Calendar, at: Instant) -> Clock:
    paused = clock.pauses[-1]
    if at < paused.at:
        return clock  # told again, or told after the pause that followed it
    pauses = (*clock.pauses[:-1], *_closed(paused, at))
    if clock.due_at is not None:  # it was late before it was stopped
        return replace(clock, state=State.RUNNING if clock.breached_at is None else State.BREACHED, pauses=pauses)
    running = replace(clock, state=State.RUNNING, running_since=at, pauses=pauses, generation=clock.generation + 1)
    return replace(running, due_at=due_from(running, calendar, at))


def _closed(paused: Pause, at: Instant) -> tuple[Pause, ...]:
    """The pause with its end; a pause of no length leaves no trace."""
    return (replace(paused, until=at),) if paused.at < at else ()


def _is_late(clock: Clock, at: Instant) -> bool:
    """Whether it was due before `at` and nothing but the answer changes that: it is broken, or a goal."""
    return clock.state is State.BREACHED or (clock.target.goal and clock.due_at is not None and clock.due_at < at)


def _without_breach(clock: Clock, at: Instant) -> Clock:
    """Take back a breach that had not happened yet at `at`; its mark may fire again for a later due moment."""
    if clock.state is not State.BREACHED or clock.due_at is None or at > clock.due_at or clock.ended_at is not None:
        return clock
    fired = tuple(mark for mark in clock.fired if mark != BREACH)
    return replace(clock, state=State.RUNNING, breached_at=None, fired=fired)


def _waiting_marks(clock: Clock, calendar: Calendar) -> tuple[tuple[Mark, Instant], ...]:
    """Marks not fired yet with their moments, mildest first; strictly before due. A goal has only its mildest mark.

    A milder mark never comes after a more urgent one: where a cap pulls the last call forward, it is left out.
    """
    if clock.state is not State.RUNNING or clock.running_since is None or clock.due_at is None:
        return ()
    ruler, since = ruler_of(clock, calendar), clock.running_since
    marks = clock.marks[:1] if clock.target.goal else clock.marks
    found: list[tuple[Mark, Instant]] = []
    before: Instant = clock.due_at
    for mark, point in reversed(mark_points(marks, clock.target_ms, clock.need_ms)):
        if mark in clock.fired:
            break
        falls_at = ruler.advance(since, max(0, point - clock.used_ms))
        if mark == LAST_CALL and clock.cap_ms is not None:
            # Where the cap decides, closed hours use no time of the clock, and the last call would come after due.
            before_cap = clock.cap_ms - clock.wall_ms - last_call_ms(clock.target_ms)
            falls_at = min(falls_at, Instant(since + max(0, before_cap)))
        if falls_at < clock.due_at and falls_at <= before:  # what falls together is told by the most urgent
            found.append((mark, falls_at))
            before = falls_at
    return tuple(reversed(found))

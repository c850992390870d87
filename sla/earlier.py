"""Words of the client that come late: said before those by which a clock began, or before those that ended a pause.

A channel that was cut off tells what was said meanwhile after what is said now, and mail is late by itself. The promise
counts from when it was asked for, not from what was heard first (semantics 1.1): the clock begins earlier, a pause ends
earlier, and the time between is used. What was told of it is not told again; what that makes overdue is told once, by
the next look. A breach moves with its due moment. What has been answered or has ended stays as it is.
"""

from collections.abc import Mapping
from dataclasses import replace

from sla.calendar import Calendar
from sla.clock import Clock, State, is_owing
from sla.clock_value import Pause, spans
from sla.duration import Instant
from sla.layers import Calendars, calendar_named, eased, promised
from sla.measure import cap_ms, due_from, resolved_ms, ruler_of
from sla.policy import AGREED, Metric, Policy, Target, Urgency
from sla.promise import Promises, calendar_of


def spoke_earlier(
    clocks: Promises,
    policy: Policy,
    urgency: Urgency,
    channel: str,
    calendars: Calendars,
    at: Instant,
    *,
    answered_at: Instant | None = None,
    is_high_load: bool = False,
) -> Promises:
    """The clocks with what a message of `at` begins and ends that later ones were thought to; each keeps its place.

    `answered_at` is when the client was last replied to: what they said before that begins no next response. A message
    that came in its order, or that is told again, changes nothing.
    """

    def moved(clock: Clock) -> Clock:
        if not is_owing(clock) or clock.metric in {Metric.ETA, Metric.PICK_UP, Metric.FOLLOW_UP}:
            return clock
        if clock.started_at > at:
            if clock.metric is Metric.NEXT_RESPONSE and answered_at is not None and answered_at >= at:
                return clock
            if clock.breached_at is not None:
                return began(clock, clock.target, calendar_of(clock, calendars), at=at)
            target = _target(clock, policy, urgency, channel, calendars, at, is_high_load=is_high_load)
            return began(clock, target, calendar_named(target.calendar, calendars), at=at)
        return went_on(clock, calendar_of(clock, calendars), at=at)

    return tuple(moved(clock) for clock in clocks)


def moves(before: Promises, after: Promises) -> Mapping[tuple[Metric, Instant], Clock]:
    """The clocks that begin at another moment, by the metric and the start they had: a clock goes by these two."""
    return {
        (old.metric, old.started_at): new
        for old, new in zip(before, after, strict=False)
        if old.metric is new.metric and old.started_at != new.started_at
    }


def began(clock: Clock, target: Target, calendar: Calendar, *, at: Instant) -> Clock:
    """The same promise, asked for at `at`, before it was thought to be; `target` is what was promised then.

    What a change of the target left it at least, it keeps. A clock that is late keeps all that it was late by.
    """
    is_kept = clock.breached_at is not None or clock.due_by is not None
    target = clock.target if is_kept else target
    target_ms = clock.target_ms if is_kept else resolved_ms(target, calendar, at)
    is_capped_by_target = clock.cap_ms == cap_ms(clock.target, clock.target_ms)
    begun = replace(
        clock,
        target=target,
        started_at=at,
        target_ms=target_ms,
        need_ms=clock.need_ms - clock.target_ms + target_ms,
        cap_ms=cap_ms(target, target_ms) if is_capped_by_target else clock.cap_ms,
        generation=clock.generation + 1,
    )
    if clock.running_since == clock.started_at:
        return _due(replace(begun, running_since=at), calendar, not_after=clock.due_at)
    if begun.calendar == clock.calendar:
        return _due(_used(begun, calendar, at, clock.started_at), calendar, not_after=clock.due_at)
    stretches = spans(begun, begun.running_since if begun.running_since is not None else at)
    recounted = replace(
        begun,
        business_ms=sum(calendar.open_between(since, until) for since, until in stretches),
        wall_ms=sum(until - since for since, until in stretches),
    )
    return _due(recounted, calendar, not_after=clock.due_at)


def went_on(clock: Clock, calendar: Calendar, *, at: Instant) -> Clock:
    """The same promise without the rest of a pause in which the client spoke: their message ended it."""
    for place, pause in enumerate(clock.pauses):
        if pause.until is not None and pause.at <= at < pause.until:
            rest = () if pause.at == at else (Pause(pause.reason, pause.at, at),)
            pauses = (*clock.pauses[:place], *rest, *clock.pauses[place + 1 :])
            used = _used(replace(clock, pauses=pauses), calendar, at, pause.until)
            return _due(replace(used, generation=clock.generation + 1), calendar, not_after=clock.due_at)
    return clock


def _target(
    clock: Clock,
    policy: Policy,
    urgency: Urgency,
    channel: str,
    calendars: Calendars,
    at: Instant,
    *,
    is_high_load: bool,
) -> Target:
    """What its cell promised at `at`, where the clock still has what the cell promised at its start."""
    kept = clock.target

    def cell(moment: Instant) -> Target | None:
        return promised(policy, urgency, clock.metric, channel, calendars, at=moment, is_high_load=is_high_load)

    then, now = cell(at), cell(clock.started_at)
    if kept.layer == AGREED or then is None or now is None:
        return kept
    if kept == now:
        return then
    return eased(then) if kept == eased(now) else kept


def _used(clock: Clock, calendar: Calendar, since: Instant, until: Instant) -> Clock:
    """With a stretch more that counted."""
    return replace(
        clock,
        business_ms=clock.business_ms + calendar.open_between(since, until),
        wall_ms=clock.wall_ms + until - since,
    )


def _due(clock: Clock, calendar: Calendar, *, not_after: Instant | None) -> Clock:
    """Due by what it has used now, which is never later than it was; broken where that was before a pause."""
    is_broken = clock.state is State.BREACHED
    uses_all = clock.used_ms >= clock.need_ms or (clock.cap_ms is not None and clock.wall_ms >= clock.cap_ms)
    if is_broken or uses_all:
        stands_at = not_after if is_broken else clock.running_since
        broken = _broken_before(clock, calendar, stands_at if stands_at is not None else clock.started_at)
        if broken is not None:
            return broken
    if is_broken or clock.running_since is None:
        return clock
    due_at = due_from(clock, calendar, clock.running_since)
    if not_after is None or due_at <= not_after:
        return replace(clock, due_at=due_at)
    left = ruler_of(clock, calendar).open_between(clock.running_since, not_after)
    return replace(clock, due_at=not_after, need_ms=clock.used_ms + left)


def _broken_before(clock: Clock, calendar: Calendar, moment: Instant) -> Clock | None:
    """As it broke in a stretch that is over by `moment`; None where it did not. At a pause itself the pause wins.

    A goal is late from then on.
    """
    business, wall = 0, 0
    for since, until in spans(clock, moment):
        begun = replace(clock, business_ms=business, wall_ms=wall, running_since=since)
        fell_at = due_from(begun, calendar, since)
        if fell_at < until:
            pauses = tuple(pause for pause in clock.pauses if pause.at < fell_at)
            late = replace(begun, due_at=fell_at, pauses=pauses)
            if clock.target.goal:
                return replace(late, state=State.RUNNING)
            return replace(late, state=State.BREACHED, breached_at=fell_at)
        business, wall = business + calendar.open_between(since, until), wall + until - since
    return None

"""A clock counted anew from what happened to it, by arithmetic of its own: whether what is kept of it adds up.

For an auditor. It shares nothing with the code that moves clocks but the calendar, and mends nothing.
"""

from sla.calendar import Calendar
from sla.clock_value import Clock, State, spans
from sla.duration import Instant
from sla.policy import Unit


def mismatch(clock: Clock, calendar: Calendar) -> str:
    """What of an open clock does not follow from its start, its pauses and its target; empty where all of it does.

    `calendar` is the one it counts in now. What it used before its hours were last written anew is believed.
    """
    if clock.state is State.RUNNING:
        return _mismatch_of_running(clock, calendar)
    if clock.state is State.PAUSED and clock.due_at is not None:
        return "it is paused and due at the same time"
    if clock.state is State.BREACHED and clock.breached_at != clock.due_at:
        return "it broke at another moment than it was due"
    return ""


def _mismatch_of_running(clock: Clock, calendar: Calendar) -> str:
    since, due_at = clock.running_since, clock.due_at
    if since is None or due_at is None:
        return "it runs and is never due"
    if clock.pauses and clock.pauses[-1].until is None:
        return "it runs in the middle of a pause"
    # A goal that is used up never breaks: it runs on, and what it ran beyond counts as nothing.
    is_used_up = clock.target.goal and clock.used_ms >= clock.need_ms
    if not is_used_up and sum(stop - begun for begun, stop in spans(clock, since)) != clock.wall_ms:
        return "it has used another time than its pauses leave"
    is_wall = clock.unit is Unit.WALL
    left = max(0, clock.need_ms - (clock.wall_ms if is_wall else clock.business_ms))
    due = Instant(since + left) if is_wall else calendar.advance(since, left)
    if clock.cap_ms is not None:
        due = min(due, Instant(since + max(0, clock.cap_ms - clock.wall_ms)))
    return "" if due == due_at else f"it is kept as due {abs(due_at - due) // 1000} s away from when it is"

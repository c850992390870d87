"""What was called off by mistake runs again as though it never had been: whose word was taken for nothing, waited on.

Time counted all the while, so a moment that passed meanwhile is broken. What was paused is paused still, and what was
told of it is not told again.
"""

from dataclasses import replace

from sla.clock import check
from sla.clock_value import Clock, PauseReason, State
from sla.duration import Instant
from sla.promise import Promises


def restored(clocks: Promises, *, at: Instant, reason: str) -> Promises:
    """The clocks of which those that were cancelled for this reason run on, broken by now where they are due."""
    return tuple(
        check(_restored(one), at=at) if one.state is State.CANCELLED and one.end_reason == reason else one
        for one in clocks
    )


def _restored(clock: Clock) -> Clock:
    owed = replace(clock, ended_at=None, end_reason="")
    paused = clock.pauses[-1] if clock.pauses and clock.pauses[-1].until is None else None
    if paused is not None:
        return replace(
            owed, state=State.STOPPED if paused.reason is PauseReason.RESOLVED else State.PAUSED, due_at=None
        )
    return replace(owed, state=State.BREACHED if clock.breached_at is not None else State.RUNNING)

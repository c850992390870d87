"""When a call has something to say by itself: the reminders before it, the question after it, the end of a request.

Each is told once, because what was told is kept with the call. What came too late to be true is never told: after a
downtime a call that has begun is announced by nothing.
"""

from datetime import timedelta
from typing import Final

from bot.tickets.calls.call import LEAD, Call, CallState
from routing.calls import reminded_at
from sla.calendar import Calendar
from sla.duration import Instant, later, length

#: The person has to accept it; soon it is too late, so the leads hear of it; nobody did in time.
ACCEPT: Final = "accept"
LAST_CALL: Final = "last_call"
LAPSE: Final = "lapse"
#: One working day before, a quarter of an hour before; it is over; nobody said how it was.
DAY: Final = "day"
SOON: Final = "soon"
OVER: Final = "over"
ASSUMED: Final = "assumed"

SOON_BEFORE: Final = timedelta(minutes=15)
ASSUMED_AFTER: Final = timedelta(days=1)
#: How long before the end of a request it is called out for the last time, as for any promise (semantics 1.8).
_LAST_CALL: Final = (timedelta(minutes=2), timedelta(minutes=30))
_LAST_SHARE: Final = 20
_REMINDERS: Final = (DAY, SOON)


def call_owner(key: str | int) -> str:
    """The alarm of a call; by a ticket's number, that of the call that it has."""
    return f"call:{key}"


def marks(call: Call, calendar: Calendar) -> dict[str, Instant]:
    """Every moment that a call has, in its person's hours; of one that is not to be held, none."""
    if not call.state.is_live:
        return {}
    if call.state is CallState.REQUESTED:
        if call.accept_by is None:
            return {}
        if call.waits_for == LEAD:
            return {LAPSE: call.accept_by}
        # Asked once more when half of the time is over, and only while they work.
        half = calendar.next_open(Instant((call.agreed_at + call.accept_by) // 2))
        last = _last_call(call, call.accept_by)
        asked = {ACCEPT: half} if half < last else {}
        return {**asked, LAST_CALL: last, LAPSE: call.accept_by}
    return {
        DAY: reminded_at(calendar, begins_at=call.begins_at),
        SOON: later(call.begins_at, -SOON_BEFORE),
        OVER: call.ends_at,
        ASSUMED: later(call.ends_at, ASSUMED_AFTER),
    }


def _last_call(call: Call, accept_by: Instant) -> Instant:
    shortest, longest = _LAST_CALL
    return later(accept_by, -min(longest, max(shortest, length(accept_by - call.agreed_at) / _LAST_SHARE)))


def told_from_the_start(call: Call, calendar: Calendar, *, now: Instant) -> frozenset[str]:
    """The reminders that whoever agrees on a call now needs no more."""
    return frozenset(mark for mark, at in marks(call, calendar).items() if mark in _REMINDERS and at <= now)


def wake_at(call: Call, calendar: Calendar) -> Instant | None:
    """When to look at a call again."""
    return min((at for mark, at in marks(call, calendar).items() if mark not in call.told), default=None)


def fallen(call: Call, calendar: Calendar, *, now: Instant) -> tuple[str | None, frozenset[str]]:
    """What is to be told now, if anything, and everything that counts as told from now on."""
    due = [mark for mark, at in marks(call, calendar).items() if mark not in call.told and at <= now]
    told = call.told | frozenset(due)
    true = [mark for mark in due if mark not in _REMINDERS or now < call.begins_at]
    return (true[-1] if true else None), told

"""When a call has something to say by itself: the reminders before it, the question after it, the end of a request.

Each is told once, because what was told is kept with the call. What came too late to be true is never told: after a
downtime a call that has begun is announced by nothing, and counts as held only a day after its person was asked.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from bot.tickets.calls.call import LEAD, Call, CallState
from routing.calls import reminded_at
from sla.calendar import Calendar
from sla.duration import Instant, later, millis

#: The person has to accept it; soon it is too late, so the leads hear of it; nobody did in time.
ACCEPT: Final = "accept"
LAST_CALL: Final = "last_call"
LAPSE: Final = "lapse"
#: Its person works no more then, by hours that have changed since.
CLOSED: Final = "closed"
#: Its contact has another one at the same time, as it turned out.
TWICE: Final = "twice"
#: One working day before, a quarter of an hour before; it is over; nobody said how it was.
DAY: Final = "day"
SOON: Final = "soon"
OVER: Final = "over"
ASSUMED: Final = "assumed"
#: Before the moment at which its person was asked, where that was late.
_ASKED: Final = "asked:"

SOON_BEFORE: Final = timedelta(minutes=15)
ASSUMED_AFTER: Final = timedelta(days=1)
#: How long before the end of a request it is called out for the last time, as for any promise (semantics 1.8).
_LAST_CALL: Final = (timedelta(minutes=2), timedelta(minutes=30))
_LAST_SHARE: Final = 20
#: Leads who say nothing to an exception are asked once more when half of the time is over, or after this long.
_LEADS_ASKED_AGAIN_AFTER: Final = timedelta(days=1)
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
            again = min((call.agreed_at + call.accept_by) // 2, later(call.agreed_at, _LEADS_ASKED_AGAIN_AFTER))
            return {ACCEPT: Instant(again), LAPSE: call.accept_by}
        # Asked once more when half of their own time for it is over, and called out before the end of it.
        worked = calendar.open_between(call.agreed_at, call.accept_by)
        half, last = (calendar.advance(call.agreed_at, one) for one in (worked // 2, worked - _last_call(worked)))
        asked = {ACCEPT: half} if half < last else {}
        return {**asked, LAST_CALL: last, LAPSE: call.accept_by}
    return {
        DAY: reminded_at(calendar, begins_at=call.begins_at),
        SOON: later(call.begins_at, -SOON_BEFORE),
        OVER: call.ends_at,
        ASSUMED: later(_asked_at(call), ASSUMED_AFTER),
    }


def _asked_at(call: Call) -> Instant:
    """When its person was asked how it was: as it ended, or when we were back after that."""
    late = (one.removeprefix(_ASKED) for one in call.told if one.startswith(_ASKED))
    return Instant(max(map(int, late), default=call.ends_at))


def _last_call(worked: int) -> int:
    """How much of that time is left when a request is called out for the last time; never more than there is."""
    shortest, longest = map(millis, _LAST_CALL)
    return min(worked, longest, max(shortest, worked // _LAST_SHARE))


def allowed_by(asked_at: Instant, begins_at: Instant) -> Instant:
    """Until when a lead may say yes: the client hears before the call would begin that it does not."""
    return max(later(begins_at, -SOON_BEFORE), Instant((asked_at + begins_at) // 2))


def told_from_the_start(call: Call, calendar: Calendar, *, now: Instant) -> frozenset[str]:
    """What was told of a call already, and the reminders that whoever agrees on it now needs no more."""
    return call.told | frozenset(mark for mark, at in marks(call, calendar).items() if mark in _REMINDERS and at <= now)


def wake_at(call: Call, calendar: Calendar) -> Instant | None:
    """When to look at a call again."""
    return min((at for mark, at in marks(call, calendar).items() if mark not in call.told), default=None)


def fallen(call: Call, calendar: Calendar, *, now: Instant) -> tuple[str | None, frozenset[str]]:
    """What is to be told now, if anything, and everything that counts as told from now on."""
    due = [mark for mark, at in marks(call, calendar).items() if mark not in call.told and at <= now]
    if OVER in due and ASSUMED in due:  # nobody has been asked yet: they have as long to answer as ever
        due.remove(ASSUMED)
        call = replace(call, told=call.told | {f"{_ASKED}{now}"})
    told = call.told | frozenset(due)
    true = [mark for mark in due if mark not in _REMINDERS or now < call.begins_at]
    return (true[-1] if true else None), told

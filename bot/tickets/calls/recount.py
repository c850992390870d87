"""Until when a call that waits for its person can still be accepted, once their hours or their leave are others. Pure.

Its notice point is counted anew in the hours as they are now. It lapses at once where nothing of their working time is
left before that, because then nobody could accept it: the client chooses again while there is time for it.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from bot.tickets.calls import marks
from bot.tickets.calls.call import LEAD, Call, CallState
from routing.calls import CallTerms, Diary, agreed_by, worked_until
from sla.duration import Instant

_SOMETHING: Final = timedelta(minutes=1)


def waits(call: Call) -> bool:
    """Whether a call waits for its person, and not for a lead, who may allow what the notice does not."""
    return call.state is CallState.REQUESTED and call.waits_for != LEAD and call.accept_by is not None


def accepted_by(call: Call, diary: Diary, terms: CallTerms, *, now: Instant) -> Instant | None:
    """The moment until which it may be accepted; None where it can be accepted no more."""
    by = agreed_by(diary.calendar, terms, begins_at=call.begins_at)
    worked = worked_until(diary, _SOMETHING, since=now)
    return by if worked is not None and worked <= by else None


def recounted(call: Call, by: Instant, diary: Diary, *, now: Instant) -> Call:
    """The call with that end of it. What was said already is said again only where its moment lies ahead once more.

    Its person reads of an earlier end at once, so they are not asked again for half of it.
    """
    is_earlier = call.accept_by is not None and by < call.accept_by
    call = replace(call, accept_by=by)
    ahead = {mark for mark, at in marks.marks(call, diary.calendar).items() if at > now}
    told = call.told - ahead
    return replace(call, told=told | {marks.ACCEPT} if is_earlier else told)

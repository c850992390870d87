"""What people read of calls: a moment in their own time with the other one's beside it, and lists of times to choose.

The manager's time stands in brackets wherever their clock shows another one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from bot.tickets.calls.call import Call, CallRules, Entitlement, KindOfCall
from bot.tickets.outcome import person_texts
from bot.tickets.revision import Revision
from bot.tickets.texts import CATALOGUE, Texts
from routing.people import PersonId
from sla.calendar import parse_zone
from sla.duration import Instant, instant, moment

_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True, slots=True)
class Time:
    """A time with somebody."""

    person: PersonId
    begins_at: Instant


def name_of_kind(kind: str, rules: CallRules, speak: Texts) -> str:
    """What a client reads for a kind of call: the desk's own word, else ours."""
    known = rules.kinds.get(kind, KindOfCall(kind, timedelta(0)))
    own = f"call_kind_{kind}"
    return known.name or (speak(own) if own in CATALOGUE else kind)


def said_time(revision: Revision, speak: Texts, time: Time, *, now: Instant) -> str:
    """A time as a client reads it, with the manager's own beside it where that is another.

    Of somebody who left the desk directory nobody knows the time, nor does it matter.
    """
    person = revision.person(time.person)
    own = speak.moment(time.begins_at, now=now)
    if person is None:
        return own
    theirs = Texts(speak.language, zone_of(revision, time.person), speak.overrides)
    return _with(own, theirs, speak, time.begins_at, person.name.split()[0], now)


def said_clock(revision: Revision, speak: Texts, time: Time, *, now: Instant) -> str:
    """The same where its day stands above it: only the time of day, with the manager's own beside it."""
    theirs = Texts(speak.language, zone_of(revision, time.person), speak.overrides)
    own = speak.clock_time(time.begins_at)
    person = revision.person(time.person)
    if person is None or theirs.moment(time.begins_at, now=now) == speak.moment(time.begins_at, now=now):
        return own
    return _with(own, theirs, speak, time.begins_at, person.name.split()[0], now)


def staff_time(revision: Revision, person: PersonId, call: Call, contact: str, *, now: Instant) -> str:
    """The same as one of our people reads it, the contact's own time beside it."""
    return beside(person_texts(revision, person), call.begins_at, call.zone, contact, now=now)


def beside(speak: Texts, at: Instant, zone: str, name: str, *, now: Instant) -> str:
    """A moment in its reader's time, with that of another zone beside it where that is another."""
    return _with(speak.moment(at, now=now), Texts(speak.language, zone, speak.overrides), speak, at, name, now)


def zone_of(revision: Revision, person: PersonId) -> str:
    """The zone that a person's hours are in."""
    known = revision.person(person)
    return revision.calendars[known.calendar].zone if known else revision.zone


def numbered(revision: Revision, speak: Texts, times: Sequence[Time], *, now: Instant) -> str:
    """Times one below the other, each with the number that means it in answer."""
    lines = (said_time(revision, speak, one, now=now) for one in times)
    return "\n".join(f"{place}. {line}" for place, line in enumerate(lines, 1))


def said_notice(rules: CallRules, speak: Texts) -> str:
    """How long before a call has to be agreed."""
    return speak("call_notice", count=rules.notice.count if rules.notice else 0)


def period(entitled: Entitlement, at: Instant, zone: str) -> tuple[Instant, Instant]:
    """The month, quarter or year of the client's own calendar that a moment lies in."""
    local, months = moment(at).astimezone(parse_zone(zone)), _MONTHS[entitled.per]
    month = (local.month - 1) // months * months + 1
    begins = local.replace(month=month, day=1, hour=0, minute=0, second=0, microsecond=0, fold=0)
    following = month + months
    ends = begins.replace(year=local.year + (following > 12), month=(following - 1) % 12 + 1)  # noqa: PLR2004 - months
    return instant(begins), instant(ends)


def _with(own: str, theirs: Texts, speak: Texts, at: Instant, name: str, now: Instant) -> str:
    """A moment with another's beside it; nothing stands beside it where both clocks show the same."""
    other = theirs.moment(at, now=now)
    if other == own:
        return own
    is_same_day = _day(at, theirs.zone) == _day(at, speak.zone)
    return speak("call_time", own=own, name=name, theirs=theirs.clock_time(at) if is_same_day else other)


def _day(at: Instant, zone: str) -> int:
    return moment(at).astimezone(parse_zone(zone)).toordinal()

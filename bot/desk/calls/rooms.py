"""Who a client may have a call with, and when: their own manager first, whoever stands in where that one has no time.

Read inside the transaction that books, so that what is offered and what is refused is so at that moment.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from bot.store.calls import calls
from bot.store.calls.call_offers import Offered
from bot.store.driver.connection import Connection
from bot.store.people import feeds
from bot.tickets.calls.call import Call, CallRules
from bot.tickets.calls.texts import Time, period
from bot.tickets.decide_client import contract_of
from bot.tickets.facts import Facts
from bot.tickets.revision import Revision
from bot.tickets.ticket import ContactId
from routing import calls as slots
from routing.calls import Busy, CallTerms, Diary
from routing.people import ClientId, Person, PersonId, PlanId
from routing.route import stand_ins
from sla.duration import Instant, later

#: Where a call has to be accepted, whoever accepts it works at least so long before its notice point.
ACCEPTED_WITHIN: Final = timedelta(hours=1)
#: So long a client waits for whoever is on leave before others are offered to them.
STOOD_IN_FOR_AFTER: Final = timedelta(days=7)
#: As many as a refusal offers instead.
INSTEAD: Final = 3


@dataclass(frozen=True, slots=True)
class Room:
    """One person's free times for calls of a kind, the earliest first; `instead_of` is whom they stand in for."""

    person: PersonId
    terms: CallTerms
    times: tuple[Instant, ...]
    instead_of: PersonId | None = None

    @property
    def offered(self) -> tuple[Offered, ...]:
        """The same as an offer keeps it."""
        return tuple(Offered(self.person, at) for at in self.times)


def rules_of(facts: Facts, call: Call | None = None) -> CallRules:
    """What counts of calls for whoever speaks in these facts, and of a call that they have."""
    rules = facts.revision.calls.of(_client(facts), _plan(facts))
    return rules.with_call(call) if call is not None else rules


def times(offered: tuple[Offered, ...]) -> list[Time]:
    """What was offered, as it is said."""
    return [Time(one.person, one.begins_at) for one in offered]


def people_for(facts: Facts) -> list[Person]:
    """Who may be called, best first: the client's manager, whoever stands in, who has the ticket, the plan's line."""
    revision = facts.revision
    client = revision.client(facts.speaker.client)
    manager = client.manager if client is not None else None
    assignee = facts.ticket.assignee if facts.ticket is not None else None
    named = [manager, *stand_ins(revision.people, revision.coverage, client, manager, facts.now)] if manager else []
    line = revision.lines[revision.plan(_plan(facts)).line].people
    known = (
        revision.person(one) for one in dict.fromkeys((*named, client.backup if client else None, assignee, *line))
    )
    return [one for one in known if one is not None]


def room(
    conn: Connection,
    facts: Facts,
    rules: CallRules,
    kind: str,
    *,
    number: int,
    person: PersonId | None = None,
    first: PersonId | None = None,
    but: str = "",
) -> Room | None:
    """The first of them who has any time, with as many times as wanted; None where nobody has one.

    Whose leave lasts longer is stood in for by whoever has time before, but where a call is with them already.
    `person` asks for the times of that one alone, `first` for theirs before those of all others, as where a call is
    with them already; `but` is the call that may give way to itself.
    """
    terms, people = rules.terms(kind), people_for(facts)
    if (whom := facts.revision.person(first)) is not None:
        people = [whom, *(one for one in people if one.id != whom.id)]
    asked = people if person is None else [one for one in facts.revision.people.values() if one.id == person]
    until = later(facts.now, rules.ahead)
    others = calls.busy_of_contact(conn, _contact(facts), since=facts.now, until=later(until, terms.length), but=but)
    soon, on_leave = later(facts.now, STOOD_IN_FOR_AFTER), None
    for one in asked:
        diary = diary_of(conn, facts.revision, one, since=facts.now, until=later(until, terms.length), but=but)
        diary = replace(diary, others=others)
        agreed_at = _agreed_at(diary, rules, facts.now)
        if agreed_at is None or agreed_at >= until:
            continue
        found = slots.legal(diary, terms, asked_at=agreed_at, until=until, number=number)
        if found and (on_leave is None or found[0] <= soon):
            own = people[0].id if people and people[0].id != one.id else None
            here = Room(one.id, terms, found, own)
            if whom is not None or found[0] <= soon or not _is_on_leave(diary, facts.now, found[0]):
                return here
            on_leave = here
    return on_leave


def _is_on_leave(diary: Diary, since: Instant, until: Instant) -> bool:
    """Whether leave of theirs lies between two moments."""
    return any(one.since < until and (one.until is None or since < one.until) for one in diary.absences)


def diary_of(
    conn: Connection, revision: Revision, person: Person, *, since: Instant, until: Instant, but: str = ""
) -> Diary:
    """One person's time, as far as we know it."""
    absences = tuple(one for one in revision.absences if one.person == person.id)
    booked = calls.busy_of(conn, person.id, since=since, until=until, but=but)
    own = without(feeds.busy_of(conn, person.id, since=since, until=until), calls.numbered(conn, [but] if but else []))
    return Diary(
        revision.calendars[person.calendar], absences, tuple(sorted((*booked, *own), key=lambda one: one.since))
    )


def without(busy: Sequence[Busy], given_way: Sequence[Call]) -> Iterator[Busy]:
    """Busy times of an own calendar without those of calls that may give way to themselves: it may show them too."""
    for one in busy:
        since = one.since
        for call in given_way:
            if since < call.ends_at and call.begins_at < one.until:
                if since < call.begins_at:
                    yield Busy(since, call.begins_at)
                since = call.ends_at
        if since < one.until:
            yield Busy(since, one.until)


def why_not(
    conn: Connection,
    facts: Facts,
    rules: CallRules,
    kind: str,
    time: Offered,
    *,
    but: str = "",
    is_agreed: bool = False,
) -> str:
    """The text that says why a call cannot be then; empty where it can. `is_agreed`: nobody has to accept it any more.

    What a lead may allow comes last, so it is said only of what could be otherwise.
    """
    person = facts.revision.person(time.person)
    if kind not in rules.kinds or person is None:
        return "call_no_kind"
    begins_at, terms = time.begins_at, rules.terms(kind)
    if begins_at <= facts.now:
        return "call_past"
    if begins_at >= later(facts.now, rules.ahead):
        return "call_far"
    diary = diary_of(
        conn,
        facts.revision,
        person,
        since=later(begins_at, -timedelta(days=1)),
        until=later(begins_at, timedelta(days=2)),
        but=but,
    )
    if not slots.is_free(diary, terms, begins_at):
        return "call_gone" if slots.is_free(Diary(diary.calendar, diary.absences), terms, begins_at) else "call_closed"
    if calls.is_in_another(conn, _contact(facts), since=begins_at, until=terms.ends_at(begins_at), but=but):
        return "call_overlaps"
    if not time.is_waived and is_used_up(conn, facts, kind, begins_at, but=but):
        return "call_used_up"
    if time.is_waived:
        return ""
    agreed_at = facts.now if is_agreed else _agreed_at(diary, rules, facts.now)
    if agreed_at is None or not slots.is_in_time(diary.calendar, terms, asked_at=agreed_at, begins_at=begins_at):
        return "call_too_late"
    return ""


def _agreed_at(diary: Diary, rules: CallRules, now: Instant) -> Instant | None:
    """When a call that a client asks for now is agreed: at once, or after the time of whoever has to accept it.

    None where they never come back to accept anything.
    """
    return slots.worked_until(diary, ACCEPTED_WITHIN, since=now) if rules.confirms else now


#: What a lead may allow all the same.
EXCEPTIONS: Final = frozenset({"call_too_late", "call_used_up"})


def is_used_up(conn: Connection, facts: Facts, kind: str, begins_at: Instant, *, but: str) -> bool:
    """Whether a client has had all the calls of a kind that were bought for the time that this one lies in."""
    client = _client(facts)
    entitled = facts.revision.calls.entitled(client, _plan(facts), kind)
    if entitled is None:
        return False
    known = facts.revision.client(client)
    zone = known.zone if known is not None and known.zone else facts.revision.zone
    since, until = period(entitled, begins_at, zone)
    return calls.used(conn, client, kind, since=since, until=until, but=but) >= entitled.count


def _contact(facts: Facts) -> ContactId:
    """Whose call it is, as it is kept of the call."""
    return facts.speaker.contact


def _client(facts: Facts) -> ClientId:
    return facts.speaker.client or ClientId("")


def _plan(facts: Facts) -> PlanId:
    return contract_of(facts)[0].id

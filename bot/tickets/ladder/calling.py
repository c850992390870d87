"""Who is called about a ticket at this hour: those behind a step's word, those at work, those on duty for a page.

Nobody is called from leave. Outside their own hours people are called for what is urgent alone, and for what they took
on when they were paged for it.
"""

from collections.abc import Iterable
from typing import Final

from bot.tickets.facts import Facts
from bot.tickets.ticket import Ticket
from routing import ladder
from routing.people import PersonId
from sla.calendar import ALWAYS
from sla.clock import Clock
from sla.policy import Metric, Policy, Urgency
from sla.promise import calendar_of

#: Urgencies that are worth waking somebody for where the policy names a ladder for it.
LOUD: Final = frozenset({"critical", "high"})


def behind(facts: Facts, tell: str) -> tuple[PersonId, ...]:
    """The people behind a step's word; for each who is on leave now, whoever stands in for them."""
    revision = facts.revision
    return ladder.answering(tell, revision.people, revision.lines, revision.coverage, facts.now)


def answering(facts: Facts, people: Iterable[PersonId]) -> tuple[PersonId, ...]:
    """Whoever answers for these people now, each once: themselves, or those who stand in for them."""
    revision = facts.revision
    known = (revision.people[one] for one in people if one in revision.people)
    found = (revision.coverage.answering(one, revision.people, facts.now) for one in known)
    return tuple(dict.fromkeys(one for one in found if one is not None))


def called_for(facts: Facts, ticket: Ticket) -> PersonId | None:
    """Whoever has it and is there. Nobody is called from leave or at night: they read of it when they come."""
    own = facts.revision.person(ticket.assignee)
    return own.id if own is not None and facts.revision.coverage.is_on_shift(own, facts.now) else None


def called(facts: Facts, ticket: Ticket, clock: Clock | None, people: Iterable[PersonId]) -> tuple[PersonId, ...]:
    """Of the people further up, whom the desk calls at this hour about this promise: those who are at work.

    All of them where it is urgent, where the agreement promises in real time, and for a page, which is no promise's.
    """
    if is_loud(facts.policy_of(ticket), ticket.urgency) or clock is None or is_around_the_clock(facts, clock):
        return tuple(people)
    revision = facts.revision
    return tuple(one for one in people if revision.coverage.is_on_shift(revision.people[one], facts.now))


def is_around_the_clock(facts: Facts, clock: Clock) -> bool:
    """Whether somebody is to be there for it at any hour. A time that one of us named is no such promise."""
    return clock.metric is not Metric.ETA and calendar_of(clock, facts.calendars) is ALWAYS


def on_call(facts: Facts, ticket: Ticket) -> PersonId | None:
    """Whoever has it since a page and has had no shift of their own since: they are called out of hours too."""
    known, person = ticket.ladder, facts.revision.person(ticket.assignee)
    if known is None or known.on_call_at is None or person is None or person.id != known.on_call:
        return None
    coverage = facts.revision.coverage
    begins = coverage.next_shift(person, known.on_call_at)
    is_called = is_loud(facts.policy_of(ticket), ticket.urgency) and coverage.absence(person, facts.now) is None
    return person.id if is_called and (begins is None or begins > facts.now) else None


def is_paged_for(ticket: Ticket, person: PersonId | None = None) -> bool:
    """Whether people are called out of hours until somebody has it; this person among them, if one is named."""
    known = ticket.ladder
    is_paged = known is not None and (known.ladder is not None or known.paged_at is not None)
    return known is not None and is_paged and (person is None or person in known.people)


def is_vacant(facts: Facts, ticket: Ticket) -> bool:
    """Whether nobody has it who works these days: then the lead is told in their place."""
    own = facts.revision.person(ticket.assignee)
    return own is None or facts.revision.coverage.absence(own, facts.now) is not None


def is_loud(policy: Policy, urgency: Urgency) -> bool:
    """Whether it is worth waking somebody for."""
    return urgency in LOUD or urgency in policy.immediate

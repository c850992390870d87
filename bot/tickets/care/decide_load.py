"""A high load: when it is one, and what it makes of promises that run.

Declared by a lead or by the desk's own measure. Clocks that run get the longer time their cell states for it, and who
was told an earlier moment hears the new one; nothing takes that back, so the end of a high load tightens no promise
that somebody was told. Source: semantics, 1.6 and 5.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from bot.tickets.care.told_due import later_due
from bot.tickets.facts import Decision, Effect, Event, Facts, MessageKind, Say
from bot.tickets.outcome import concluded, contact_texts
from bot.tickets.revision import Revision
from bot.tickets.ticket import Ticket, number
from routing.people import LineId, PersonId
from sla import promise
from sla.duration import Instant

#: A load that is high ends below this share of the measure, so that it does not come and go with each ticket.
ENDS_BELOW: Final = 0.75


def eased(facts: Facts, why: str) -> Decision | None:
    """The ticket with the promises of a high load; None where none of its clocks has one."""
    ticket = facts.ticket
    if ticket is None or not ticket.status.is_open:
        return None
    policy = facts.policy_of(ticket)
    clocks = promise.under_high_load(facts.clocks, policy, facts.calendars, at=facts.now)
    if all(before.target == after.target for before, after in zip(facts.clocks, clocks, strict=True)):
        return None
    event = Event("load_was_high", facts.now, "desk", why)
    due = later_due(facts, ticket, clocks, contact_texts(facts))
    told = replace(ticket, told_due_at=due or ticket.told_due_at)
    return concluded(facts, told, clocks, events=(event,), effects=_told_later(facts, ticket, due))


def _told_later(facts: Facts, ticket: Ticket, due: Instant | None) -> tuple[Effect, ...]:
    """The client was told by when we answer; where that is later now, they hear until when, and why."""
    if due is None:
        return ()
    speak = contact_texts(facts)
    said = speak("high_load_moved", number=number(ticket.id), due=speak.moment(due, now=facts.now))
    return (Say(said, MessageKind.AUTO),)


def is_high(
    revision: Revision, line: LineId, open_for: Mapping[PersonId, int], waiting: int, *, at: Instant, was_high: bool
) -> bool:
    """Whether a line has too many open tickets for each of its people on shift; with nobody there it is closed."""
    if revision.high_when is None:
        return False
    people = [revision.people[one] for one in revision.lines[line].people if one in revision.people]
    there = [one.id for one in people if revision.coverage.is_on_shift(one, at)]
    measure = revision.high_when * len(there) * (ENDS_BELOW if was_high else 1)
    return bool(there) and waiting + sum(open_for.get(one, 0) for one in there) >= measure

"""An open ticket promised anew by the desk in force, when its admins say so (semantics 1.6).

A ticket keeps the promises of the revision it opened under. Taken over to today's, each clock keeps its start, its
pauses and what it has used; a broken promise stays broken.
"""

from dataclasses import replace

from bot.tickets import command as c
from bot.tickets.decide_client import contract_of
from bot.tickets.facts import Decision, Event, Facts
from bot.tickets.outcome import acted, person_texts, promised_channel
from bot.tickets.ticket import Ticket
from routing.people import PersonId, Role
from sla import clock as clocks_of
from sla import promise
from sla.clock import Clock

ADMINS = frozenset({Role.ADMIN})


def reapply(facts: Facts, ticket: Ticket, by: PersonId, _: c.Reapply) -> Decision:
    """The ticket under the plan, the policy and the calendars of now; nothing where it is already."""
    revision, now = facts.revision, facts.now
    if not revision.people[by].roles & ADMINS:
        return Decision(refusal=person_texts(revision, by)("refused_role", roles=", ".join(sorted(ADMINS))))
    if ticket.revision == revision.number:
        return Decision()
    plan, policy = contract_of(facts)
    urgency = ticket.urgency if ticket.urgency in policy.urgencies else policy.default_urgency
    after_it = replace(ticket, plan=plan.id, policy=policy.key, revision=revision.number, urgency=urgency)
    channel = promised_channel(facts, after_it)
    clocks = promise.retargeted(
        facts.clocks, policy, urgency, channel, revision.calendars, at=now, is_high_load=facts.is_high_load(plan.id)
    )
    clocks = tuple(_laid_anew(clock, facts) for clock in clocks)
    event = Event("reapplied", now, by, "", {"before": ticket.revision, "after": revision.number})
    return acted(replace(facts, pinned=revision), after_it, event, clocks)


def _laid_anew(clock: Clock, facts: Facts) -> Clock:
    """What is left, over today's hours, where the promise is the same and the calendar is not."""
    if clock.calendar is None or clock.calendar not in facts.revision.calendars:
        return clock
    return clocks_of.rebase(clock, facts.revision.calendars[clock.calendar], at=facts.now)

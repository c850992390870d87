"""An open ticket promised anew by the desk in force: when its admins say so, or its client has another plan.

A ticket keeps the promises of the revision it opened under when their words are changed; a client who buys another plan
has it for their open tickets too (semantics 1.6). Taken over to today's, each clock keeps its start, its pauses and
what it has used; a broken promise stays broken.
"""

from dataclasses import replace

from bot.tickets import command as c
from bot.tickets.care.judging import at_level
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
    event = Event("reapplied", now, by, "", {"before": ticket.revision, "after": revision.number})
    return _promised_anew(facts, ticket, event)


def follows_plan(facts: Facts) -> Decision | None:
    """The ticket under the plan its client has now; None where that is the one they had as it was promised last."""
    ticket, revision = facts.ticket, facts.revision
    if ticket is None or not ticket.status.is_open:
        return None
    had, has = facts.pinned.client(ticket.client), revision.client(ticket.client)
    plan, _ = contract_of(facts)
    if had is None or has is None or had.plan == has.plan or plan.id != has.plan or ticket.plan == has.plan:
        return None
    event = Event("plan_changed", facts.now, "desk", "", {"before": ticket.plan, "after": plan.id})
    return _promised_anew(facts, ticket, event)


def _promised_anew(facts: Facts, ticket: Ticket, event: Event) -> Decision:
    revision = facts.revision
    facts = replace(facts, pinned=revision)  # what it opened under need not know the plan it is promised by now
    plan, policy = contract_of(facts)
    urgency = ticket.urgency if ticket.urgency in policy.urgencies else policy.default_urgency
    level = at_level(ticket, plan, urgency, ticket.kind, ticket.judged)
    after_it = replace(level, plan=plan.id, policy=policy.key, revision=revision.number)
    channel = promised_channel(facts, after_it)
    clocks = promise.retargeted(
        facts.clocks,
        policy,
        urgency,
        channel,
        revision.calendars,
        at=facts.now,
        is_high_load=facts.is_high_load(plan.id),
    )
    clocks = tuple(_laid_anew(clock, facts) for clock in clocks)
    return acted(facts, after_it, event, clocks)


def _laid_anew(clock: Clock, facts: Facts) -> Clock:
    """What is left, over today's hours, where the promise is the same and the calendar is not."""
    if clock.calendar is None or clock.calendar not in facts.revision.calendars:
        return clock
    return clocks_of.rebase(clock, facts.revision.calendars[clock.calendar], at=facts.now)

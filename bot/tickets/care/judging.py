"""How urgent a ticket is and why: judged when it opens, by later words upward, by our people at any time.

`Ticket.judged` keeps the grounds, so that whoever asks "why this urgent?" is answered from the ticket itself. What one
of our people said stands against every rule; only a client who states more in so many words is heard once again.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from adapters.message import Untrusted
from bot.tickets.facts import Effect, Event, Facts, Guard, Ping
from bot.tickets.outcome import contact_texts, due_first, is_there, person_texts, promised_channel
from bot.tickets.revision import Revision
from bot.tickets.texts import Texts
from bot.tickets.ticket import Ticket, number
from routing.people import Client, PersonId, Plan, PlanId
from routing.triage import Ground, Triage, is_louder, triage
from sla import promise
from sla.clock import Clock
from sla.duration import Instant
from sla.policy import Policy

#: Grounds that somebody's words gave; a plan alone says nothing new.
_SAID = frozenset({"stated", "word", "impact"})


@dataclass(frozen=True, slots=True)
class Raised:
    """A ticket that later words made more urgent, its promises by the new level, and what the history says of it."""

    ticket: Ticket
    clocks: tuple[Clock, ...]
    event: Event


def judge(revision: Revision, text: str, plan: Plan, policy: Policy, *, stated: str | None = None) -> Triage:
    """What the desk's rules and its matrix make of a client's words; `stated` is what they stated by other means."""
    return triage(
        text,
        revision.triage,
        urgencies=policy.urgencies,
        default=policy.default_urgency,
        matrix=revision.matrix,
        plan=plan.id,
        stated=stated,
    )


def is_said(seen: Triage) -> bool:
    """Whether words gave any of it: a plan alone says nothing about them."""
    return any(what in _SAID for what, _, _ in seen.grounds)


def contract_with(revision: Revision, client: Client | None) -> tuple[Plan, Policy]:
    """The plan and the promises of a client, addenda included; the public plan for whoever is none."""
    plan = revision.plan(revision.public_plan if client is None else client.plan)
    own = client.policy if client is not None else None
    return plan, revision.policies[own or plan.policy]


def urgent_level(revision: Revision, policy: Policy) -> str:
    """What a client states who says no more than that it is urgent: the desk's own word, else the second level."""
    if revision.urgent in policy.urgencies:
        return revision.urgent or ""
    return policy.urgencies[min(1, len(policy.urgencies) - 1)]


def at_level(ticket: Ticket, plan: Plan, urgency: str, kind: str | None, judged: str) -> Ticket:
    """The ticket with another urgency or kind, and its place in the queue by that."""
    return replace(ticket, urgency=urgency, kind=kind, judged=judged, is_ahead=is_ahead(plan, urgency, kind))


def is_ahead(plan: Plan, urgency: str, kind: str | None) -> bool:
    """Whether its plan serves it before others that are as urgent."""
    return urgency in plan.ahead or kind in plan.ahead


def judged_from_triage(seen: Triage) -> str:
    """What a ticket keeps of how it was judged; empty where no rule said anything."""
    return _text(seen.grounds) if seen.grounds else ""


def judged_by(person: PersonId) -> str:
    """The same where one of our people said it."""
    return json.dumps({"staff": person})


def why_urgent(revision: Revision, ticket: Ticket, speak: Texts) -> str:
    """Why it is as urgent as it is, as somebody reads it; empty where nobody said anything about it."""
    kept = _kept(ticket)
    if "staff" in kept:
        person = revision.person(PersonId(kept["staff"]))
        return speak("judged_staff", name=person.name if person is not None else kept["staff"])
    said = [
        speak(f"judged_{what}", which=_named(revision, what, which), means=means)
        for what, which, means in kept.get("grounds", ())
        if means != ticket.kind
    ]
    return ", ".join(said)


def louder(facts: Facts, ticket: Ticket, text: str, *, at: Instant, stated: str | None = None) -> Raised | None:
    """The ticket as later words make it, where they make it more urgent; None where they do not.

    So each level is reached by words once. Against what one of our people said a client is heard a single time.
    """
    kept = _kept(ticket)
    policy, plan = facts.policy_of(ticket), facts.revision.plan(ticket.plan)
    seen = judge(facts.revision, text, plan, policy, stated=stated)
    is_heard = seen.stated is not None if "staff" in kept else is_said(seen)
    if kept.get("again") or not is_heard or not is_louder(seen.urgency, ticket.urgency, policy.urgencies):
        return None
    clocks = promise.retargeted(
        facts.clocks,
        policy,
        seen.urgency,
        promised_channel(facts, ticket),
        facts.calendars,
        at=facts.now,
        is_high_load=facts.is_high_load(ticket.plan),
    )
    raised = at_level(ticket, plan, seen.urgency, ticket.kind, _text(seen.grounds, is_again="staff" in kept))
    particulars = {"before": ticket.urgency, "after": seen.urgency}
    return Raised(raised, clocks, Event("urgency_raised", at, "contact", seen.reason, particulars))


def raised_words(facts: Facts, ticket: Ticket, clocks: Sequence[Clock]) -> str:
    """That it is more urgent from now on, and by when they hear from us."""
    speak, due_at = contact_texts(facts), due_first(clocks)
    if due_at is None or due_at <= facts.now or ticket.not_covered is not None:
        return speak("raised", number=number(ticket.id))
    return speak("raised_by", number=number(ticket.id), due=speak.moment(due_at, now=facts.now))


def raised_ping(facts: Facts, ticket: Ticket, key: str, quote: Untrusted = Untrusted("")) -> list[Effect]:
    """Whoever has it and is there hears that it is more urgent now, and by which words."""
    person = ticket.assignee
    if person is None or not is_there(facts, person):
        return []
    speak = person_texts(facts.revision, person)
    values = {"number": number(ticket.id), "contact": facts.speaker.name, "urgency": ticket.urgency}
    lines = (why_urgent(facts.revision, ticket, speak),)
    return [Ping(person, key, speak("ping_raised", **values), lines, quote, guard=Guard(assignee=person))]


def _named(revision: Revision, what: str, which: str) -> str:
    plan = revision.plans.get(PlanId(which)) if what == "plan" else None
    return plan.name if plan is not None else which


def _text(grounds: Sequence[Ground], *, is_again: bool = False) -> str:
    kept: dict[str, Any] = {"grounds": grounds, **({"again": True} if is_again else {})}
    return json.dumps(kept, ensure_ascii=False)


def _kept(ticket: Ticket) -> dict[str, Any]:
    kept: dict[str, Any] = json.loads(ticket.judged) if ticket.judged else {}
    return kept

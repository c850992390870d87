"""Why this moment, why this person: the reasons that were stored with each decision, told in whole sentences."""

from dataclasses import dataclass

from bot.store.reading.reads import Page
from bot.tickets.cards import names_of
from bot.tickets.facts import Event, Facts
from bot.tickets.ladder.decide_ladder import leads
from bot.tickets.ladder.standing import step_falls_at, steps_of
from bot.tickets.outcome import client_name
from bot.tickets.texts import Texts
from bot.tickets.ticket import Ticket
from bot.web.session import Visitor
from bot.web.shell import presence
from routing.people import PersonId
from sla.clock import Clock
from sla.explain import explain
from sla.policy import Metric
from sla.promise import calendar_of


@dataclass(frozen=True, slots=True)
class Why:
    """A question and its answer: `told` in a sentence or two, `quote` the contract's clause, `steps` the arithmetic."""

    key: str
    question: str
    told: str
    quote: str = ""
    steps: tuple[str, ...] = ()


def why_due(page: Page, clock: Clock, visitor: Visitor) -> Why:
    """The arithmetic of one promise, with the clause it comes from."""
    facts, ticket = page.facts, page.ticket
    speak: Texts = visitor.speak
    due = speak.moment(clock.due_at, now=facts.now) if clock.due_at is not None else "paused"
    key = f"why-{clock.metric}-{clock.started_at}"
    policy = facts.policy_of(ticket)
    # A promise of real time has no calendar; its moments are told in the reader's own.
    calendar = calendar_of(clock, facts.calendars)
    if clock.calendar is None:
        calendar = facts.revision.calendars[visitor.person.calendar]
    reason = explain(clock, policy, calendar)
    if clock.metric is Metric.ETA:
        given = next((one for one in page.events if _promised(one, clock)), None)
        person = facts.revision.person(PersonId(given.by)) if given else None
        told = f"{person.name if person else 'We'} promised it {speak.moment(clock.started_at, now=facts.now)}."
        return Why(key, f"Why {due}?", told, steps=reason.lines())
    plan = facts.revision.plans.get(ticket.plan)
    told = (
        f"{ticket.urgency.capitalize()}, plan {plan.name if plan else ticket.plan}, revision {ticket.revision}: "
        f"{reason.target} {f'in calendar {reason.calendar}' if reason.calendar else 'of real time'}, "
        f"from {speak.moment(clock.started_at, now=facts.now)}."
    )
    return Why(key, f"Why {due}?", told, clock.counts_by.quote, reason.lines())


def _promised(event: Event, clock: Clock) -> bool:
    """Whether this is how a moment was promised: told as one, or said of a reply afterwards."""
    if event.what == "reply_named":
        return event.particulars.get("written_at") == clock.started_at
    return event.what == "eta_given" and event.at == clock.started_at


def why_person(page: Page, visitor: Visitor) -> Why:
    """How the ticket came to whoever has it, who stands in, and who is told when a promise is about to break."""
    facts, ticket, speak = page.facts, page.ticket, visitor.speak
    revision = facts.revision
    client = revision.client(ticket.client)
    person = revision.person(ticket.assignee)
    told = []
    if person is None:
        question = "Why nobody yet?"
        told.append("Nobody who may get it is on shift; the opening of the next shift gives it to somebody.")
    else:
        question = f"Why {person.name.split()[0]}?"
        rule = speak(f"rule_{ticket.rule}")
        rule = f"{client_name(facts)}'s own manager" if ticket.rule == "own_manager" else rule[:1].upper() + rule[1:]
        told.append(f"{rule}, {presence(revision, person, facts.now, visitor)}.")
    if ticket.passed_over:
        told.append(f"{speak('card_passed_over', names=names_of(revision, ticket.passed_over))}.")
    manager = revision.person(client.manager) if client else None
    backup = revision.person((client.backup if client else None) or (manager.backup if manager else None))
    if manager and (person is None or manager.id != person.id):
        told.append(f"Manager: {manager.name}, {presence(revision, manager, facts.now, visitor)}.")
    if backup and (person is None or backup.id != person.id):
        told.append(f"Backup: {backup.name}.")
    told.append(_ladder(facts, ticket, speak))
    last = next((one for one in reversed(page.events) if one.what == "handed_over" and one.why), None)
    steps = (f"{speak.moment(last.at, now=facts.now)}: {last.why}",) if last else ()
    return Why("why-person", question, " ".join(one for one in told if one), "", steps)


def _ladder(facts: Facts, ticket: Ticket, speak: Texts) -> str:
    """Who further up was told, and who is next and when; before that, who hears of it first."""
    people, known, now = facts.revision.people, ticket.ladder, facts.now
    if known is None or not known.told:
        names = ", ".join(people[one].name for one in leads(facts, ticket))
        return f"{names} hears of it at the last call and when a promise breaks." if names else ""
    steps = steps_of(facts, ticket, known)
    names = ", ".join(people[one].name for one in known.people if one in people) or "nobody"
    said = f"Step {min(known.told, len(steps))} of {len(steps)} of the ladder: {names} told."
    if known.quiet_until is not None and known.quiet_until > now:
        said += f" Acknowledged, quiet until {speak.moment(known.quiet_until, now=now)}."
    falls_at = step_falls_at(facts, ticket, facts.clocks)
    if known.told >= len(steps):
        return said
    following = steps[known.told].tell
    following = people[PersonId(following)].name if following in people else f"the {following}"
    if falls_at is None:
        return f"{said} Next is {following}, not before somebody answers or a promise breaks."
    return f"{said} Next is {following}, {speak.moment(max(falls_at, now), now=now)}."

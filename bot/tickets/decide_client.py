"""What happens when a client speaks: a ticket opens, goes on, or comes back.

no ticket, or resolved too long ago ──> opened: triaged, routed, receipted, promised
open                                ──> goes on; within `burst_within` only the card changes
waiting for the client              ──> the clock goes on, whatever was asked
resolved lately                     ──> reopened
a courtesy after an answer          ──> kept, and nothing else
"""

from dataclasses import replace

from bot.tickets.courtesy import is_courtesy
from bot.tickets.facts import Decision, Effect, Event, Facts, Guard, Heard, MessageKind, Ping, Say, ShowCard, Wake
from bot.tickets.outcome import (
    after,
    assigned,
    back_at,
    concluded,
    contact_texts,
    first_name,
    line_of,
    opening_wake,
    person_texts,
    waiting_owner,
)
from bot.tickets.ticket import Status, Ticket, number
from routing.people import PlanId
from routing.route import WAITING_LIST
from routing.triage import triage
from sla import promise
from sla.clock import Clock
from sla.duration import Instant, length
from sla.policy import Metric

SUBJECT_LENGTH = 80


def client_says(facts: Facts, heard: Heard) -> Decision:
    """Decide what one message of a contact means for their conversation."""
    ticket = facts.ticket
    courtesy = is_courtesy(heard.text, facts.speaker.language) and not heard.attachments
    if ticket is not None and ticket.status.is_open:
        return _goes_on(facts, ticket, heard, counts=not (courtesy and ticket.has_reply))
    if ticket is not None and ticket.status is Status.RESOLVED:
        if courtesy:
            return Decision(
                ticket=replace(ticket, version=ticket.version + 1),
                heard=heard,
                events=(Event("courtesy", heard.at, "contact"),),
            )
        if heard.at <= reopens_until(facts, ticket):
            return _comes_back(facts, ticket, heard)
    return _opens(facts, heard)


def client_edits(facts: Facts, at: Instant) -> Decision:
    """A new wording of an old message: a version of it, shown on the card, never a new ticket."""
    return _noted_change(facts, "edited", at)


def client_deletes(facts: Facts, at: Instant) -> Decision:
    """A message taken back: its words are kept for us as a version, the card says so."""
    return _noted_change(facts, "deleted", at)


def reopens_until(facts: Facts, ticket: Ticket) -> Instant:
    """The last moment at which a message still reopens a resolved ticket."""
    calendar = facts.revision.calendars[facts.revision.lines[line_of(facts.revision, ticket)].calendar]
    return after(ticket.resolved_at or ticket.opened_at, facts.revision.rules.reopen_within, calendar)


def _opens(facts: Facts, heard: Heard) -> Decision:
    revision, speaker = facts.revision, facts.speaker
    plan = revision.plans[_plan_of(facts)]
    policy = revision.policies[plan.policy]
    seen = triage(heard.text, revision.triage, urgencies=policy.urgencies, default=policy.default_urgency)
    ticket = Ticket(
        id=facts.number,
        version=0,
        status=Status.NEW,
        conversation=facts.talk.id,
        contact=speaker.contact,
        client=speaker.client,
        plan=plan.id,
        policy=policy.key,
        revision=revision.number,
        urgency=seen.urgency,
        kind=seen.kind,
        channel=facts.talk.conversation.channel,
        subject=subject_of(heard.text, [one.name for one in heard.attachments]),
        assignee=None,
        rule="",
        is_verified=speaker.is_verified,
        opened_at=heard.at,
        client_spoke_at=heard.at,
    )
    facts = replace(facts, pinned=revision, ticket=None, clocks=())
    ticket, events = routed(facts, ticket)
    clocks = promise.client_spoke((), policy, ticket.urgency, ticket.channel, revision.calendars, at=heard.at)
    why = f"plan {plan.id}, policy {policy.key}, revision {revision.number}"
    opened = Event("opened", heard.at, "contact", f"{why}; {seen.reason}" if seen.reason else why)
    effects = (Say(_receipt(facts, ticket, clocks), MessageKind.AUTO),)
    wakes = () if ticket.assignee else (opening_wake(facts, ticket),)
    return concluded(facts, ticket, clocks, heard=heard, events=(opened, *events), effects=effects, wakes=wakes)


def _goes_on(facts: Facts, ticket: Ticket, heard: Heard, *, counts: bool) -> Decision:
    policy, calendars = facts.pinned.policies[ticket.policy], facts.pinned.calendars
    is_burst = _is_burst(facts, ticket, heard)
    waited = ticket.status in {Status.WAITING_CLIENT, Status.WAITING_THIRD_PARTY}
    status = Status.OPEN if ticket.status is Status.WAITING_CLIENT else ticket.status
    clocks = promise.client_spoke(
        facts.clocks,
        policy,
        ticket.urgency,
        ticket.channel,
        calendars,
        at=heard.at,
        counts=counts,
        replied=ticket.has_reply,
    )
    spoke_at = max(heard.at, ticket.client_spoke_at)
    after_it, events = routed(facts, replace(ticket, status=status, client_spoke_at=spoke_at))
    if after_it.assignee is None and ticket.assignee is not None:
        # Nobody is there: the ticket stays with whoever had it, who finds it on their card in the morning.
        after_it, events = replace(after_it, assignee=ticket.assignee, rule=ticket.rule), ()
    effects: list[Effect] = []
    wakes = (Wake(waiting_owner(ticket.id), None),) if waited else ()
    if not is_burst:
        effects += _told(facts, after_it, heard)
        effects += _still_closed(facts, ticket, after_it)
    return concluded(
        facts,
        after_it,
        clocks,
        heard=heard,
        events=(Event("client_spoke" if counts else "courtesy", heard.at, "contact"), *events),
        effects=tuple(effects),
        wakes=wakes,
    )


def _comes_back(facts: Facts, ticket: Ticket, heard: Heard) -> Decision:
    policy, calendars = facts.pinned.policies[ticket.policy], facts.pinned.calendars
    clocks = promise.reopened(facts.clocks, calendars, at=heard.at)
    clocks = promise.client_spoke(
        clocks, policy, ticket.urgency, ticket.channel, calendars, at=heard.at, replied=ticket.has_reply
    )
    again, events = routed(facts, replace(ticket, status=Status.OPEN, resolved_at=None, client_spoke_at=heard.at))
    speak = contact_texts(facts)
    text = (
        speak("reopened", number=number(ticket.id), name=first_name(facts.revision, again.assignee, speak("the_team")))
        if again.assignee
        else speak("reopened_team", number=number(ticket.id))
    )
    wakes = () if again.assignee else (opening_wake(facts, again),)
    return concluded(
        facts,
        again,
        clocks,
        heard=heard,
        events=(Event("reopened", heard.at, "contact", "the client wrote within the reopening time"), *events),
        effects=(Say(text, MessageKind.AUTO), *_told(facts, again, heard)),
        wakes=(Wake(waiting_owner(ticket.id), None), *wakes),
    )


def routed(facts: Facts, ticket: Ticket) -> tuple[Ticket, tuple[Event, ...]]:
    """The ticket with whoever the rules name now; an event only where that changes something."""
    assignment = assigned(facts, ticket)
    if assignment.person == ticket.assignee and ticket.rule:
        return ticket, ()
    event = Event(
        "assigned" if assignment.person else "put_on_waiting_list",
        facts.now,
        "routing",
        assignment.rule,
        {"person": assignment.person, "before": ticket.assignee},
    )
    return replace(ticket, assignee=assignment.person, rule=assignment.rule), (event,)


def subject_of(text: str, names: list[str]) -> str:
    """The first line that says something, cut at a word; the first file's name where nothing was written."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), names[0] if names else "…")
    line = " ".join(line.split())
    if len(line) <= SUBJECT_LENGTH:
        return line
    return f"{line[:SUBJECT_LENGTH].rsplit(' ', 1)[0]}…"


def _plan_of(facts: Facts) -> PlanId:
    """What the contact's client bought; the public plan for whoever is not proven to belong to one."""
    client = facts.speaker.client
    if client is None or not facts.speaker.is_verified or client not in facts.revision.clients:
        return facts.revision.public_plan
    return facts.revision.clients[client].plan


def _is_burst(facts: Facts, ticket: Ticket, heard: Heard) -> bool:
    """Whether this still belongs to what the contact is in the middle of saying."""
    answered = ticket.staff_spoke_at is not None and ticket.staff_spoke_at >= ticket.client_spoke_at
    within = length(heard.at - ticket.client_spoke_at) <= facts.revision.rules.burst_within
    return within and not answered


def _told(facts: Facts, ticket: Ticket, heard: Heard) -> list[Effect]:
    """The assignee hears the client's new words; a card that is new to them says so by itself."""
    person = ticket.assignee
    if person is None or facts.ticket is None or facts.ticket.assignee != person:
        return []
    speak = person_texts(facts.revision, person)
    title = speak("ping_client_wrote", number=number(ticket.id), contact=facts.speaker.name)
    ping = Ping(person, f"wrote:{heard.key}", title, quote=heard.text, guard=Guard(assignee=person))
    return [ShowCard(person), ping]


def _still_closed(facts: Facts, before: Ticket, ticket: Ticket) -> list[Effect]:
    """Out of hours a client who goes on is told once per closing when we are back, not after every line."""
    people, coverage = facts.revision.people, facts.revision.coverage
    if ticket.assignee is None or coverage.is_on_shift(people[ticket.assignee], facts.now):
        return []
    # Told already if the last thing the client said also fell into these closed hours.
    if coverage.next_shift(people[ticket.assignee], before.client_spoke_at) > facts.now:
        return []
    _, opening = back_at(facts, ticket)
    if opening is None:
        return []
    speak = contact_texts(facts)
    text = speak("off_hours_still", number=number(ticket.id), opening=speak.moment(opening, now=facts.now))
    return [Say(text, MessageKind.AUTO)]


def _receipt(facts: Facts, ticket: Ticket, clocks: tuple[Clock, ...]) -> str:
    """Who answers and by when, in the contact's own time; out of hours also when that person is back."""
    speak = contact_texts(facts)
    first = next((clock for clock in clocks if clock.metric is Metric.FIRST_RESPONSE and clock.due_at), None)
    due = speak.moment(first.due_at, now=facts.now) if first and first.due_at else None
    values: dict[str, str] = {"number": number(ticket.id)}
    key, person = "receipt", ticket.assignee
    if ticket.rule == WAITING_LIST:
        back, opening = back_at(facts, ticket)
        person = back.id if back else None
        if opening is not None and due:
            key, values["opening"] = "off_hours", speak.moment(opening, now=facts.now)
    if due:
        key, values["due"] = f"{key}_by", due
    if person is None:
        return speak(f"{key}_team", **values)
    return speak(key, **values, name=first_name(facts.revision, person, speak("the_team")))


def _noted_change(facts: Facts, what: str, at: Instant) -> Decision:
    """The message itself is versioned by the store; the ticket only remembers that it happened and redraws its card."""
    ticket = facts.ticket
    if ticket is None:
        return Decision()
    return concluded(facts, ticket, facts.clocks, events=(Event(f"message_{what}", at, "contact"),))

"""What happens when a client speaks: a ticket opens, goes on, or comes back.

no ticket, or resolved too long ago ──> opened: triaged, routed, receipted, promised
open                                ──> goes on; within `burst_within` only the card changes
waiting for the client              ──> the clock goes on, whatever was asked
resolved lately                     ──> reopened
a courtesy after an answer          ──> kept, and nothing else
"""

from dataclasses import replace

from adapters.message import Attachment, Untrusted
from bot.tickets.care.judging import (
    Raised,
    contract_with,
    is_ahead,
    judge,
    judged_from_triage,
    louder,
    raised_ping,
    raised_words,
)
from bot.tickets.care.told_due import told_of
from bot.tickets.facts import (
    Decision,
    Effect,
    Event,
    Facts,
    Guard,
    Heard,
    Ping,
    Relay,
    ShowCard,
    Wake,
)
from bot.tickets.ladder.calling import on_call
from bot.tickets.ladder.decide_ladder import paged
from bot.tickets.late_words import ends_waiting, in_their_place
from bot.tickets.margin import with_quoted
from bot.tickets.outcome import (
    after,
    asked,
    back_at,
    concluded,
    contact_texts,
    due_first,
    first_name,
    is_there,
    line_calendar,
    opening_wake,
    person_texts,
    promised_channel,
    routed_on,
    routing_event,
    served_as,
    shift_wake,
    waiting_owner,
)
from bot.tickets.receipts import told
from bot.tickets.relays import name_of, relays, with_files
from bot.tickets.revision import Revision
from bot.tickets.ticket import Status, Ticket, number
from bot.tickets.words.courtesy import is_courtesy
from routing.people import PersonId, Plan
from routing.route import WAITING_LIST
from sla import promise
from sla.clock import Clock
from sla.duration import Instant, length
from sla.layers import is_eased
from sla.policy import Metric, Policy

SUBJECT_LENGTH = 80
#: So much of a message stands on a card or in a ping; the rest is read in the ticket.
EXCERPT_LENGTH = 300
#: Statuses in which somebody else than us has to move first.
WAITING = frozenset({Status.WAITING_CLIENT, Status.WAITING_THIRD_PARTY})


def client_says(facts: Facts, heard: Heard, *, stated: str | None = None) -> Decision:
    """Decide what one message of a contact means for their conversation; `stated` is how urgent they said it is."""
    ticket = facts.ticket
    courtesy = is_courtesy(heard.text, facts.speaker.language) and not heard.attachments
    if ticket is not None and ticket.status.is_open:
        return _goes_on(facts, ticket, heard, counts=not (courtesy and ticket.has_reply), stated=stated)
    if ticket is not None and courtesy and ticket.status in {Status.RESOLVED, Status.CLOSED}:
        thanked = replace(ticket, version=ticket.version + 1)
        event = Event("courtesy", heard.at, "contact")
        return Decision(ticket=thanked, heard=heard, events=(event,), effects=relays(facts, thanked, heard, ()))
    if ticket is not None and takes(facts.revision, ticket, at=heard.at):
        return _comes_back(facts, ticket, heard, stated)
    return opens(facts, heard, stated=stated)


def client_edits(
    facts: Facts, at: Instant, by: str = "contact", words: str = "", files: tuple[Attachment, ...] = ()
) -> Decision:
    """A new wording of an old message, or other `files`: a version of it, on the card, never a new ticket."""
    return _noted_change(facts, "edited", at, by, words, files)


def client_deletes(facts: Facts, at: Instant, by: str = "contact") -> Decision:
    """A message taken back: its words are kept for us as a version, the card says so."""
    return _noted_change(facts, "deleted", at, by, "")


def takes(revision: Revision, ticket: Ticket, *, at: Instant) -> bool:
    """Whether a message of that moment may still belong to the ticket: it is open, or was resolved lately."""
    return ticket.status.is_open or (ticket.status is Status.RESOLVED and at <= reopens_until(revision, ticket))


def reopens_until(revision: Revision, ticket: Ticket) -> Instant:
    """The last moment at which a message still reopens a resolved ticket."""
    resolved_at = ticket.resolved_at or ticket.opened_at
    return after(resolved_at, revision.rules.reopen_within, line_calendar(revision, ticket))


def opens(facts: Facts, heard: Heard, *, stated: str | None = None) -> Decision:
    """A new ticket, whatever the conversation had before."""
    revision, speaker = facts.revision, facts.speaker
    plan, policy = contract_of(facts)
    seen = judge(revision, heard.text, plan, policy, stated=stated)
    if heard.kind:
        seen = replace(seen, kind=heard.kind)
    if facts.ticket is not None:
        facts = replace(facts, pinned=revision, ticket=None, clocks=())
    client = revision.client(speaker.client) if speaker.is_verified else None
    came_by = facts.talk.conversation.channel
    channel = served_as(plan, came_by)
    assignment = asked(facts, plan, client, seen.kind, channel=channel)
    clocks = promise.client_spoke(
        (),
        policy,
        seen.urgency,
        channel,
        revision.calendars,
        at=heard.at,
        is_high_load=facts.is_high_load(plan.id),
    )
    ticket = Ticket(
        id=facts.number,
        version=1,
        status=Status.NEW,
        conversation=facts.talk.id,
        contact=speaker.contact,
        client=speaker.client,
        plan=plan.id,
        policy=policy.key,
        revision=revision.number,
        urgency=seen.urgency,
        kind=seen.kind,
        channel=came_by,
        subject=subject_of(heard.text, [one.name for one in heard.attachments]),
        assignee=assignment.person,
        rule=assignment.rule,
        line=plan.line,
        is_verified=speaker.is_verified,
        opened_at=heard.at,
        client_spoke_at=heard.at,
        next_due=due_first(clocks),
        judged=judged_from_triage(seen),
        is_ahead=is_ahead(plan, seen.urgency, seen.kind),
    )
    why = f"plan {plan.id}, policy {policy.key}, revision {revision.number}"
    opened = Event("opened", heard.at, "contact", f"{why}; {seen.reason}" if seen.reason else why)
    receipt = _receipt(facts, ticket, clocks)
    if ticket.rule == WAITING_LIST:
        ticket = replace(ticket, told_back_at=_closed_until(facts, ticket))
    if channel != came_by:
        speak = contact_texts(facts)
        receipt = f"{receipt}\n{speak('channel_not_in_plan', channel=speak(f'channel_{came_by}'))}"
    if any(is_eased(clock.target) for clock in clocks):
        receipt = f"{receipt}\n{contact_texts(facts)('high_load')}"
    if told(facts, heard, receipt):
        ticket = replace(ticket, told_due_at=told_of(facts, clocks))
    ticket, pages, paged_people = paged(facts, ticket)
    if paged_people:
        receipt = f"{receipt}\n{contact_texts(facts)('duty_called')}"
    return concluded(
        facts,
        ticket,
        clocks,
        heard=heard,
        events=(opened, routing_event(facts, assignment), *pages),
        effects=(*told(facts, heard, receipt), *paged_people),
        wakes=() if ticket.assignee else (opening_wake(facts, ticket),),
    )


def _goes_on(facts: Facts, ticket: Ticket, heard: Heard, *, counts: bool, stated: str | None) -> Decision:
    policy, calendars = facts.policy_of(ticket), facts.calendars
    late = in_their_place(facts, ticket, heard, counts=counts and ticket.not_covered is None)
    ticket, before = late.ticket, late.clocks
    raised = louder(replace(facts, clocks=before), ticket, heard.text, at=heard.at, stated=stated) if counts else None
    ticket, before = (raised.ticket, raised.clocks) if raised is not None else (ticket, before)
    is_burst = _is_burst(facts, ticket, heard) and not late.moved
    waited = ticket.status in WAITING and ends_waiting(facts, ticket, heard)
    status = Status.OPEN if waited else ticket.status
    clocks = promise.client_spoke(
        before,
        policy,
        ticket.urgency,
        promised_channel(facts, ticket),
        calendars,
        at=heard.at,
        counts=counts and ticket.not_covered is None,
        replied=ticket.has_reply,
        is_high_load=facts.is_high_load(ticket.plan),
    )
    spoke_at = max(heard.at, ticket.client_spoke_at)
    after_it = replace(ticket, status=status, client_spoke_at=spoke_at)
    events: tuple[Event, ...] = ()
    effects: list[Effect] = []
    wakes: list[Wake] = [Wake(waiting_owner(ticket.id), None)] if waited else []
    if counts or waited:
        after_it, events = routed_on(facts, after_it)
        after_it, pages, paged_people = paged(facts, after_it)
        effects += _still_closed(facts, heard, after_it, is_paged=bool(paged_people))
        after_it = replace(after_it, told_back_at=_closed_until(facts, after_it) or after_it.told_back_at)
        wakes += _unattended(facts, after_it)
        if raised is not None:
            events = (raised.event, *events)
            said = told(facts, heard, raised_words(facts, after_it, clocks))
            effects += said
            after_it = replace(after_it, told_due_at=told_of(facts, clocks) if said else after_it.told_due_at)
        if raised is not None or not is_burst:
            effects += _told(facts, after_it, heard, raised)
        events, effects = (*events, *pages), [*effects, *paged_people]
    decision = concluded(
        facts,
        after_it,
        clocks,
        heard=heard,
        events=(Event("client_spoke" if counts else "courtesy", heard.at, "contact"), *late.events, *events),
        effects=tuple(effects),
        wakes=tuple(wakes),
    )
    return replace(decision, moved=late.moved)


def _comes_back(facts: Facts, ticket: Ticket, heard: Heard, stated: str | None) -> Decision:
    policy, calendars = facts.policy_of(ticket), facts.calendars
    raised = louder(facts, ticket, heard.text, at=heard.at, stated=stated)
    ticket, clocks = (raised.ticket, raised.clocks) if raised is not None else (ticket, facts.clocks)
    # Words that the resolution overlooked, because they came after it, are owed an answer from then on.
    at = max(heard.at, ticket.resolved_at or heard.at)
    clocks = promise.reopened(clocks, calendars, at=at)
    channel = promised_channel(facts, ticket)
    clocks = promise.client_spoke(
        clocks,
        policy,
        ticket.urgency,
        channel,
        calendars,
        at=at,
        counts=ticket.not_covered is None,
        replied=ticket.has_reply,
        is_high_load=facts.is_high_load(ticket.plan),
    )
    spoke_at = max(heard.at, ticket.client_spoke_at)
    reopened = replace(ticket, status=Status.OPEN, resolved_at=None, reopened_at=at, client_spoke_at=spoke_at)
    again, events = routed_on(facts, reopened)
    again, pages, paged_people = paged(facts, replace(again, told_back_at=_closed_until(facts, again)))
    welcome = _welcome_back(facts, again)
    if paged_people:
        welcome = f"{welcome}\n{contact_texts(facts)('duty_called')}"
    return concluded(
        facts,
        again,
        clocks,
        heard=heard,
        events=(
            Event("reopened", heard.at, "contact", "the client wrote within the reopening time"),
            *((raised.event,) if raised is not None else ()),
            *events,
            *pages,
        ),
        effects=(*told(facts, heard, welcome), *_told(facts, again, heard, raised), *paged_people),
        wakes=(Wake(waiting_owner(ticket.id), None), *_unattended(facts, again)),
    )


def subject_of(text: str, names: list[str]) -> str:
    """The first line that says something, cut at a word; the first file's name where nothing was written."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), names[0] if names else "…")
    line = " ".join(line.split())
    if len(line) <= SUBJECT_LENGTH:
        return line
    return f"{line[:SUBJECT_LENGTH].rsplit(' ', 1)[0]}…"


def contract_of(facts: Facts) -> tuple[Plan, Policy]:
    """What the contact's client bought, addenda included; the public plan for whoever is not proven to be theirs."""
    revision, speaker = facts.revision, facts.speaker
    return contract_with(revision, revision.client(speaker.client) if speaker.is_verified else None)


def _is_burst(facts: Facts, ticket: Ticket, heard: Heard) -> bool:
    """Whether this still belongs to what the contact is in the middle of saying."""
    answered = ticket.staff_spoke_at is not None and ticket.staff_spoke_at >= ticket.client_spoke_at
    within = length(heard.at - ticket.client_spoke_at) <= facts.revision.rules.burst_within
    return within and not answered


def _told(facts: Facts, ticket: Ticket, heard: Heard, raised: Raised | None) -> list[Effect]:
    """The assignee hears the client's new words, on shift; the card itself changes quietly, also a new one."""
    person = ticket.assignee
    if person is None:
        return []
    if not is_there(facts, person) and on_call(facts, ticket) != person:
        return [ShowCard(person)]
    quote = with_quoted(heard.quoted, heard.text[:EXCERPT_LENGTH])
    if raised is not None:
        return [ShowCard(person, is_quiet=True), *raised_ping(facts, ticket, f"wrote:{heard.key}", quote)]
    title = person_texts(facts.revision, person)(
        "ping_client_wrote", number=number(ticket.id), contact=facts.speaker.name
    )
    ping = Ping(person, f"wrote:{heard.key}", title, quote=quote, guard=Guard(assignee=person))
    return [ShowCard(person, is_quiet=True), ping]


def _unattended(facts: Facts, ticket: Ticket) -> list[Wake]:
    """Whoever is not there is told when they come; what nobody has is given away when somebody comes."""
    if ticket.assignee is None:
        return [opening_wake(facts, ticket)]
    return [] if is_there(facts, ticket.assignee) else [shift_wake(facts, ticket.assignee)]


def _closed_until(facts: Facts, ticket: Ticket) -> Instant | None:
    """When somebody is back who may answer; None while somebody is there, or nobody is known to come."""
    _, opening = back_at(facts.revision, ticket, facts.now)
    return opening if opening is not None and opening > facts.now else None


def _still_closed(facts: Facts, heard: Heard, ticket: Ticket, *, is_paged: bool) -> tuple[Effect, ...]:
    """Out of hours a client who goes on is told once per closing when we are back, not after every line.

    And whenever that calls those who are on duty, that it does.
    """
    speak = contact_texts(facts)
    called = [speak("duty_called")] if is_paged else []
    opening = _closed_until(facts, ticket)
    if opening is not None and opening != ticket.told_back_at:
        when = speak.moment(opening, now=facts.now)
        called = [speak("off_hours_still", number=number(ticket.id), opening=when), *called]
    return told(facts, heard, "\n".join(called)) if called else ()


def _receipt(facts: Facts, ticket: Ticket, clocks: tuple[Clock, ...]) -> str:
    """Who answers and by when, in the contact's own time; out of hours also when that person is back."""
    speak = contact_texts(facts)
    first = next((clock for clock in clocks if clock.metric is Metric.FIRST_RESPONSE and clock.due_at), None)
    # What we heard too late is overdue already: no moment that is over is told as one to come.
    due_at = first.due_at if first is not None and first.due_at is not None and first.due_at > facts.now else None
    values: dict[str, str] = {"number": number(ticket.id)}
    key, person = "receipt", ticket.assignee
    if ticket.rule == WAITING_LIST:
        back, opening = back_at(facts.revision, ticket, facts.now)
        if opening is not None and opening <= facts.now:
            back = opening = None  # they are there, and have no room: whoever has some first answers
        person = back.id if back else None
        if opening is not None:
            key, values["opening"] = "off_hours", speak.moment(opening, now=facts.now)
            if due_at is not None and due_at < opening:
                # The promise counts on while nobody is there, and its leads are called. Neither moment is kept back.
                key, person = "off_hours_owed", None
    if due_at is not None:
        key, values["due"] = f"{key}_by", speak.moment(due_at, now=facts.now)
    if person is None:
        return speak(f"{key}_team", **values)
    return speak(key, **values, name=first_name(facts.revision, person, speak("the_team")))


def _welcome_back(facts: Facts, ticket: Ticket) -> str:
    """Who goes on with a reopened ticket; out of hours when that will be."""
    speak = contact_texts(facts)
    if (opening := _closed_until(facts, ticket)) is not None:
        return speak("reopened_off_hours", number=number(ticket.id), opening=speak.moment(opening, now=facts.now))
    if ticket.assignee is None:
        return speak("reopened_team", number=number(ticket.id))
    name = first_name(facts.revision, ticket.assignee, speak("the_team"))
    return speak("reopened", number=number(ticket.id), name=name)


def _noted_change(
    facts: Facts, what: str, at: Instant, by: str, words: str, files: tuple[Attachment, ...] = ()
) -> Decision:
    """The message itself is versioned by the store; the ticket only remembers that it happened and redraws its card."""
    ticket = facts.ticket
    if ticket is None:
        return Decision()
    effects: tuple[Effect, ...] = ()
    if assignee := facts.revision.person(ticket.assignee):
        name = facts.speaker.name if by == "contact" else name_of(facts.revision, PersonId(by))
        title = person_texts(facts.revision, assignee.id)(f"relay_{what}", name=name)
        said = Untrusted(with_files(words, files))
        effects = (Relay(assignee.id, title, said, attachments=files, is_ours=by != "contact"),)
    return concluded(facts, ticket, facts.clocks, events=(Event(f"message_{what}", at, by),), effects=effects)

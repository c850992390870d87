"""What becomes of a call: who is told what, in the conversation and at the desk, and when to look at it again.

    booked or asked for ──> accepted, declined, lapsed ──> moved, cancelled ──> reminded of ──> held, or nobody came

Whether a time is free and early enough was seen before; here it is written down and said. A call that is booked where
no ticket is open opens one, on which nothing is promised: it is an appointment, and no question that waits.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from adapters.message import Button, Invite
from bot.tickets.calls import marks
from bot.tickets.calls.call import LEAD, Call, CallRules, CallState
from bot.tickets.calls.invite import invited
from bot.tickets.calls.texts import Time, name_of_kind, numbered, said_time, staff_time
from bot.tickets.decide_client import contract_of, subject_of
from bot.tickets.facts import Decision, Effect, Event, Facts, Guard, Heard, MessageKind, Note, Ping, Say, Wake
from bot.tickets.ladder.standing import behind
from bot.tickets.outcome import client_name, concluded, contact_texts, first_name, is_there, person_texts
from bot.tickets.ticket import Status, Ticket, number
from routing.people import Person, PersonId, Role
from sla.duration import Instant

CHANGES: Final = ("client.call_move", "client.call_cancel")
#: What a person may do about a request, and about a call that is over.
ANSWERS: Final = ("ticket.call_confirm", "ticket.call_decline")
STAFF_CHANGES: Final = ("ticket.call_move", "ticket.call_cancel")
AFTERWARDS: Final = ("ticket.call_done", "ticket.call_no_show")
LEAVE: Final = ("ticket.call_allow", "ticket.call_refuse")
BY_CONTACT: Final = "contact"
BY_DESK: Final = "desk"


@dataclass(frozen=True, slots=True)
class Told:
    """A text for the client and one for the call's person, by their keys; empty where that one is told nothing."""

    client: str = ""
    person: str = ""
    actions: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()
    after: str = ""
    buttons: tuple[Button, ...] = ()
    is_invite: bool = False


def call_owner(key: str) -> str:
    """The alarm of a call."""
    return f"call:{key}"


def opened_for(facts: Facts, call: Call, rules: CallRules) -> tuple[Ticket, tuple[Event, ...]]:
    """The ticket that a call is about: the open one, else one of its own, on which nothing is promised."""
    if facts.ticket is not None:
        return facts.ticket, ()
    speaker = facts.speaker
    plan, policy = contract_of(facts)
    speak = contact_texts(facts)
    subject = subject_of(speak("call_subject", kind=name_of_kind(call.kind, rules, speak)), [])
    ticket = Ticket(
        id=facts.number,
        version=1,
        status=Status.OPEN,
        conversation=facts.talk.id,
        contact=speaker.contact,
        client=speaker.client,
        plan=plan.id,
        policy=policy.key,
        revision=facts.revision.number,
        urgency=policy.default_urgency,
        kind=None,
        channel=facts.talk.conversation.channel,
        subject=subject,
        assignee=call.person,
        rule="own_manager" if _is_own(facts, call) else "taken",
        line=plan.line,
        is_verified=speaker.is_verified,
        opened_at=facts.now,
        client_spoke_at=facts.now,
    )
    return ticket, (Event("opened", facts.now, call.by, "a call was booked; nothing is promised on it"),)


def changed(
    facts: Facts,
    call: Call,
    what: str,
    told: Told,
    rules: CallRules,
    *,
    by: str,
    why: str = "",
    heard: Heard | None = None,
    notes: tuple[Note, ...] = (),
    more: Sequence[Effect] = (),
) -> tuple[Decision, Call]:
    """The decision that a call is from now on as `call` says, and the call as it is to be kept."""
    ticket, opened = opened_for(facts, call, rules)
    effects: list[Effect] = []
    if told.client:
        effects.append(_said(facts, call, told, rules, number(ticket.id)))
    person = facts.revision.person(call.person)
    call = replace(call, news="", is_invited=call.is_invited or told.is_invite)
    if told.person and person is not None and (by != call.person or (told.is_invite and _reads_mail_alone(person))):
        if is_there(facts, call.person) or told.person in _AT_ONCE:
            effects.append(_ping(facts, ticket, call, told, rules))
        else:
            call = replace(call, news=told.person)
    particulars: dict[str, str | int | None] = {"call": call.key, "person": call.person, "at": call.begins_at}
    event = Event(f"call_{what}", facts.now, by, why, particulars)
    decision = concluded(
        facts,
        ticket,
        facts.clocks,
        heard=heard,
        notes=notes,
        events=(*opened, event),
        effects=(*effects, *more),
        wakes=(Wake(call_owner(call.key), next_look(facts, call)),),
    )
    return decision, call


#: What cannot wait until somebody's shift begins: the call itself is near.
_AT_ONCE: Final = frozenset({"ping_call_soon", "ping_call_over"})


def next_look(facts: Facts, call: Call) -> Instant | None:
    """When something is to be told of a call next: a mark of its own, or what its person reads at their shift."""
    person = facts.revision.person(call.person)
    if person is None:
        return None
    moments = [marks.wake_at(call, facts.revision.calendars[person.calendar])]
    if call.news:
        moments.append(facts.revision.coverage.next_shift(person, facts.now))
    return min((max(one, facts.now) for one in moments if one is not None), default=None)


def told_news(facts: Facts, call: Call, rules: CallRules) -> tuple[Decision, Call]:
    """Their shift has begun: its person reads what became of a call meanwhile, if it is still worth reading."""
    ticket, news = facts.ticket, call.news
    call = replace(call, news="")
    if ticket is None:
        return Decision(), call
    effects: tuple[Effect, ...] = ()
    if facts.now < call.begins_at:
        actions = ANSWERS if call.state is CallState.REQUESTED and call.waits_for != LEAD else ()
        is_invite = call.is_invited and call.state is not CallState.REQUESTED
        effects = (_ping(facts, ticket, call, Told(person=news, actions=actions, is_invite=is_invite), rules),)
    wake = Wake(call_owner(call.key), next_look(facts, call))
    return concluded(facts, ticket, facts.clocks, effects=effects, wakes=(wake,)), call


def lead_is_asked(facts: Facts, ticket: Ticket, call: Call, rules: CallRules) -> tuple[Ping, ...]:
    """Leads read that a client wants a call too soon, or more of them than were bought, and may allow it."""
    people = behind(facts, Role.LEAD) or tuple(
        one.id for one in facts.revision.people.values() if one.roles & {Role.HEAD, Role.ADMIN}
    )
    pings = []
    for person in people:
        speak = person_texts(facts.revision, person)
        title = speak("ping_call_exception", **_values(facts, ticket, call, person, rules))
        key = f"call:{call.key}:{call.sequence}:{call.begins_at}:lead:{person}"
        pings.append(Ping(person, key, title, is_alert=True, actions=LEAVE, is_shared=True))
    return tuple(pings)


def passed_on(facts: Facts, before: Call, call: Call, rules: CallRules) -> tuple[Ping, ...]:
    """Whoever had a call that somebody else holds now reads so, and their calendar is told that it is off."""
    ticket, person = facts.ticket, before.person
    if ticket is None or call.person == person or facts.revision.person(person) is None:
        return ()
    title = person_texts(facts.revision, person)("ping_call_passed", **_values(facts, ticket, call, person, rules))
    key = f"call:{call.key}:{call.sequence}:ping_call_passed:{person}"
    off = replace(before, state=CallState.CANCELLED, sequence=call.sequence)
    named = number(ticket.id)
    invite = invited(facts, off, rules, summary_for=person, number=named) if before.is_invited else None
    return (Ping(person, key, title, guard=Guard(), invite=invite),)


def called_off(facts: Facts, call: Call, rules: CallRules) -> Invite | None:
    """What the client's calendar is told of a call that is off, if it ever heard of it."""
    return invited(facts, call, rules, summary_for=None, number=number(call.ticket)) if call.is_invited else None


def times_text(facts: Facts, times: Sequence[Time], key: str, **values: str | int) -> str:
    """A sentence, and below it times to choose from; without any, that there are none."""
    speak = contact_texts(facts)
    said = speak(key, **values)
    if not times:
        return f"{said}\n{speak('call_none')}"
    return f"{said}\n{numbered(facts.revision, speak, times, now=facts.now)}"


def said_call(facts: Facts, call: Call, key: str, rules: CallRules) -> str:
    """A sentence to the client about a call."""
    speak = contact_texts(facts)
    time = said_time(facts.revision, speak, Time(call.person, call.begins_at), now=facts.now)
    due = speak.moment(call.accept_by, now=facts.now) if call.accept_by is not None else ""
    kind = name_of_kind(call.kind, rules, speak)
    name = first_name(facts.revision, call.person, speak("the_team"))
    return speak(key, kind=kind, name=name, time=time, due=due)


def _said(facts: Facts, call: Call, told: Told, rules: CallRules, ticket: str) -> Say:
    speak = contact_texts(facts)
    parts = [said_call(facts, call, told.client, rules)]
    if call.url and call.state in {CallState.CONFIRMED, CallState.RESCHEDULED}:
        parts.append(speak("call_url", url=call.url))
    if told.offers:
        parts.append(speak("call_change"))
    if told.after:
        parts.append(told.after)
    invite = invited(facts, call, rules, summary_for=None, number=ticket) if told.is_invite else None
    return Say("\n".join(parts), MessageKind.AUTO, offers=told.offers, buttons=told.buttons, invite=invite)


def _ping(facts: Facts, ticket: Ticket, call: Call, told: Told, rules: CallRules) -> Ping:
    speak = person_texts(facts.revision, call.person)
    title = speak(told.person, **_values(facts, ticket, call, call.person, rules))
    lines = (call.url,) if call.url and call.state.is_live and call.state is not CallState.REQUESTED else ()
    key = f"call:{call.key}:{call.sequence}:{told.person}:{call.state}:{call.begins_at}"
    named = number(ticket.id)
    invite = invited(facts, call, rules, summary_for=call.person, number=named) if told.is_invite else None
    return Ping(call.person, key, title, lines, guard=Guard(), actions=told.actions, invite=invite)


def _values(facts: Facts, ticket: Ticket, call: Call, person: PersonId, rules: CallRules) -> dict[str, str]:
    speak = person_texts(facts.revision, person)
    return {
        "number": number(ticket.id),
        "client": client_name(facts),
        "contact": facts.speaker.name,
        "kind": name_of_kind(call.kind, rules, speak),
        "name": first_name(facts.revision, call.person, speak("the_team")),
        "time": staff_time(facts.revision, person, call, facts.speaker.name, now=facts.now),
        "due": speak.moment(call.accept_by, now=facts.now) if call.accept_by is not None else "",
    }


def _reads_mail_alone(person: Person) -> bool:
    """Whether we write to them by mail: then what they did themselves is told too, because the invite comes by it."""
    return set(person.addresses) == {"email"}


def _is_own(facts: Facts, call: Call) -> bool:
    client = facts.revision.client(facts.speaker.client)
    return client is not None and client.manager == call.person

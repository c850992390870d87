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
from bot.tickets.facts import (
    Decision,
    Effect,
    Event,
    Facts,
    Guard,
    Heard,
    MessageKind,
    Note,
    Ping,
    Say,
    TellCalendar,
    Wake,
)
from bot.tickets.ladder.standing import behind
from bot.tickets.outcome import MAIL, client_name, concluded, contact_texts, first_name, is_there, person_texts
from bot.tickets.ticket import Status, Ticket, number
from routing.people import PersonId, Role
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
    is_alert: bool = False


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
    there: Facts | None = None,
) -> tuple[Decision, Call]:
    """The decision that a call is from now on as `call` says, and the call as it is to be kept.

    `there` are the facts of where the client reads of it; None: nowhere, so one of our people has to say it.
    """
    ticket, opened = opened_for(facts, call, rules)
    effects: list[Effect] = []
    if told.client and there is not None:
        effects.append(_said(there, call, told, rules, number(ticket.id)))
    elif told.client and told.client not in _REMINDERS:
        effects += _to_be_told(facts, ticket, call, told, rules, by)
    news = call.news if call.state.is_live and not told.person else ""
    call = replace(call, news="", is_invited=call.is_invited or told.is_invite)
    ping = _ping(facts, ticket, call, told, rules, by=by) if _is_told(facts, call, told, by) else None
    if ping is not None and (is_there(facts, call.person) or told.person in _AT_ONCE):
        effects.append(ping)
    else:
        effects += _calendar(facts, ticket, call, told, rules, by=by, is_read_later=ping is not None)
        call = replace(call, news=told.person if ping is not None else news)
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


#: What nobody calls a caller for: whoever they talk to is reminded as well.
_REMINDERS: Final = frozenset({"call_reminder", "call_soon"})
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
        is_invite = call.is_invited and _reads_mail_first(facts, call.person)
        told = Told(person=news, actions=actions, is_invite=is_invite)
        effects = (_ping(facts, ticket, call, told, rules, by=BY_DESK),)
    wake = Wake(call_owner(call.key), next_look(facts, call))
    return concluded(facts, ticket, facts.clocks, effects=effects, wakes=(wake,)), call


def lead_is_asked(facts: Facts, ticket: Ticket, call: Call, rules: CallRules) -> tuple[Ping, ...]:
    """Leads read that a client wants a call too soon, or more of them than were bought, and may allow it."""
    return leads_told(facts, ticket, call, rules, "ping_call_exception", LEAVE)


def leads_told(
    facts: Facts, ticket: Ticket, call: Call, rules: CallRules, text: str, actions: tuple[str, ...]
) -> tuple[Ping, ...]:
    """An alert about a call for whoever leads; where nobody does, for the heads and admins."""
    people = behind(facts, Role.LEAD) or tuple(
        one.id for one in facts.revision.people.values() if one.roles & {Role.HEAD, Role.ADMIN}
    )
    pings = []
    for person in people:
        title = person_texts(facts.revision, person)(text, **_values(facts, ticket, call, person, rules))
        key = f"call:{call.key}:{call.sequence}:{call.begins_at}:{text}:lead:{person}"
        pings.append(Ping(person, key, title, is_alert=True, actions=actions, is_shared=True))
    return tuple(pings)


def no_after_all(facts: Facts, call: Call, rules: CallRules) -> tuple[Ping, ...]:
    """Its person does not come, and it is too late to call it off: they and the leads read that it stands."""
    ticket, text = facts.ticket, "ping_call_no_late"
    if ticket is None:
        return ()
    title = person_texts(facts.revision, call.person)(text, **_values(facts, ticket, call, call.person, rules))
    own = Ping(call.person, f"call:{call.key}:{call.sequence}:{call.begins_at}:{text}", title, is_alert=True)
    others = leads_told(facts, ticket, call, rules, text, STAFF_CHANGES)
    return (own, *(one for one in others if one.person != call.person))


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


def _is_told(facts: Facts, call: Call, told: Told, by: str) -> bool:
    """Whether a call's person is told in words: not what they did themselves, unless the invitation comes by it."""
    if not told.person or facts.revision.person(call.person) is None:
        return False
    return by != call.person or (told.is_invite and _reads_mail_first(facts, call.person))


def _calendar(
    facts: Facts, ticket: Ticket, call: Call, told: Told, rules: CallRules, *, by: str, is_read_later: bool
) -> tuple[TellCalendar, ...]:
    """What the calendar of a call's person is told at once, though they are told nothing now or work elsewhere."""
    if facts.revision.person(call.person) is None or (is_read_later and _reads_mail_first(facts, call.person)):
        return ()
    invite = _own_invite(facts, ticket, call, told, rules, by)
    if invite is None:
        return ()
    return (TellCalendar(call.person, invite.summary, invite),)


def _own_invite(facts: Facts, ticket: Ticket, call: Call, told: Told, rules: CallRules, by: str) -> Invite | None:
    """The invitation of a call's person. Whoever did it themselves has said yes by that."""
    if not told.is_invite:
        return None
    invite = invited(facts, call, rules, summary_for=call.person, number=number(ticket.id))
    return replace(invite, is_accepted=by == call.person and call.state.is_live) if invite is not None else None


def _to_be_told(facts: Facts, ticket: Ticket, call: Call, told: Told, rules: CallRules, by: str) -> tuple[Ping, ...]:
    """Who called can be written to nowhere: whoever did it, else the call's person, is asked to say it."""
    person = facts.revision.person(PersonId(by)) or facts.revision.person(call.person)
    if person is None:
        return ()
    title = person_texts(facts.revision, person.id)("ping_call_tell", **_values(facts, ticket, call, person.id, rules))
    key = f"call:{call.key}:{call.sequence}:{told.client}:{call.begins_at}:tell"
    return (Ping(person.id, key, title, (said_call(facts, call, told.client, rules),), is_alert=True),)


def _ping(facts: Facts, ticket: Ticket, call: Call, told: Told, rules: CallRules, *, by: str) -> Ping:
    speak = person_texts(facts.revision, call.person)
    title = speak(told.person, **_values(facts, ticket, call, call.person, rules))
    lines = (call.url,) if call.url and call.state.is_live and call.state is not CallState.REQUESTED else ()
    key = f"call:{call.key}:{call.sequence}:{told.person}:{call.state}:{call.begins_at}"
    invite = _own_invite(facts, ticket, call, told, rules, by)
    return Ping(call.person, key, title, lines, is_alert=told.is_alert, actions=told.actions, invite=invite)


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


def _reads_mail_first(facts: Facts, person: PersonId) -> bool:
    """Whether we write to them by mail: then what they did themselves is told too, because the invite comes by it."""
    known = facts.revision.person(person)
    return known is not None and next(iter(known.addresses), "") == MAIL


def _is_own(facts: Facts, call: Call) -> bool:
    client = facts.revision.client(facts.speaker.client)
    return client is not None and client.manager == call.person

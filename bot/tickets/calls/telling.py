"""Who reads what of a call that changes: the client in the conversation, its person, those who lead, and calendars.

Whatever is told has a key of its own, so that nobody reads the same twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from adapters.message import Button, Invite
from bot.tickets.calls.call import LEAD, Call, CallRules, CallState
from bot.tickets.calls.invite import invited
from bot.tickets.calls.texts import Time, name_of_kind, numbered, said_time, staff_time
from bot.tickets.facts import Facts, Guard, MessageKind, Ping, Say, TellCalendar
from bot.tickets.ladder.calling import behind
from bot.tickets.outcome import MAIL, client_name, contact_texts, first_name, person_texts
from bot.tickets.revision import Revision
from bot.tickets.texts import Texts
from bot.tickets.ticket import Ticket, number
from routing.people import PersonId, Role
from sla.duration import Instant

CHANGES: Final = ("client.call_move", "client.call_cancel")
#: What a person may do about a request, and about a call that is over.
ANSWERS: Final = ("ticket.call_confirm", "ticket.call_decline")
STAFF_CHANGES: Final = ("ticket.call_move", "ticket.call_cancel")
AFTERWARDS: Final = ("ticket.call_done", "ticket.call_no_show")
LEAVE: Final = ("ticket.call_allow", "ticket.call_refuse")
#: What a client reads instead of a call that is only asked for.
_WHILE_ASKED: Final = {"call_stands": "call_stands_asked"}
#: What is read of a call that lies outside the hours of its person now.
CLOSED: Final = "ping_call_closed"


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


def times_text(facts: Facts, times: Sequence[Time], key: str, **values: str | int) -> str:
    """A sentence, and below it times to choose from; without any, that there are none."""
    speak = contact_texts(facts)
    said = speak(key, **values)
    if not times:
        return f"{said}\n{speak('call_none')}"
    return f"{said}\n{numbered(facts.revision, speak, times, now=facts.now)}"


def said_call(facts: Facts, call: Call, key: str, rules: CallRules) -> str:
    """A sentence to the client about a call; of one that nobody has accepted yet none says that they have it."""
    speak, key = contact_texts(facts), _WHILE_ASKED.get(key, key) if call.state is CallState.REQUESTED else key
    time = said_time(facts.revision, speak, Time(call.person, call.begins_at), now=facts.now)
    due = speak.moment(call.accept_by, now=facts.now) if call.accept_by is not None else ""
    kind = name_of_kind(call.kind, rules, speak)
    name = first_name(facts.revision, call.person, speak("the_team"))
    return speak(key, kind=kind, name=name, time=time, due=due)


def client_line(revision: Revision, call: Call, rules: CallRules, speak: Texts, *, now: Instant) -> str:
    """A call in one line, as its client reads it; one that still has to be accepted says so."""
    kind, name = name_of_kind(call.kind, rules, speak), first_name(revision, call.person, speak("the_team"))
    time = said_time(revision, speak, Time(call.person, call.begins_at), now=now)
    said = speak("call_line", kind=kind, name=name, time=time)
    return f"{said} · {speak('call_state_requested')}" if call.state is CallState.REQUESTED else said


def said_of(facts: Facts, call: Call, told: Told, rules: CallRules, ticket: str) -> Say:
    """A change in the words of its client, with what they may do about it below."""
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


def said_elsewhere(facts: Facts, call: Call, told: Told, rules: CallRules, ticket: str) -> Say:
    """The same for where their calendar was told of it last, which is not where they read of it now."""
    return said_of(facts, call, replace(told, client=told.client or "call_off", buttons=()), rules, ticket)


def is_told(facts: Facts, call: Call, told: Told, by: str) -> bool:
    """Whether a call's person is told in words: not what they did themselves, unless the invitation comes by it."""
    if not told.person or facts.revision.person(call.person) is None:
        return False
    return by != call.person or (told.is_invite and reads_mail_first(facts, call.person))


def ping_of(facts: Facts, ticket: Ticket, call: Call, told: Told, rules: CallRules, *, by: str) -> Ping:
    """The same in the words of its person."""
    speak = person_texts(facts.revision, call.person)
    title = speak(told.person, **_values(facts, ticket, call, call.person, rules))
    lines = (call.url,) if call.url and call.state.is_live and call.state is not CallState.REQUESTED else ()
    key = f"call:{call.key}:{call.sequence}:{told.person}:{call.state}:{_moments(call)}"
    invite = _own_invite(facts, ticket, call, told, rules, by)
    return Ping(call.person, key, title, lines, is_alert=told.is_alert, actions=told.actions, invite=invite)


def _moments(call: Call) -> str:
    """What makes the same words about a call other news: its time, or until when it has to be accepted."""
    return str(call.begins_at) if call.accept_by is None else f"{call.begins_at}:{call.accept_by}"


def calendar_told(
    facts: Facts, ticket: Ticket, call: Call, told: Told, rules: CallRules, *, by: str, is_read_later: bool
) -> tuple[TellCalendar, ...]:
    """What the calendar of a call's person is told at once, though they are told nothing now or work elsewhere."""
    if facts.revision.person(call.person) is None or (is_read_later and reads_mail_first(facts, call.person)):
        return ()
    invite = _own_invite(facts, ticket, call, told, rules, by)
    if invite is None:
        return ()
    return (TellCalendar(call.person, invite.summary, invite),)


def asked_to_say(facts: Facts, ticket: Ticket, call: Call, told: Told, rules: CallRules, by: str) -> tuple[Ping, ...]:
    """Who called can be written to nowhere: whoever did it, else the call's person, is asked to say it."""
    person = facts.revision.person(PersonId(by)) or facts.revision.person(call.person)
    if person is None:
        return ()
    title = person_texts(facts.revision, person.id)("ping_call_tell", **_values(facts, ticket, call, person.id, rules))
    key = f"call:{call.key}:{call.sequence}:{told.client}:{call.begins_at}:tell"
    return (Ping(person.id, key, title, (said_call(facts, call, told.client, rules),), is_alert=True),)


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
        key = f"call:{call.key}:{call.sequence}:{_moments(call)}:{text}:lead:{person}"
        pings.append(Ping(person, key, title, is_alert=True, actions=actions, is_shared=True))
    return tuple(pings)


def closed_for(call: Call) -> Told:
    """Its person reads that they do not work then any more, and what they may do; not of what a lead is still asked."""
    return Told(person="" if call.waits_for == LEAD else CLOSED, actions=deeds(call), is_alert=True)


def deeds(call: Call) -> tuple[str, ...]:
    """What may be done about a call as it stands."""
    if call.state is not CallState.REQUESTED:
        return STAFF_CHANGES
    return LEAVE if call.waits_for == LEAD else ANSWERS


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


def reads_mail_first(facts: Facts, person: PersonId) -> bool:
    """Whether we write to them by mail: then what they did themselves is told too, because the invite comes by it."""
    known = facts.revision.person(person)
    return known is not None and next(iter(known.addresses), "") == MAIL


def _own_invite(facts: Facts, ticket: Ticket, call: Call, told: Told, rules: CallRules, by: str) -> Invite | None:
    """The invitation of a call's person. Whoever did it themselves has said yes by that."""
    if not told.is_invite:
        return None
    invite = invited(facts, call, rules, summary_for=call.person, number=number(ticket.id))
    return replace(invite, is_accepted=by == call.person and call.state.is_live) if invite is not None else None


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

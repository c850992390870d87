"""What becomes of a call: written down, with who is told of it (`telling.py`), and when to look at it again.

    booked or asked for ──> accepted, declined, lapsed ──> moved, cancelled ──> reminded of ──> held, or nobody came

Whether a time is free and early enough was seen before; here it is written down and said. A call that is booked where
no ticket is open opens one, on which nothing is promised: it is an appointment, and no question that waits.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bot.tickets.calls import marks
from bot.tickets.calls.call import LEAD, Call, CallRules, CallState
from bot.tickets.calls.marks import call_owner
from bot.tickets.calls.telling import (
    ANSWERS,
    CLOSED,
    Told,
    asked_to_say,
    calendar_told,
    closed_for,
    is_told,
    ping_of,
    reads_mail_first,
    said_of,
)
from bot.tickets.calls.texts import name_of_kind
from bot.tickets.decide_client import contract_of, subject_of
from bot.tickets.facts import (
    Decision,
    Effect,
    Event,
    Facts,
    Heard,
    Note,
    Wake,
)
from bot.tickets.outcome import concluded, contact_texts, is_there
from bot.tickets.ticket import Status, Ticket, number
from sla.duration import Instant

BY_CONTACT: Final = "contact"
BY_DESK: Final = "desk"


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
    is_invited_there: bool = True,
) -> tuple[Decision, Call]:
    """The decision that a call is from now on as `call` says, and the call as it is to be kept.

    `there` are the facts of where the client reads of it; None: nowhere, so one of our people has to say it. Their
    calendar is told by that too, unless it is told elsewhere and they are not `is_invited_there`.
    """
    ticket, opened = opened_for(facts, call, rules)
    effects: list[Effect] = []
    if told.client and there is not None:
        is_invite = told.is_invite and is_invited_there
        effects.append(said_of(there, call, replace(told, is_invite=is_invite), rules, number(ticket.id)))
    elif told.client and told.client not in _REMINDERS:
        effects += asked_to_say(facts, ticket, call, told, rules, by)
    unread = call.news if call.state.is_live and (not told.person or _is_unread(call)) else ""
    call = replace(call, news=unread, is_invited=call.is_invited or told.is_invite)
    ping = ping_of(facts, ticket, call, told, rules, by=by) if is_told(facts, call, told, by) else None
    if ping is not None and (is_there(facts, call.person) or _cannot_wait(facts, call, told)):
        effects.append(ping)
    else:
        effects += calendar_told(facts, ticket, call, told, rules, by=by, is_read_later=ping is not None)
        call = replace(call, news=unread or (told.person if ping is not None else ""))
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


def _is_unread(call: Call) -> bool:
    """Whether its person is still to read that they do not work then: no reminder says that."""
    return call.news == CLOSED and marks.CLOSED in call.told


def _cannot_wait(facts: Facts, call: Call, told: Told) -> bool:
    """Whether its person is told though they do not work now: the call is near, or begins before they do."""
    if told.person != CLOSED:
        return told.person in _AT_ONCE
    person = facts.revision.person(call.person)
    shift = facts.revision.coverage.next_shift(person, facts.now) if person is not None else None
    return shift is None or shift >= call.begins_at


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
        is_invite = call.is_invited and reads_mail_first(facts, call.person)
        told = closed_for(call) if news == CLOSED else Told(person=news, actions=actions, is_invite=is_invite)
        effects = (ping_of(facts, ticket, call, told, rules, by=BY_DESK),)
    wake = Wake(call_owner(call.key), next_look(facts, call))
    return concluded(facts, ticket, facts.clocks, effects=effects, wakes=(wake,)), call


def _is_own(facts: Facts, call: Call) -> bool:
    client = facts.revision.client(facts.speaker.client)
    return client is not None and client.manager == call.person

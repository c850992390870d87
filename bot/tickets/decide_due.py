"""What happens when a moment comes: a mark is passed, a promise breaks, a silent client is nudged, a shift begins.

Alarms only wake us; what is still true is read again here. Whatever became overdue while we were down fires once, the
most urgent of each clock alone, and says the true moment it broke.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.tickets.care.csat import csat_wakes
from bot.tickets.decide_client import reopens_until
from bot.tickets.decide_place import OTHER_CHANNEL, known_elsewhere
from bot.tickets.facts import Decision, Effect, Event, Facts, Guard, MessageKind, Ping, Say, Wake
from bot.tickets.ladder.calling import called, called_for, is_vacant
from bot.tickets.ladder.decide_ladder import climb, leads, presses_of, weight, with_whom
from bot.tickets.ladder.decide_pick_up import lapsed
from bot.tickets.ladder.standing import told_broken
from bot.tickets.outcome import (
    after,
    client_name,
    closing_wake,
    concluded,
    contact_texts,
    line_calendar,
    person_texts,
    routed,
    shift_wake,
    waiting_owner,
)
from bot.tickets.receipts import is_mailing_stranger
from bot.tickets.ticket import Status, Ticket, number
from routing.people import PersonId
from sla import promise
from sla.clock import BREACH, Clock, Mark
from sla.duration import Instant, length
from sla.policy import Metric
from sla.promise import Firing

QUIET = Mark("50%")
LAST_CALL = Mark("last_call")


def promises_due(facts: Facts) -> Decision:
    """Fire what is due on a ticket's clocks and tell each person concerned once."""
    ticket = facts.ticket
    if ticket is None or not ticket.status.is_open:
        return Decision()
    clocks, firings = promise.fired(facts.clocks, facts.calendars, at=facts.now)
    ticket, clocks, passed, introduced = lapsed(facts, ticket, clocks, firings)
    firings = tuple(one for one in firings if one.clock.metric is not Metric.PICK_UP)
    broke = [firing.clock for firing in firings if firing.mark == BREACH]
    after_it, events, told = climb(facts, ticket, clocks, broke)
    reminders = [ping for firing in firings if firing.mark != BREACH for ping in _pings(facts, ticket, firing)]
    events = [*passed, *map(_breached, broke), *events]
    own = facts.revision.person(ticket.assignee)
    is_away = bool(broke) and own is not None and called_for(facts, ticket) is None
    wakes = (shift_wake(facts, own.id),) if is_away and own is not None else ()
    effects = (*introduced, *reminders, *told)
    return concluded(facts, after_it, clocks, events=tuple(events), effects=effects, wakes=wakes)


def waiting_due(facts: Facts) -> Decision:
    """A silent client: nudged once, then resolved; what stays resolved is closed. A stranger's mail is, untold."""
    ticket = facts.ticket
    if ticket is None:
        return Decision()
    rules = facts.revision.rules
    calendar = line_calendar(facts.revision, ticket)
    speak = contact_texts(facts)
    if ticket.status is Status.RESOLVED:
        closed = replace(ticket, status=Status.CLOSED)
        asked = csat_wakes(facts, closed)
        return concluded(facts, closed, facts.clocks, events=(Event("closed", facts.now, "desk"),), wakes=asked)
    if ticket.status is Status.WAITING_THIRD_PARTY:
        return _goes_on_again(facts, ticket)
    if ticket.status is not Status.WAITING_CLIENT or ticket.staff_spoke_at is None:
        return Decision()
    resolve_at = after(ticket.staff_spoke_at, rules.resolve_after, calendar)
    if facts.now < resolve_at:
        wakes = (Wake(waiting_owner(ticket.id), resolve_at),)
        if is_mailing_stranger(facts):
            return concluded(facts, ticket, facts.clocks, wakes=wakes)
        say = Say(speak("nudge", number=number(ticket.id)), MessageKind.AUTO)
        event = Event("nudged", facts.now, "desk", "the client has been silent")
        return concluded(facts, ticket, facts.clocks, events=(event,), effects=(say,), wakes=wakes)
    clocks = promise.resolved(facts.clocks, facts.calendars, at=facts.now)
    done = replace(ticket, status=Status.RESOLVED, resolved_at=facts.now)
    until = speak.moment(reopens_until(facts.revision, done), now=facts.now)
    said = Say(speak("resolved_silent", number=number(ticket.id), until=until), MessageKind.AUTO)
    event = Event("resolved", facts.now, "desk", "the client stayed silent")
    effects = () if is_mailing_stranger(facts) else (said,)
    return concluded(facts, done, clocks, events=(event,), effects=effects, wakes=(closing_wake(facts, done),))


def shift_begins(facts: Facts) -> Decision:
    """Ask the rules again for a ticket on the waiting list; nothing changes where still nobody is there."""
    ticket = facts.ticket
    if ticket is None or not ticket.status.is_open or ticket.assignee is not None:
        return Decision()
    given, events = routed(facts, ticket)
    if given.assignee is None:
        return Decision()
    return concluded(facts, given, facts.clocks, events=events)


def was_away(facts: Facts) -> bool:
    """Whether their assignee, who is there now, was not when the client spoke, or a promise broke, after our last word.

    Nor when it was handed over to them.
    """
    ticket = facts.ticket
    person = facts.revision.person(ticket.assignee) if ticket is not None else None
    if ticket is None or person is None or not ticket.status.is_open:
        return False
    coverage = facts.revision.coverage
    if ticket.rule == "handed_over" and ticket.told_back_at is not None and ticket.told_back_at <= facts.now:
        ends = coverage.shift_ends(person, ticket.told_back_at)
        if ends is not None and facts.now < ends:
            return True
    since = ticket.staff_spoke_at
    moments = (ticket.client_spoke_at, *(one.breached_at for one in told_broken(facts.clocks)))
    missed = [at for at in moments if at is not None and (since is None or since < at)]
    was_there = all(coverage.is_on_shift(person, at) for at in missed)
    return not was_there and coverage.is_on_shift(person, facts.now)


def delivery_failed(
    facts: Facts,
    by: PersonId | None,
    key: str,
    reason: str,
    *,
    is_certain: bool,
    said_at: Instant | None = None,
    elsewhere: Sequence[str] = (),
) -> Decision:
    """A reply did not arrive, or may not have: whoever wrote it, or has the ticket, is told at once.

    `key` names the reply, so that its author hears of each outcome once. One that will never arrive has answered
    nothing: what was owed when it was said (`said_at`) is owed again. With neither it was the desk's own text.
    `elsewhere` are the other channels on which the contact is known for certain; the ticket may go on there.
    """
    ticket = facts.ticket
    person = by or (ticket.assignee if ticket else None)
    if ticket is None or person is None or person not in facts.revision.people:
        return Decision()
    is_ours = by is not None or said_at is not None
    told = "ping_uncertain" if not is_certain else "ping_failed" if is_ours else "ping_failed_auto"
    speak = person_texts(facts.revision, person)
    title = speak(told, number=number(ticket.id), client=client_name(facts), reason=reason)
    what = "delivery_failed" if is_certain else "delivery_uncertain"
    elsewhere = elsewhere if is_certain else ()
    actions = (OTHER_CHANNEL,) if elsewhere and ticket.status.is_open else ()
    lines = known_elsewhere(facts, speak, elsewhere)
    ping = Ping(person, f"{what}:{key}", title, lines, is_alert=True, actions=actions)
    clocks = facts.clocks
    wakes: tuple[Wake, ...] = ()
    if is_certain and said_at is not None and ticket.status.is_open:
        clocks = promise.reply_failed(facts.clocks, facts.calendars, at=said_at)
        if ticket.status is Status.WAITING_CLIENT and ticket.staff_spoke_at == said_at:
            ticket, wakes = replace(ticket, status=Status.OPEN), (Wake(waiting_owner(ticket.id), None),)
        if ticket.unset_reply_at == said_at:
            # Whatever it was, it was not heard. Of several such replies the last one is still to be named.
            spoke_at = ticket.staff_spoke_at
            ticket = replace(ticket, unset_reply_at=spoke_at if spoke_at is not None and spoke_at > said_at else None)
    event = Event(what, facts.now, "sender", reason)
    return concluded(facts, ticket, clocks, events=(event,), effects=(ping,), wakes=wakes)


def _goes_on_again(facts: Facts, ticket: Ticket) -> Decision:
    """`pause_max`: after this long a third party is no reason any more; the clock goes on and the assignee is told."""
    clocks = promise.resumed(facts.clocks, facts.calendars, at=facts.now)
    effects: tuple[Effect, ...] = ()
    if assignee := facts.revision.person(ticket.assignee):
        speak = person_texts(facts.revision, assignee.id)
        title = speak("ping_resumed", number=number(ticket.id), client=client_name(facts))
        effects = (Ping(assignee.id, f"resumed:{ticket.id}:{ticket.version}", title),)
    return concluded(
        facts,
        replace(ticket, status=Status.OPEN),
        clocks,
        events=(Event("resumed", facts.now, "desk", "the longest pause is over"),),
        effects=effects,
    )


def _breached(clock: Clock) -> Event:
    return Event(
        "breached",
        clock.breached_at or Instant(0),
        "desk",
        f"{clock.metric} was due",
        {"metric": clock.metric, "due_at": clock.due_at, "started_at": clock.started_at},
    )


def _pings(facts: Facts, ticket: Ticket, firing: Firing) -> list[Effect]:
    """50 %: only the card changes. 80 %: the assignee. Last call: also the first step of the ladder, ahead of time."""
    if firing.mark == QUIET or firing.clock.target.goal:
        return []
    own = called_for(facts, ticket)
    people = [own] if own is not None else []
    if firing.mark == LAST_CALL or is_vacant(facts, ticket):
        above = called(facts, ticket, firing.clock, leads(facts, ticket))
        people += [person for person in above if person not in people]
    return [_ping(facts, ticket, firing, person) for person in people]


def _ping(facts: Facts, ticket: Ticket, firing: Firing, person: PersonId) -> Ping:
    clock, mark = firing.clock, firing.mark
    speak = person_texts(facts.revision, person)
    due = clock.due_at if clock.due_at is not None else facts.now
    values = {
        "number": number(ticket.id),
        "client": client_name(facts),
        "metric": speak(f"metric_{clock.metric}"),
        "due": speak.moment(due, now=facts.now),
        "left": speak.length(length(due - facts.now)),
    }
    is_lead = person != ticket.assignee
    return Ping(
        person,
        f"clock:{ticket.id}:{clock.metric}:{clock.started_at}:{mark}:{person}",
        speak("ping_last_call" if mark == LAST_CALL else "ping_mark", **values),
        (with_whom(facts, ticket, person),) if is_lead else (),
        is_alert=is_lead,
        guard=Guard(clock.metric, clock.started_at, mark, assignee=None if is_lead else person),
        actions=presses_of(facts, person) if is_lead else (),
        is_shared=is_lead,
        weight=weight(facts, ticket, mark),
    )

"""Whoever was given a ticket has not picked it up in time, or has gone home: it goes to the next one.

The next rule that names somebody there gets it, and both hear of it once; for the client nothing changes by it. Where
nobody is left it stays where it is, and the lead hears of it, or those on call where it is urgent and no lead is there.
Whoever is not there lets nobody wait: their time counts on when they come.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bot.tickets.facts import Decision, Effect, Event, Facts, Guard, Ping, ShowCard
from bot.tickets.ladder.calling import called
from bot.tickets.ladder.decide_ladder import kept_for, last_resort, leads, paged, presses_of
from bot.tickets.ladder.picking import OURS_TO_MOVE
from bot.tickets.outcome import (
    assigned,
    client_name,
    concluded,
    is_there,
    opening_wake,
    person_texts,
    routing_event,
)
from bot.tickets.people.handing import introduced
from bot.tickets.people.shifts import is_yet_to_come
from bot.tickets.ticket import Ticket, number
from routing.people import Person, PersonId
from routing.route import Assignment
from sla import pick_up
from sla.clock import Clock, is_owing
from sla.duration import length
from sla.policy import Metric
from sla.promise import RESPONSES, Firing, Promises

#: What the history calls it.
PASSED_OVER: Final = "passed_over"
NOT_PICKED_UP: Final = "not_picked_up"


def lapsed(
    facts: Facts, ticket: Ticket, clocks: Promises, firings: Sequence[Firing]
) -> tuple[Ticket, Promises, list[Event], list[Effect]]:
    """What becomes of a ticket whose pick-up is among the `firings`; nothing where it is not."""
    late = next((one.clock for one in firings if one.clock.metric is Metric.PICK_UP), None)
    person = facts.revision.person(ticket.assignee)
    if late is None or person is None:
        return ticket, clocks, [], []
    if not is_there(facts, person.id):
        found = assigned(facts, ticket)
        if found.person is None or found.person == person.id:
            ticket, events, effects = paged(facts, ticket)
            return ticket, pick_up.again(clocks, facts.calendars, facts.now, hours=person.calendar), events, effects
        given, event, effects = _given(facts, ticket, found)
        return given, clocks, [event], [*effects, *_called(facts, given, person)]
    clocks = pick_up.passed_over(clocks, facts.now)
    ticket = replace(ticket, passed_over=(*ticket.passed_over, person.id))
    found = assigned(facts, ticket)
    if found.person is None:
        event = Event(NOT_PICKED_UP, facts.now, "desk", f"{person.id} did not pick it up, and nobody else is there")
        if any(is_there(facts, one) for one in leads(facts, ticket)):
            return ticket, clocks, [event], _alarmed(facts, ticket, late, person.id)
        ticket, events, effects = paged(facts, ticket)
        return ticket, clocks, [event, *events], effects or _alarmed(facts, ticket, late, person.id)
    told = {"before": person.id, "person": found.person, "rule": found.rule}
    event = Event(PASSED_OVER, facts.now, "desk", found.rule, told)
    given = replace(ticket, assignee=found.person, rule=found.rule)
    return given, clocks, [event], _passed_on(facts, given, late, person.id)


def shift_over(facts: Facts, person: PersonId) -> Decision:
    """Their shift is over: what a client waits for goes to whoever is there; where nobody is, it stays theirs.

    We are asked as another desk comes into force, too: who is yet to come for what they were given has had no shift.
    """
    ticket = facts.ticket
    if ticket is None or ticket.assignee != person or ticket.status not in OURS_TO_MOVE or is_there(facts, person):
        return Decision()
    if not _is_answer_owed(facts) or is_yet_to_come(ticket, facts.now):
        return Decision()
    found = assigned(facts, ticket)
    if found.person is None or found.person == person:
        return paged_for(facts, ticket)
    given, event, effects = _given(facts, ticket, found)
    return concluded(facts, given, facts.clocks, events=(event,), effects=tuple(effects))


def paged_for(facts: Facts, ticket: Ticket) -> Decision:
    """Nobody is there to take it: where it is urgent and an answer is owed, those on call are; else nothing changes."""
    if ticket.status not in OURS_TO_MOVE or not _is_answer_owed(facts):
        return Decision()
    ticket, events, effects = paged(facts, ticket)
    if ticket == facts.ticket:
        return Decision()
    return concluded(facts, ticket, facts.clocks, events=tuple(events), effects=tuple(effects))


def left_behind(facts: Facts) -> Decision:
    """Whoever has it is with us no more: to whoever the rules name, else to the waiting list."""
    ticket = facts.ticket
    if (
        ticket is None
        or not ticket.status.is_open
        or ticket.assignee is None
        or ticket.assignee in facts.revision.people
    ):
        return Decision()
    given, event, effects = _given(facts, ticket, assigned(facts, ticket))
    if given.assignee is None:
        given, pages, effects = paged(facts, given)
        wakes = (opening_wake(facts, given),)
        return concluded(facts, given, facts.clocks, events=(event, *pages), effects=tuple(effects), wakes=wakes)
    return concluded(facts, given, facts.clocks, events=(event,), effects=tuple(effects))


def _is_answer_owed(facts: Facts) -> bool:
    return any(one.metric in RESPONSES and is_owing(one) for one in facts.clocks)


def _given(facts: Facts, ticket: Ticket, found: Assignment) -> tuple[Ticket, Event, list[Effect]]:
    """To whoever is there, because whoever had it is not: nobody has missed anything."""
    given = replace(ticket, assignee=found.person, rule=found.rule)
    return given, routing_event(facts, found, before=ticket.assignee), _introduced(facts, given)


def _called(facts: Facts, given: Ticket, former: Person) -> list[Effect]:
    """Whoever has it now hears of it; their card may stand already, and says nothing by itself then."""
    if given.assignee is None:
        return []
    names = {"number": number(given.id), "client": client_name(facts), "name": former.name}
    title = person_texts(facts.revision, given.assignee)("ping_given", **names)
    key, guard = f"given:{given.id}:{given.version}:{given.assignee}", Guard(assignee=given.assignee)
    ping = Ping(given.assignee, key, title, guard=guard, actions=("ticket.take",))
    return [ShowCard(given.assignee, is_quiet=True), ping]


def _introduced(facts: Facts, given: Ticket) -> list[Effect]:
    """The client who waits for an answer was told from whom."""
    if given.staff_spoke_at is not None and given.staff_spoke_at >= given.client_spoke_at:
        return []
    return list(introduced(facts, given, given.assignee))


def _passed_on(facts: Facts, given: Ticket, late: Clock, former: PersonId) -> list[Effect]:
    """Both hear of it: whoever has it now, and whoever had it."""
    to, key = given.assignee, f"pick_up:{given.id}:{late.started_at}"
    if to is None:
        return []
    people, name = facts.revision.people, {"number": number(given.id), "client": client_name(facts)}
    waited = length(late.target_ms)
    theirs, own = person_texts(facts.revision, to), person_texts(facts.revision, former)
    title = theirs("ping_passed_on", **name, name=people[former].name, waited=theirs.length(waited))
    told = own("ping_passed_over", **name, to=people[to].name, waited=own.length(waited))
    guard = Guard(assignee=to)
    return [
        ShowCard(to, is_quiet=True),
        Ping(to, f"{key}:{to}", title, guard=guard, actions=("ticket.take",)),
        Ping(former, f"{key}:{former}", told, guard=guard),
    ]


def _alarmed(facts: Facts, ticket: Ticket, late: Clock, person: PersonId) -> list[Effect]:
    """Nobody else is there: whoever is first on the ladder hears of it."""
    people = leads(facts, ticket) or last_resort(facts)
    there = called(facts, ticket, late, people)
    found: list[Effect] = []
    for one in there or people:
        speak = person_texts(facts.revision, one)
        name = facts.revision.people[person].name
        title = speak(
            "ping_not_picked_up",
            number=number(ticket.id),
            client=client_name(facts),
            name=name,
            waited=speak.length(length(late.target_ms)),
        )
        if not there:
            found.append(kept_for(facts, one, f"unpicked:{ticket.id}:{late.started_at}:{one}", title))
            continue
        found.append(
            Ping(
                one,
                f"unpicked:{ticket.id}:{late.started_at}:{one}",
                title,
                is_alert=True,
                guard=Guard(assignee=person, is_open=True),
                actions=presses_of(facts, one),
                is_shared=True,
            )
        )
    return found

"""What was marked as spam was a client's word after all: the ticket goes on, with everything it was promised.

Its promises count as though nobody had marked it: the client waited all the while, and our mistake is not theirs. What
is broken by now is broken, and its leads hear of it. The client is told nothing, as they were told nothing before.
"""

from dataclasses import replace
from typing import Final

from bot.tickets.command import NotSpam
from bot.tickets.decide_staff import SPAM, refusal_of
from bot.tickets.facts import Decision, Effect, Event, Facts, Guard, Ping, ShowCard, Wake
from bot.tickets.outcome import (
    after,
    client_name,
    concluded,
    line_calendar,
    opening_wake,
    person_texts,
    routed,
    waiting_owner,
)
from bot.tickets.ticket import Status, Ticket, number
from routing.people import PersonId
from sla.clock import PauseReason, State
from sla.promise import Promises
from sla.restoring import restored

#: Whom a ticket waits for while its promises are paused.
_WAITED_FOR: Final = {
    PauseReason.DETAILS_MISSING: Status.WAITING_CLIENT,
    PauseReason.THIRD_PARTY: Status.WAITING_THIRD_PARTY,
}


def not_spam(facts: Facts, by: PersonId) -> Decision:
    """Take the mark back; `facts` bring the clocks of the past. A ticket that is open again leaves nothing to do."""
    ticket, speak = facts.ticket, person_texts(facts.revision, by)
    if ticket is None:
        raise ValueError("a command needs a ticket")
    if refusal := refusal_of(facts, by, NotSpam()):
        return Decision(refusal=refusal)
    if ticket.status.is_open:
        return Decision()
    if ticket.status is not Status.SPAM:
        return Decision(refusal=speak("refused_not_spam", number=number(ticket.id)))
    clocks = restored(facts.clocks, at=facts.now, reason=SPAM)
    # Whoever is not there would find nothing new about it when they come: the opening gives it away, and tells them.
    back, events = routed(facts, replace(ticket, status=_status(clocks), snoozed_until=None))
    effects: list[Effect] = []
    wakes = _waiting(facts, back)
    if back.assignee is None:
        wakes = (*wakes, opening_wake(facts, back))
    else:
        effects.append(ShowCard(back.assignee, is_quiet=True))
        if back.assignee != by:
            effects.append(_ping(facts, back, back.assignee, by))
    event = Event("not_spam", facts.now, by)
    return concluded(facts, back, clocks, events=(event, *events), effects=tuple(effects), wakes=wakes)


def _status(clocks: Promises) -> Status:
    """Somebody of ours has looked at it, so it is new no more."""
    reasons = [one.pause_reason for one in clocks if one.state is State.PAUSED]
    return next((_WAITED_FOR[one] for one in reasons if one in _WAITED_FOR), Status.OPEN)


def _waiting(facts: Facts, ticket: Ticket) -> tuple[Wake, ...]:
    """Whoever is waited for is waited for anew: nobody is reminded at once of what they were not asked about."""
    rules, hours = facts.revision.rules, line_calendar(facts.revision, ticket)
    match ticket.status:
        case Status.WAITING_CLIENT:
            return (Wake(waiting_owner(ticket.id), after(facts.now, rules.nudge_after, hours)),)
        case Status.WAITING_THIRD_PARTY:
            return (Wake(waiting_owner(ticket.id), after(facts.now, rules.resolve_after, hours)),)
        case _:
            return ()


def _ping(facts: Facts, ticket: Ticket, person: PersonId, by: PersonId) -> Ping:
    values = {"number": number(ticket.id), "client": client_name(facts), "name": facts.revision.people[by].name}
    title = person_texts(facts.revision, person)("ping_not_spam", **values)
    key = f"not_spam:{ticket.id}:{ticket.version}:{person}"
    return Ping(person, key, title, guard=Guard(assignee=person), actions=("ticket.take",))

"""Whether whoever has a ticket has picked it up, after whatever happened.

    given to somebody ──> awaited ──they do anything about it, or anybody answers──> picked up
                          awaited ──the time is over──> passed over: see `decide_pick_up`
    reopened, given to somebody else ──> awaited anew        it matters more than it did ──> awaited sooner

Whoever was passed over is not asked again until somebody has picked it up: that is one round.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bot.tickets.facts import Event, Facts
from bot.tickets.ladder.calling import is_loud
from bot.tickets.ticket import Status, Ticket
from routing.people import Person
from sla import pick_up
from sla.clock import Clock, is_owing
from sla.policy import Metric

#: Statuses in which whoever has a ticket is the one to move.
OURS_TO_MOVE: Final = frozenset({Status.NEW, Status.OPEN})


def picking(
    facts: Facts, ticket: Ticket, clocks: Sequence[Clock], events: Sequence[Event], channel: str
) -> tuple[Ticket, tuple[Clock, ...]]:
    """The ticket and its clocks with the pick-up as it stands now. `channel` is the one whose promises count."""
    clocks, before = tuple(clocks), facts.ticket
    if before is not None and before.id != ticket.id:
        before = None
    person = facts.revision.person(ticket.assignee)
    if not ticket.status.is_open or person is None:
        return _settled(ticket), pick_up.ended(clocks, facts.now, "nobody has it")
    if any(one.by == person.id for one in events) or _is_answered(before, ticket):
        return _settled(ticket), pick_up.picked_up(clocks, facts.calendars, facts.now)
    is_given = before is None or before.assignee != person.id
    if before is None or not before.status.is_open:
        ticket, is_given = _settled(ticket), True
    is_other = before is not None and before.urgency != ticket.urgency
    if not (is_given or is_other) or ticket.status not in OURS_TO_MOVE or ticket.not_covered is not None:
        return ticket, clocks
    return ticket, _awaited(facts, ticket, clocks, person, channel, is_given=is_given)


def _awaited(
    facts: Facts, ticket: Ticket, clocks: tuple[Clock, ...], person: Person, channel: str, *, is_given: bool
) -> tuple[Clock, ...]:
    rules, policy = facts.revision.rules, facts.policy_of(ticket)
    longest, hours = rules.pick_up, person.calendar
    is_there = facts.revision.coverage.is_on_shift(person, facts.now)
    if not is_given and not is_there:
        return clocks
    ask = pick_up.assigned if is_given else pick_up.sooner
    clocks = ask(clocks, policy, ticket.urgency, channel, facts.calendars, facts.now, longest=longest, hours=hours)
    theirs = pick_up.again(clocks, facts.calendars, facts.now, hours=hours)
    if not is_there:
        return theirs
    # Whoever is there while what is promised rests is asked all the same, where it is urgent.
    return theirs if is_loud(policy, ticket.urgency) and _is_sooner(theirs, clocks) else clocks


def _is_sooner(theirs: Sequence[Clock], clocks: Sequence[Clock]) -> bool:
    first, second = (
        next((one.due_at for one in found if one.metric is Metric.PICK_UP and is_owing(one)), None)
        for found in (theirs, clocks)
    )
    return first is not None and (second is None or first < second)


def _settled(ticket: Ticket) -> Ticket:
    return replace(ticket, passed_over=()) if ticket.passed_over else ticket


def _is_answered(before: Ticket | None, ticket: Ticket) -> bool:
    return before is not None and before.staff_spoke_at != ticket.staff_spoke_at and ticket.staff_spoke_at is not None

"""Words of a client that come after words they said later, as after a gap of their channel: what they change.

The ticket opened with the first of them, wherever they stand in the order in which we heard. A promise that counted
from the later words counts from these, and its ladder from when it broke by that. All of it is said in the history;
what is overdue by now is told by the next look at the ticket's promises, once.
"""

from dataclasses import dataclass, replace

from bot.tickets.facts import Event, Facts, Heard
from bot.tickets.outcome import promised_channel
from bot.tickets.ticket import Status, Ticket
from sla.clock import Clock, State
from sla.duration import Instant
from sla.earlier import moves, spoke_earlier
from sla.policy import Metric


@dataclass(frozen=True, slots=True)
class Late:
    """The ticket and its clocks with such words in their place; as they were where the words came in their order.

    `moved` names the clocks that begin earlier by what they went by until now.
    """

    ticket: Ticket
    clocks: tuple[Clock, ...]
    events: tuple[Event, ...] = ()
    moved: tuple[tuple[Metric, Instant], ...] = ()


def in_their_place(facts: Facts, ticket: Ticket, heard: Heard, *, counts: bool) -> Late:
    """What these words change of what was decided before they came; where they do not count, only when it opened."""
    opened = replace(ticket, opened_at=min(ticket.opened_at, heard.at))
    if not counts or heard.at >= ticket.client_spoke_at:
        return Late(opened, facts.clocks)
    clocks = spoke_earlier(
        facts.clocks,
        facts.policy_of(ticket),
        ticket.urgency,
        promised_channel(facts, ticket),
        facts.calendars,
        heard.at,
        answered_at=ticket.staff_spoke_at,
        is_high_load=facts.is_high_load(ticket.plan),
    )
    moved = moves(facts.clocks, clocks)
    events = tuple(
        Event("began_earlier", facts.now, "contact", "", {"metric": metric, "since": heard.at, "heard_at": since})
        for metric, since in moved
    )
    ladder = opened.ladder
    for old, new in zip(facts.clocks, clocks, strict=True):
        is_of_it = ladder is not None and (ladder.metric, ladder.started_at) == (old.metric, old.started_at)
        if ladder is not None and is_of_it and new != old:
            ladder = replace(ladder, started_at=new.started_at, broken_at=new.breached_at)
    return Late(replace(opened, ladder=ladder), clocks, events, tuple(moved))


def ends_waiting(facts: Facts, ticket: Ticket, heard: Heard) -> bool:
    """Whether these words end the waiting for the client: not where they were said before it began."""
    pauses = [clock.pauses[-1].at for clock in facts.clocks if clock.state is State.PAUSED]
    asked_at = ticket.staff_spoke_at if ticket.status is Status.WAITING_CLIENT else None
    since = max(pauses, default=asked_at)
    return since is None or heard.at >= since

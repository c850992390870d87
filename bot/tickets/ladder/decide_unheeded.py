"""Whoever acknowledged a ticket left us or is on leave: its ladder goes on at once, for nobody looks after it."""

from bot.tickets.facts import Decision, Event, Facts
from bot.tickets.ladder.decide_ladder import climb
from bot.tickets.ladder.standing import unheeded
from bot.tickets.outcome import concluded
from routing.people import PersonId
from sla.duration import Instant


def left_unheeded(facts: Facts, person: PersonId, *, since: Instant) -> Decision:
    """The ticket as if `person`, who is not there `since` then, had not acknowledged it.

    Nothing where somebody else has, where it ran out anyway, or where they did so on their leave.
    """
    ticket = facts.ticket
    if ticket is None or ticket.ladder is None or not ticket.status.is_open or ticket.ladder.quiet_by != person:
        return Decision()
    known = ticket.ladder
    if (known.quiet_since or 0) > since or (known.quiet_until is not None and known.quiet_until <= facts.now):
        return Decision()
    event = Event("acknowledgement_ended", facts.now, "desk", "", {"person": person})
    going_on, events, effects = climb(facts, unheeded(facts, ticket), facts.clocks, ())
    return concluded(facts, going_on, facts.clocks, events=(event, *events), effects=tuple(effects))

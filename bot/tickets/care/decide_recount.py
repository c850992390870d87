"""Working hours changed, or the zones of the world did: what is left of each promise is laid over them (semantics 1.6).

Time used stays used. Nobody is told aloud: the card shows the new moment, and the history says why it moved. A promise
that is broken stays so, and the steps of its ladder fall in the new hours.
"""

from bot.tickets.facts import Decision, Event, Facts
from bot.tickets.outcome import concluded, wake_at
from sla.duration import Instant
from sla.promise import rebased


def recounted(facts: Facts, why: str) -> Decision | None:
    """The ticket with its promises counted anew; None where no due moment moves."""
    ticket = facts.ticket
    if ticket is None or not ticket.status.is_open:
        return None
    clocks = rebased(facts.clocks, facts.calendars, facts.now)
    if all(before.due_at == after.due_at for before, after in zip(facts.clocks, clocks, strict=True)):
        return None
    return concluded(facts, ticket, clocks, events=(Event("recounted", facts.now, "desk", why),))


def woken_at(facts: Facts) -> Instant | None:
    """When to look again at a ticket of which no due moment moved: its marks and its ladder may fall otherwise now."""
    return wake_at(facts, facts.ticket, facts.clocks) if facts.ticket is not None else None

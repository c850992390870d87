"""Working hours changed, or the zones of the world did: what is left of each promise is laid over them (semantics 1.6).

Time used stays used. Our own people are not told aloud: the card shows the new moment, and the history says why it
moved. A client who was told an earlier one hears it, and in the same breath when somebody is back where that is later
too. A promise that is broken stays so, and the steps of its ladder fall in the new hours.
"""

from dataclasses import replace

from bot.tickets.care.told_due import later_due
from bot.tickets.facts import Decision, Event, Facts, MessageKind, Say
from bot.tickets.outcome import back_at, concluded, contact_texts, wake_at
from bot.tickets.ticket import Ticket, number
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
    event = Event("recounted", facts.now, "desk", why)
    speak = contact_texts(facts)
    due, opening = later_due(facts, ticket, clocks, speak), _back_later(facts, ticket)
    if due is None or opening is None:
        return concluded(facts, ticket, clocks, events=(event,))
    moments = {"opening": speak.moment(opening, now=facts.now), "due": speak.moment(due, now=facts.now)}
    said = Say(speak("put_off_by", number=number(ticket.id), **moments), MessageKind.AUTO)
    told = replace(ticket, told_back_at=opening, told_due_at=due)
    heard = Event("put_off", facts.now, "desk", why, {"until": opening, "due_at": due})
    return concluded(facts, told, clocks, events=(event, heard), effects=(said,))


def _back_later(facts: Facts, ticket: Ticket) -> Instant | None:
    """When somebody is back, where that is later than the client was told; None for what is one person's to begin."""
    if ticket.rule == "handed_over":
        return None
    _, opening = back_at(facts.revision, ticket, facts.now)
    return opening if opening is not None and opening > max(ticket.told_back_at or facts.now, facts.now) else None


def woken_at(facts: Facts) -> Instant | None:
    """When to look again at a ticket of which no due moment moved: its marks and its ladder may fall otherwise now."""
    return wake_at(facts, facts.ticket, facts.clocks) if facts.ticket is not None else None

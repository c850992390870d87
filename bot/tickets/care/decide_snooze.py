"""What happens when one of our people puts a ticket out of the way, takes it back, or its moment comes."""

from dataclasses import replace

from bot.tickets import command as c
from bot.tickets.care.snoozing import back_ping, is_pressing, next_hours, snooze_owner
from bot.tickets.facts import Decision, Effect, Event, Facts, Wake
from bot.tickets.ladder.decide_ladder import last_resort, leads
from bot.tickets.outcome import acted, client_name, concluded, person_texts
from bot.tickets.ticket import Ticket, number
from bot.tickets.words.eta import FARTHEST
from routing.people import PersonId
from sla.duration import later


def snooze(facts: Facts, ticket: Ticket, by: PersonId, snoozed: c.Snooze) -> Decision:
    """Out of the way until then; one that is about to break is not."""
    speak = person_texts(facts.revision, by)
    if snoozed.until <= facts.now:
        return Decision(refusal=speak("refused_past"))
    if snoozed.until > later(facts.now, FARTHEST):  # out of everybody's sight for good
        return Decision(refusal=speak("refused_snooze_far"))
    if is_pressing(facts.clocks):
        return Decision(refusal=speak("refused_snooze", number=number(ticket.id)))
    if snoozed.until == ticket.snoozed_until:
        return Decision()
    event = Event("snoozed", facts.now, by, "", {"until": snoozed.until})
    wake = Wake(snooze_owner(ticket.id), snoozed.until)
    return acted(facts, replace(ticket, snoozed_until=snoozed.until), event, wakes=(wake,))


def unsnooze(facts: Facts, ticket: Ticket, by: PersonId, _: c.Unsnooze) -> Decision:
    """Back at once."""
    if ticket.snoozed_until is None:
        return Decision()
    event = Event("came_back", facts.now, by)
    wake = Wake(snooze_owner(ticket.id), None)
    return acted(facts, replace(ticket, snoozed_until=None), event, wakes=(wake,))


def snooze_due(facts: Facts) -> Decision:
    """Its moment has come: whoever has it is told, when they are there."""
    ticket = facts.ticket
    if ticket is None or ticket.snoozed_until is None or facts.now < ticket.snoozed_until:
        return Decision()
    person = facts.revision.person(ticket.assignee)
    reads_at = next_hours(facts.revision, person.id, facts.now) if person is not None else None
    if reads_at is not None and reads_at > facts.now:
        later = replace(ticket, snoozed_until=reads_at)
        return concluded(facts, later, facts.clocks, wakes=(Wake(snooze_owner(ticket.id), reads_at),))
    effects: tuple[Effect, ...] = ()
    if person is not None and reads_at is not None:
        speak = person_texts(facts.revision, person.id)
        effects = (back_ping(ticket, person.id, speak, client_name(facts)),)
    elif person is not None:
        # Away, and nobody knows until when: whoever leads hears that it is back with nobody there.
        effects = tuple(
            back_ping(ticket, one, person_texts(facts.revision, one), client_name(facts), away=person.name)
            for one in leads(facts, ticket) or last_resort(facts)
        )
    event = Event("came_back", facts.now, "desk", "its moment has come")
    return concluded(facts, replace(ticket, snoozed_until=None), facts.clocks, events=(event,), effects=effects)

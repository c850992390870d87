"""A contact is proven in the middle of a ticket to belong to a client, or no longer: whose it is, and who has it then.

What was promised stays as it was promised (semantics 1.6). Nobody of ours has answered yet: whoever the rules name for
that client gets it, their own manager above all. What somebody took on, or has answered, stays with them.
"""

from dataclasses import replace

from bot.tickets.facts import Decision, Event, Facts
from bot.tickets.outcome import assigned, concluded, routing_event
from bot.tickets.people.handing import TAKEN_ON, introduced
from bot.tickets.ticket import Ticket
from routing.people import ClientId


def proven(facts: Facts, ticket: Ticket, client: ClientId | None, event: Event) -> Decision:
    """The ticket as that client's, or as a stranger's where there is none; `event` says how that became known."""
    known = replace(ticket, client=client, is_verified=client is not None)
    found = assigned(facts, replace(known, assignee=None))
    stays = client is None or ticket.has_reply or ticket.rule in TAKEN_ON
    if stays or found.person is None or found.person == ticket.assignee:
        return concluded(facts, known, facts.clocks, events=(event,))
    given = replace(known, assignee=found.person, rule=found.rule)
    theirs = replace(facts, speaker=replace(facts.speaker, is_verified=True))
    events = (event, routing_event(facts, found, before=ticket.assignee))
    return concluded(facts, given, facts.clocks, events=events, effects=introduced(theirs, ticket, found.person))

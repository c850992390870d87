"""The client's own manager comes on shift: what a line took on while they were away is theirs from then on.

What is urgent and in hand stays with whoever is at it, who knows more about it by then; the manager reads of it. So
does what somebody gave to somebody on purpose: only what the rules gave to a line comes home.
"""

from dataclasses import replace

from bot.tickets.facts import Decision, Effect, Facts
from bot.tickets.ladder.calling import is_loud
from bot.tickets.outcome import assigned, client_of, concluded, routing_event
from bot.tickets.people.handing import introduced
from bot.tickets.people.shifts import BY_A_LINE
from bot.tickets.ticket import Ticket
from routing.people import PersonId
from sla.pick_up import is_awaited


def comes_home(facts: Facts, manager: PersonId) -> Decision:
    """The ticket with its client's manager, who is on shift now; nothing where it stays with whoever has it.

    Nor for anybody else who only reads that others have what was theirs.
    """
    ticket = facts.ticket
    if ticket is None or not ticket.status.is_open or ticket.rule not in BY_A_LINE or ticket.assignee == manager:
        return Decision()
    if is_loud(facts.policy_of(ticket), ticket.urgency) and _is_in_hand(facts, ticket):
        return Decision()
    found, client = assigned(facts, replace(ticket, assignee=None)), client_of(facts.revision, ticket)
    if found.person != manager or client is None or client.manager != manager:
        return Decision()
    home = replace(ticket, assignee=manager, rule=found.rule)
    event = routing_event(facts, found, before=ticket.assignee)
    effects: tuple[Effect, ...] = ()
    if ticket.staff_spoke_at is None or ticket.staff_spoke_at < ticket.client_spoke_at:
        # Who waits for an answer was told another name.
        effects = introduced(facts, ticket, manager)
    return concluded(facts, home, facts.clocks, events=(event,), effects=effects)


def _is_in_hand(facts: Facts, ticket: Ticket) -> bool:
    """Whether whoever has it said that they do, or said a word to the client."""
    return ticket.has_reply or (ticket.assignee not in ticket.passed_over and not is_awaited(facts.clocks))

"""The second line: people of a line of its own, for work that the first one is not there for.

Triage sends such work there by itself; a person sends the rest. A desk without such a line has no button for it.
"""

from dataclasses import replace

from bot.tickets.facts import Facts
from bot.tickets.outcome import asked
from bot.tickets.revision import Revision
from bot.tickets.ticket import Ticket
from routing.people import PersonId
from routing.route import Assignment, second_line


def second_kind(revision: Revision, ticket: Ticket) -> str | None:
    """A kind of work that another line than the ticket's own is there for; None where no line is.

    The ticket's own kind where a line is there for that, so that its script goes to those who know scripts.
    """
    own = revision.plan(ticket.plan).line
    others = [line for line in revision.lines.values() if line.id != own and line.kinds]
    if ticket.kind is not None and any(ticket.kind in line.kinds for line in others):
        return ticket.kind
    return next((min(line.kinds) for line in others), None)


def to_second_line(facts: Facts, ticket: Ticket, passed_over: frozenset[PersonId]) -> Assignment | None:
    """Whoever of that line is there and has the fewest tickets; None where nobody is."""
    kind = second_kind(facts.revision, ticket)
    if kind is None:
        return None
    plan = replace(facts.revision.plan(ticket.plan), is_senior=False)
    found = asked(facts, plan, None, kind, passed_over=passed_over)
    return found if found.rule == second_line.__name__ else None

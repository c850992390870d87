"""A shift begins: what waited for one person is told as one message, and the cards themselves stay quiet.

A single new ticket needs no digest: its card is new to them and says so by itself.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from bot.tickets.facts import Decision, Facts, Ping, ShowCard
from bot.tickets.outcome import person_texts
from bot.tickets.ticket import Ticket, number
from routing.people import PersonId

#: How many tickets a digest names one by one.
NAMED = 10


def digested(
    pairs: Sequence[tuple[Facts, Decision]], waited: Sequence[Facts]
) -> tuple[list[tuple[Facts, Decision]], list[Ping]]:
    """The decisions of one opening with quiet cards where a digest speaks, and the digests.

    `waited` are tickets that their assignees had already, whose clients wrote while the assignee was away.
    """
    found: dict[PersonId, list[tuple[Facts, Ticket]]] = defaultdict(list)
    is_new = [(facts, decision.ticket) for facts, decision in pairs]
    is_old = [(facts, facts.ticket) for facts in waited]
    for facts, ticket in (*is_new, *is_old):
        if ticket is not None and ticket.assignee is not None:
            found[ticket.assignee].append((facts, ticket))
    reminded = {ticket.assignee for _, ticket in is_old if ticket is not None}
    told = {person for person, tickets in found.items() if len(tickets) > 1 or person in reminded}
    pings = [_digest(person, found[person]) for person in sorted(told)]
    return [(facts, _quiet(decision, told)) for facts, decision in pairs], pings


def _digest(person: PersonId, waiting: Sequence[tuple[Facts, Ticket]]) -> Ping:
    facts, _ = waiting[0]
    lines = [f"{number(ticket.id)} · {ticket.subject}" for _, ticket in waiting[:NAMED]]
    title = person_texts(facts.revision, person)("ping_digest", count=len(waiting))
    return Ping(person, f"digest:{person}:{facts.now}", title, tuple(lines))


def _quiet(decision: Decision, told: set[PersonId]) -> Decision:
    effects = tuple(
        replace(one, is_quiet=True) if isinstance(one, ShowCard) and one.person in told else one
        for one in decision.effects
    )
    return replace(decision, effects=effects)

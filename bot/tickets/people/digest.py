"""A shift begins: what waited for one person is told as one message, and the cards themselves stay quiet.

A single new ticket needs no digest where its card is new to them and says so by itself.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace

from bot.tickets.facts import Decision, Facts, Ping, ShowCard
from bot.tickets.listing import listed
from bot.tickets.outcome import person_texts
from bot.tickets.texts import Texts
from bot.tickets.ticket import Ticket, TicketId, number
from routing.people import PersonId


def digested(
    pairs: Sequence[tuple[Facts, Decision]],
    waited: Sequence[Facts],
    answered: Sequence[tuple[PersonId, Facts]] = (),
    *,
    seen: Collection[PersonId] = (),
) -> tuple[list[tuple[Facts, Decision]], list[Ping]]:
    """The decisions of one opening with quiet cards where a digest speaks, and the digests.

    `waited` are tickets that their assignees had already, whose clients wrote while the assignee was away. `answered`
    are those that a line took on out of hours, each with the manager who reads of it. `seen` are people to whom the
    card of what they get is not new.
    """
    found: dict[PersonId, list[tuple[Facts, Ticket]]] = defaultdict(list)
    is_new = [(facts, decision.ticket) for facts, decision in pairs if _changes_hands(facts, decision)]
    is_old = [(facts, facts.ticket) for facts in waited]
    for facts, ticket in (*is_new, *is_old):
        if ticket is not None and ticket.assignee is not None:
            found[ticket.assignee].append((facts, ticket))
    reminded = {ticket.assignee for _, ticket in is_old if ticket is not None}
    others: dict[PersonId, list[Facts]] = defaultdict(list)
    for person, facts in answered:
        if facts.ticket is not None and facts.ticket.assignee != person and person in facts.revision.people:
            others[person].append(facts)
    digests = reminded | set(seen)
    told = {person for person, tickets in found.items() if len(tickets) > 1 or person in digests} | others.keys()
    pings = [_digest(person, found[person], others[person]) for person in sorted(told)]
    return [(facts, _quiet(decision, told)) for facts, decision in pairs], pings


def changed_hands(pairs: Sequence[tuple[Facts, Decision]]) -> list[tuple[PersonId, TicketId]]:
    """Who gets which ticket by these decisions."""
    found = (decision.ticket for facts, decision in pairs if _changes_hands(facts, decision))
    return [(one.assignee, one.id) for one in found if one is not None and one.assignee is not None]


def _changes_hands(facts: Facts, decision: Decision) -> bool:
    before = facts.ticket.assignee if facts.ticket is not None else None
    return decision.ticket is not None and decision.ticket.assignee != before


def _digest(person: PersonId, waiting: Sequence[tuple[Facts, Ticket]], answered: Sequence[Facts]) -> Ping:
    facts = next((facts for facts, _ in waiting), None) or answered[0]
    speak = person_texts(facts.revision, person)
    said: list[str] = []
    if waiting:
        said += [speak("ping_digest", count=len(waiting))]
        said += listed([f"{number(ticket.id)} · {ticket.subject}" for _, ticket in waiting], speak)
    if answered:
        said += [speak("ping_answered", count=len(answered))]
        said += listed([_answered(one, one.ticket, speak) for one in answered if one.ticket is not None], speak)
    return Ping(person, f"digest:{person}:{facts.now}", said[0], tuple(said[1:]), is_digest=True)


def _answered(facts: Facts, ticket: Ticket, speak: Texts) -> str:
    """A ticket with whoever has it, or what became of it."""
    person = facts.revision.person(ticket.assignee)
    name = person.name if person is not None else speak("the_team")
    words = f"{number(ticket.id)} · {ticket.subject} ({name})"
    return words if ticket.status.is_open else f"{words}: {speak(f'status_word_{ticket.status}')}"


def _quiet(decision: Decision, told: set[PersonId]) -> Decision:
    effects = tuple(
        replace(one, is_quiet=True) if isinstance(one, ShowCard) and one.person in told else one
        for one in decision.effects
    )
    return replace(decision, effects=effects)

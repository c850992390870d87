"""A shift begins: what waited for one person is told as one message, the cards themselves stay quiet."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from bot.tickets.facts import Decision, Facts, Ping
from bot.tickets.outcome import person_texts
from bot.tickets.ticket import number
from routing.people import PersonId

#: How many tickets a digest names one by one.
NAMED = 10


def digest_pings(pairs: Sequence[tuple[Facts, Decision]]) -> list[tuple[Facts, Decision]]:
    """The same decisions, with one ping a person added to the first of theirs when more than one ticket waited."""
    waited: dict[PersonId, list[int]] = defaultdict(list)
    for place, (_, decision) in enumerate(pairs):
        if decision.ticket is not None and decision.ticket.assignee is not None:
            waited[decision.ticket.assignee].append(place)
    told = list(pairs)
    for person, places in waited.items():
        if len(places) == 1:
            continue  # the card itself says it
        facts, decision = told[places[0]]
        speak = person_texts(facts.revision, person)
        tickets = [one.ticket for _, one in (pairs[place] for place in places) if one.ticket is not None]
        lines = [f"{number(one.id)} · {one.subject}" for one in tickets[:NAMED]]
        ping = Ping(person, f"digest:{person}:{facts.now}", speak("ping_digest", count=len(places)), tuple(lines))
        told[places[0]] = (facts, replace(decision, effects=(*decision.effects, ping)))
    return told

"""Somebody is on leave, and so is whoever would stand in for them: a lead hears which of their tickets nobody can take.

Only where leave is the reason: what waits for the next opening as on any other day is no news. A lead is told on shift,
and else as they come, where it is so still.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from bot.tickets.facts import Facts, Ping
from bot.tickets.ladder.decide_ladder import last_resort, leads
from bot.tickets.listing import listed
from bot.tickets.outcome import first_opening, is_there, person_texts
from bot.tickets.people.decide_absence import waits
from bot.tickets.ticket import Ticket, number
from bot.tickets.words.leave import leave_of
from routing.coverage import Absence
from routing.people import PersonId
from sla.duration import Instant


def left_alone(left: Sequence[Facts], absence: Absence, key: str) -> tuple[list[Ping], list[Instant]]:
    """What leads read of the tickets in `left`, and when to look again because a lead is not there yet."""
    found: dict[PersonId, list[tuple[Facts, Ticket]]] = defaultdict(list)
    for facts in left:
        ticket = facts.ticket
        if ticket is None or not waits(ticket) or not _is_for_leave(facts, ticket):
            continue
        for person in leads(facts, ticket) or last_resort(facts):
            if person != absence.person:
                found[person].append((facts, ticket))
    pings, moments = [], []
    for person, theirs in sorted(found.items()):
        facts, _ = theirs[0]
        if is_there(facts, person):
            speak, now = person_texts(facts.revision, person), facts.now
            said = leave_of(absence, person, facts.revision, now=now)
            lines = listed([f"{number(ticket.id)} · {ticket.subject}" for _, ticket in theirs], speak)
            title = speak("ping_left_alone", absence=said, count=len(theirs))
            pings.append(Ping(person, f"{key}:{person}", title, lines, is_shared=True))
        elif (comes := facts.revision.coverage.next_shift(facts.revision.people[person], facts.now)) is not None:
            moments.append(comes)
    return pings, moments


def _is_for_leave(facts: Facts, ticket: Ticket) -> bool:
    """Whether somebody would come sooner if nobody were on leave."""
    comes = first_opening(facts.revision, ticket, facts.now)
    usually = first_opening(replace(facts.revision, absences=()), ticket, facts.now)
    return usually is not None and (comes is None or comes > usually)

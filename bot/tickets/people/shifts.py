"""What a ticket in new hands waits for: the end of that person's shift, and the beginning of the manager's.

As a shift ends, what a client waits for is asked about again. Where a line answered out of hours, the client's own
manager reads of it as their next shift begins, and not before, and has it from then on (`coming_home`).
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from bot.tickets.facts import Event, Facts, Wake
from bot.tickets.revision import Revision
from bot.tickets.ticket import Ticket, TicketId
from routing.people import Person, PersonId
from routing.route import least_loaded, off_hours_line, same_language, skilled
from sla.duration import Instant, later

#: The rules by which somebody of a line has it who is not the client's own.
BY_A_LINE: Final = frozenset(rule.__name__ for rule in (skilled, same_language, least_loaded, off_hours_line))
#: How long before somebody whose leave has no end is looked for again.
LOOKED_AGAIN: Final = timedelta(days=1)


def shift_end_owner(person: PersonId) -> str:
    """The alarm at which somebody goes home, and their tickets are asked about again."""
    return f"shift_end:{person}"


def answered_owner(manager: PersonId, ticket: TicketId) -> str:
    """The alarm that tells a manager who answered their client while they were away: one for each ticket."""
    return f"answered:{manager}:{ticket}"


def shift_wakes(facts: Facts, ticket: Ticket, events: Sequence[Event] = ()) -> tuple[Wake, ...]:
    """The wake-ups of a ticket that somebody has just been given; none where nothing changed hands.

    What is open again is asked about at the end of the shift like any other: what ended meanwhile asked nothing.
    """
    before = facts.ticket if facts.ticket is not None and facts.ticket.id == ticket.id else None
    person = facts.revision.person(ticket.assignee)
    if person is None or not ticket.status.is_open:
        return ()
    is_theirs = before is not None and before.assignee == person.id
    if is_theirs and before is not None and before.status.is_open:
        return ()
    ends = next_end(facts.revision, person, facts.now)
    wakes = [Wake(shift_end_owner(person.id), ends)] if ends is not None else []
    if is_theirs:
        return tuple(wakes)
    manager = _manager(facts.revision, ticket)
    # Whoever goes home is asked about then; who is there day and night would keep it for ever.
    is_kept = ticket.rule == off_hours_line.__name__ or (ends is None and ticket.rule in BY_A_LINE)
    if is_kept and manager is not None and manager.id != person.id:
        wakes.append(Wake(answered_owner(manager.id, ticket.id), reads_at(facts.revision, manager, facts.now)))
    former = facts.revision.person(before.assignee) if before is not None else None
    if before is not None and former is not None and _reads_of_it(facts, before, former, events):
        wakes.append(Wake(answered_owner(former.id, ticket.id), reads_at(facts.revision, former, facts.now)))
    return tuple(dict.fromkeys(wakes))


def _reads_of_it(facts: Facts, before: Ticket, former: Person, events: Sequence[Event]) -> bool:
    """Whether whoever had it is told as they come. Not who gave it away, nor who was not there while it was theirs.

    Who is on leave reads of all of it at its end.
    """
    if is_yet_to_come(before, facts.now):
        return False
    coverage = facts.revision.coverage
    is_there, is_away = coverage.is_on_shift(former, facts.now), coverage.absence(former, facts.now) is not None
    return not is_there and not is_away and all(one.by != former.id for one in events)


def is_yet_to_come(ticket: Ticket, at: Instant) -> bool:
    """Whether somebody gave it to whoever has it for their next shift, which its client was told and lies ahead."""
    return ticket.rule == "handed_over" and ticket.told_back_at is not None and ticket.told_back_at > at


def reads_at(revision: Revision, person: Person, at: Instant) -> Instant:
    """When somebody reads what was answered for them: as they come, or, where nobody knows that, a day later anew."""
    return revision.coverage.next_shift(person, at) or later(at, LOOKED_AGAIN)


def parts_of_answered(subject: str) -> tuple[PersonId, TicketId]:
    """Whom an alarm of `answered_owner` tells of which ticket, from what stands behind its word."""
    person, _, ticket = subject.rpartition(":")
    return PersonId(person), TicketId(int(ticket))


def next_end(revision: Revision, person: Person, at: Instant) -> Instant | None:
    """When the shift of this person that runs, or comes next, is over; None while nobody knows."""
    begins = revision.coverage.next_shift(person, at)
    return revision.coverage.shift_ends(person, begins) if begins is not None else None


def _manager(revision: Revision, ticket: Ticket) -> Person | None:
    client = revision.client(ticket.client) if ticket.is_verified else None
    return revision.person(client.manager) if client is not None else None

"""Whoever acknowledged a ticket left the desk, or is on leave: its ladder goes on, in a transaction that is open."""

from collections.abc import Sequence

from bot.desk.directory import Directory
from bot.store.driver.connection import Connection
from bot.store.facts import facts_of_tickets
from bot.store.people import shifts
from bot.store.revisions import Revisions
from bot.store.unit import write
from bot.tickets.ladder.decide_unheeded import left_unheeded
from bot.tickets.ticket import Ticket
from routing.people import PersonId
from sla.duration import Instant


def go_on_unheeded(
    conn: Connection, revisions: Revisions, directory: Directory, person: PersonId, *, since: Instant, at: Instant
) -> Sequence[Ticket]:
    """What `person`, who is not there `since` then, had acknowledged and nobody else has; a repeat finds nothing."""
    theirs = shifts.acknowledged_by(conn).get(person, ())
    if not theirs:
        return ()
    found = facts_of_tickets(conn, revisions, theirs, now=at, is_locked=True)
    pairs = [(facts, left_unheeded(facts, person, since=since)) for facts in found.values()]
    write(conn, pairs, recorded_at=at, whereto=directory.whereto)
    return [decision.ticket for _, decision in pairs if decision.ticket is not None]

"""Shifts end: what clients wait for goes on to whoever is there, and each of those is told once."""

from collections.abc import Sequence

from bot.store import alarms
from bot.store.alarms import Alarm
from bot.store.driver.connection import Connection
from bot.store.facts import facts_of_tickets, tickets_of
from bot.store.people.shifts import with_cards
from bot.store.revisions import Revisions
from bot.tickets.facts import Decision, Facts, Ping
from bot.tickets.ladder.decide_pick_up import shift_over
from bot.tickets.people.digest import changed_hands, digested
from bot.tickets.people.shifts import next_end, shift_end_owner
from routing.people import PersonId
from sla.duration import Instant


def end_shifts(
    conn: Connection, revisions: Revisions, people: Sequence[PersonId], *, at: Instant
) -> tuple[Sequence[tuple[Facts, Decision]], Sequence[Ping]]:
    """What changes hands now, and what is said of it; who keeps a ticket is asked about it as their next shift ends."""
    revision = revisions.current
    pairs: list[tuple[Facts, Decision]] = []
    for one in people:
        facts = facts_of_tickets(conn, revisions, tickets_of(conn, [one]), now=at, is_locked=True)
        decided = [(facts[ticket], shift_over(facts[ticket], one)) for ticket in sorted(facts)]
        moved = [(known, decision) for known, decision in decided if decision.ticket is not None]
        pairs += moved
        person = revision.person(one)
        again_at = next_end(revision, person, at) if person is not None and len(moved) < len(decided) else None
        alarms.put(conn, [Alarm(shift_end_owner(one), again_at)] if again_at is not None else [])
    return digested(pairs, [], seen=with_cards(conn, changed_hands(pairs)))

"""Shifts end: what clients wait for goes on to whoever is there, and each of those is told once."""

from collections.abc import Mapping, Sequence
from typing import Final

from bot.store import alarms
from bot.store.alarms import Alarm
from bot.store.driver.connection import Connection
from bot.store.facts import facts_of_tickets, tickets_beyond
from bot.store.people.shifts import with_cards
from bot.store.revisions import Revisions
from bot.tickets.facts import Decision, Facts, Ping
from bot.tickets.ladder.decide_pick_up import shift_over
from bot.tickets.people.digest import changed_hands, digested
from bot.tickets.people.shifts import next_end, shift_end_owner
from bot.tickets.ticket import TicketId
from routing.people import PersonId
from sla.duration import Instant

#: Of one person so many tickets are asked about in one transaction: messages are decided in between.
AT_ONCE: Final = 100
#: The alarm of what is left of them, in front of the person and the last ticket that was asked about.
REST: Final = "shift_end_rest"


def end_shifts(
    conn: Connection, revisions: Revisions, ends: Mapping[PersonId, TicketId], *, at: Instant
) -> tuple[Sequence[tuple[Facts, Decision]], Sequence[Ping]]:
    """What changes hands now, and what is said of it; who keeps a ticket is asked about it as their next shift ends.

    `ends` are those who go, each with the ticket beyond which theirs are asked about: 0 for all of them.
    """
    revision = revisions.current
    pairs: list[tuple[Facts, Decision]] = []
    for one, after in sorted(ends.items()):
        ids = tickets_beyond(conn, one, after=after, most=AT_ONCE)
        facts = facts_of_tickets(conn, revisions, ids, now=at, is_locked=True)
        decided = [(facts[ticket], shift_over(facts[ticket], one)) for ticket in sorted(facts)]
        changed = [(known, decision) for known, decision in decided if decision.ticket is not None]
        pairs += changed
        moved = sum(decision.ticket is not None and decision.ticket.assignee != one for _, decision in changed)
        person = revision.person(one)
        again_at = next_end(revision, person, at) if person is not None and moved < len(decided) else None
        alarms.put(conn, [Alarm(shift_end_owner(one), again_at)] if again_at is not None else [])
        alarms.put(conn, [Alarm(f"{REST}:{one}:{ids[-1]}", at)] if len(ids) == AT_ONCE else [])
    return digested(pairs, [], seen=with_cards(conn, changed_hands(pairs)))


def ends_of(people: Sequence[str], rests: Sequence[str]) -> dict[PersonId, TicketId]:
    """Who goes, and what is left to ask about, from what stands behind the words of their alarms."""
    found: dict[PersonId, TicketId] = {}
    for subject in rests:
        person, _, after = subject.rpartition(":")
        found[PersonId(person)] = TicketId(int(after))
    return found | dict.fromkeys(map(PersonId, people), TicketId(0))

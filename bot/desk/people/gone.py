"""Somebody is no longer in the desk directory and has tickets: each goes to whoever the rules name, or waits for them.

Whoever gets some is told once, and so is each admin; a client who waits for an answer hears from whom. A process that
dies in between leaves nothing half done, and one that comes second finds nothing left to do.
"""

from collections import defaultdict

import structlog

from bot.desk.directory import Directory
from bot.store.driver.connection import Connection
from bot.store.facts import facts_of_tickets, tickets_of
from bot.store.people import shifts
from bot.store.revisions import Revisions
from bot.store.unit import write, write_ping
from bot.tickets.facts import Decision, Facts, Ping
from bot.tickets.ladder.decide_pick_up import left_behind
from bot.tickets.listing import listed
from bot.tickets.outcome import person_texts
from bot.tickets.people.digest import changed_hands, digested
from bot.tickets.relays import name_of
from bot.tickets.ticket import Ticket, number
from routing.people import PersonId
from sla.duration import Instant

log = structlog.get_logger()


def hand_on(conn: Connection, revisions: Revisions, directory: Directory, *, at: Instant) -> int:
    """Give away what people have who are with us no more; how many tickets that were."""
    revision = revisions.current
    gone = [one for one in shifts.people_with_tickets(conn) if one not in revision.people]
    moved: dict[PersonId, list[Ticket]] = defaultdict(list)
    pairs: list[tuple[Facts, Decision]] = []
    for person in gone:
        facts = facts_of_tickets(conn, revisions, tickets_of(conn, [person]), now=at, is_locked=True)
        for known in facts.values():
            decision = left_behind(known)
            if decision.ticket is None:
                continue
            pairs.append((known, decision))
            moved[person].append(decision.ticket)
            to = decision.ticket.assignee
            if to is not None and isinstance(known.load, dict):
                known.load[to] = known.load.get(to, 0) + 1
    if not pairs:
        return 0
    decided, pings = digested(pairs, [], seen=shifts.with_cards(conn, changed_hands(pairs)))
    write(conn, decided, recorded_at=at, whereto=directory.whereto)
    for admin in directory.admins():
        speak = person_texts(revision, admin)
        for person, tickets in sorted(moved.items()):
            lines = [
                f"{number(one.id)} · {one.subject} → "
                + (name_of(revision, one.assignee) if one.assignee else speak("rule_waiting_list"))
                for one in tickets
            ]
            title = speak("ping_gone", name=person, count=len(tickets))
            key = f"gone:{person}:{revision.number}:{admin}"
            pings.append(Ping(admin, key, title, listed(lines, speak), is_alert=True))
    for ping in pings:
        write_ping(conn, ping, at=at, whereto=directory.whereto)
    log.info("tickets of people who left were handed on", people=sorted(moved), moved=len(pairs))
    return len(pairs)

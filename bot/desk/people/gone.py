"""Somebody is no longer in the desk directory and has tickets: each goes to whoever the rules name, or waits for them.

Whoever gets some is told once, and so is each admin; a client who waits for an answer hears from whom. What they had
acknowledged climbs its ladder again. A process that
dies in between leaves nothing half done, and one that comes second finds nothing left to do.
"""

from collections import defaultdict
from collections.abc import Sequence

import structlog

from bot.desk.directory import Directory
from bot.desk.people.unheeded import go_on_unheeded
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
    concerned = {*shifts.people_with_tickets(conn), *shifts.acknowledged_by(conn)}
    gone = sorted(one for one in concerned if one not in revision.people)
    moved: dict[PersonId, list[Ticket]] = defaultdict(list)
    unheeded: dict[PersonId, Sequence[Ticket]] = {}
    pairs: list[tuple[Facts, Decision]] = []
    for person in gone:
        unheeded[person] = go_on_unheeded(conn, revisions, directory, person, since=at, at=at)
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
    if not pairs and not any(unheeded.values()):
        return 0
    decided, pings = digested(pairs, [], seen=shifts.with_cards(conn, changed_hands(pairs)))
    write(conn, decided, recorded_at=at, whereto=directory.whereto)
    for admin in directory.admins():
        speak = person_texts(revision, admin)
        for person in gone:
            tickets = moved[person]
            lines = [
                f"{number(one.id)} · {one.subject} → "
                + (name_of(revision, one.assignee) if one.assignee else speak("rule_waiting_list"))
                for one in tickets
            ]
            others = [one for one in unheeded[person] if one.id not in {each.id for each in tickets}]
            lines += [f"{number(one.id)} · {one.subject} → {speak('gone_unheeded')}" for one in others]
            title = speak("ping_gone", name=person, count=len(lines))
            key = f"gone:{person}:{revision.number}:{admin}"
            pings.append(Ping(admin, key, title, listed(lines, speak), is_alert=True))
    for ping in pings:
        write_ping(conn, ping, at=at, whereto=directory.whereto)
    log.info("tickets of people who left were handed on", people=sorted(moved), moved=len(pairs))
    return len(pairs)

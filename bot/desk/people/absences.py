"""Absences as they happen: said, begun, ended. One alarm each wakes us at its beginning and its end.

    said ──its moment comes──> going on: tickets are handed on ──it ends, and their shift begins──> over: handed back

While it goes on the alarm comes again when somebody comes on shift who can take what is left, or is yet to be told that
they stand in.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

import structlog

from bot.desk.directory import Directory
from bot.desk.people.unheeded import go_on_unheeded
from bot.store import alarms, audit
from bot.store.alarms import Alarm
from bot.store.driver.connection import Connection
from bot.store.facts import facts_of_tickets, tickets_of, told_later
from bot.store.people import absences
from bot.store.people.absences import Leave
from bot.store.revisions import Revisions
from bot.store.unit import write, write_ping
from bot.tickets.facts import Facts
from bot.tickets.outcome import MINUTE_MS, first_opening, shift_owner
from bot.tickets.people.decide_absence import CAME_BACK, Pair, back_pings, brought_back, cover_pings, covered, put_off
from bot.tickets.people.left_alone import left_alone
from bot.tickets.people.shifts import next_end, shift_end_owner
from bot.tickets.ticket import Ticket, TicketId
from bot.tickets.words.leave import said_back, stand_in
from routing.coverage import Absence
from routing.people import PersonId
from sla.duration import Instant

log = structlog.get_logger()

#: The alarm of an absence, by its number.
OWNER: Final = "absence"
#: A replica that has not noticed yet may still give somebody a ticket who has just left: we look a second time.
SOON_MS: Final = 5_000


class Absences:
    """Changes who is away, inside a transaction that is open already."""

    def __init__(self, revisions: Revisions, directory: Directory) -> None:
        self._revisions = revisions
        self._directory = directory

    def say(self, conn: Connection, absence: Absence, *, by: str, at: Instant) -> Leave:
        """Somebody is away, or will be. Who is away already has another end of it; the same again changes nothing."""
        known = self._held(conn, absence.person, at)
        same = next((one for one in known if one.absence == absence), None)
        going = next((one for one in known if absence.since <= at and one.absence.is_on(at)), None)
        if same is not None:
            return same
        if going is None:
            number = absences.add(conn, absence, by=by, at=at)
            leave = Leave(number, absence.person, absence.since, absence.until, absence.backup, by, at)
        else:
            backup = absence.backup or going.backup
            is_known = going.is_known and backup == going.backup
            leave = replace(going, until=absence.until, backup=backup, by=by, is_known=is_known)
            absences.change(conn, leave, at=at)
        # Whoever was promised something or has a call with them hears it now, and not when the leave begins.
        alarms.put(conn, [Alarm(f"{OWNER}:{leave.id}", at), Alarm(f"calls:{leave.person}", at)])
        self._record(conn, "away", leave, by, at)
        return leave

    def said_back(self, conn: Connection, leave: Leave, *, by: PersonId, at: Instant) -> str:
        """What whoever said it reads, by all the leave that stands now: an end that was said before counts no more."""
        standing = replace(self._revisions.current, absences=absences.ahead(conn))
        return said_back(leave.absence, by, standing, now=at)

    def end(
        self, conn: Connection, person: PersonId, *, by: str, at: Instant, number: int | None = None
    ) -> list[Leave]:
        """Whoever is away is back, or what was planned is called off; which absences ended by it, none for a repeat."""
        known = self._held(conn, person, at)
        ended = [
            replace(one, ended_at=at)
            for one in known
            if (one.id == number if number is not None else one.absence.is_on(at)) and not _has_ended(one, at)
        ]
        for one in ended:
            absences.change(conn, one, at=at)
            self._record(conn, "back", one, by, at)
        return ended

    def come(self, conn: Connection, numbers: Collection[int], *, at: Instant) -> set[PersonId]:
        """Alarms of absences have come: hand on, or hand back; who was told what happened while they were away."""
        # Another process may have written them a moment ago, and this one not have noticed.
        self._revisions.refresh(conn)
        found = [one for one in (absences.numbered(conn, number) for number in sorted(numbers)) if one is not None]
        told: set[PersonId] = set()
        for person in sorted({one.person for one in found}):
            leaves = absences.of_people(conn, [person], is_locked=True)
            is_gone = self._revisions.current.person(person) is None
            over = [one for one in leaves if is_gone or _has_ended(one, at)]
            for one in leaves:
                if one.id in numbers and one not in over:
                    self._begin(conn, one, at)
            if over and self._return(conn, person, over, at):
                told.add(person)
        return told

    def _begin(self, conn: Connection, leave: Leave, at: Instant) -> None:
        """It goes on, or lies ahead still: their open tickets go to whoever the rules name now."""
        owner = f"{OWNER}:{leave.id}"
        if leave.since > at:
            self._put_off(conn, leave.person, at)
            alarms.put(conn, [Alarm(owner, leave.since)])
            return
        go_on_unheeded(conn, self._revisions, self._directory, leave.person, since=leave.since, at=at)
        pairs, left = self._handed_on(conn, leave.person, at)
        self._put_off(conn, leave.person, at, left)
        revision = self._revisions.current
        pings = cover_pings(pairs, leave.absence, revision, f"cover:{leave.id}", now=at, is_known=leave.is_known)
        alone, looks = left_alone(left, leave.absence, f"left:{leave.id}")
        for ping in (*pings, *alone):
            write_ping(conn, ping, at=at, whereto=self._directory.whereto)
        named = revision.person(stand_in(leave.absence, revision))
        is_known = leave.is_known or named is None or named.id in {ping.person for ping in pings}
        theirs = [facts.number for facts in (*(facts for facts, _ in pairs), *left)]
        tickets = tuple(dict.fromkeys((*leave.tickets, *theirs)))
        absences.note(conn, replace(leave, tickets=tickets, is_known=is_known))
        if pairs:
            log.info("tickets were handed on during an absence", absence=leave.id, moved=len(pairs), left=len(left))
        openings = [first_opening(revision, one.ticket, at) for one in left if one.ticket is not None]
        if named is not None and not is_known:
            openings.append(revision.coverage.next_shift(named, at))
        moments = [max(one, Instant(at + MINUTE_MS)) for one in (*openings, *looks) if one is not None]
        moments += [one for one in (leave.ends_at, Instant(leave.since + SOON_MS)) if one is not None and one > at]
        alarms.put(conn, [Alarm(owner, min(moments))] if moments else [])

    def _handed_on(self, conn: Connection, person: PersonId, at: Instant) -> tuple[list[Pair], list[Facts]]:
        """Their open tickets with whoever takes them, and those that nobody can take now."""
        decided: list[Pair] = []
        left: list[Facts] = []
        found = facts_of_tickets(conn, self._revisions, tickets_of(conn, [person]), now=at, is_locked=True)
        for facts in found.values():
            decision = covered(facts, person)
            to = decision.ticket.assignee if decision is not None and decision.ticket is not None else person
            if decision is not None and decision.ticket is not None:
                decided.append((facts, decision))
            if to == person:
                left.append(facts)
            elif to is not None and isinstance(facts.load, dict):
                facts.load[to] = facts.load.get(to, 0) + 1
        write(conn, decided, recorded_at=at, whereto=self._directory.whereto)
        kept = {facts.number for facts in left}
        pairs = [(facts, decision) for facts, decision in decided if facts.number not in kept]
        return pairs, left

    def _put_off(self, conn: Connection, person: PersonId, at: Instant, left: Sequence[Facts] = ()) -> None:
        """Clients who were told to expect somebody, and whom this leave makes wait longer, hear until when."""
        numbers = {*told_later(conn, at), *(facts.number for facts in left)}
        found = facts_of_tickets(conn, self._revisions, sorted(numbers), now=at, is_locked=True)
        pairs = [(it, decision) for it in found.values() if (decision := put_off(it, person)) is not None]
        write(conn, pairs, recorded_at=at, whereto=self._directory.whereto)

    def _return(self, conn: Connection, person: PersonId, over: Sequence[Leave], at: Instant) -> bool:
        """Their absences are over: once their shift begins they get their tickets back. Whether that is now."""
        revision = self._revisions.current
        one = revision.person(person)
        if one is not None and not revision.coverage.is_on_shift(one, at):
            # Where further leave keeps them, its own end wakes us again.
            back = revision.coverage.next_shift(one, at)
            alarms.put(conn, [Alarm(f"{OWNER}:{over[-1].id}", back)] if back is not None else [])
            return False
        had = sorted({ticket for leave in over for ticket in leave.tickets}) if one is not None else []
        facts = facts_of_tickets(conn, self._revisions, had, now=at, is_locked=True)
        home = _home_already(conn, [it.ticket for it in facts.values() if it.ticket is not None], over)
        pairs = [
            (it, decision)
            for it in facts.values()
            if it.number not in home and (decision := brought_back(it, person)) is not None
        ]
        write(conn, pairs, recorded_at=at, whereto=self._directory.whereto)
        if one is not None:
            since = min(leave.since for leave in over)
            key = f"cover:{over[-1].id}"
            for ping in back_pings(pairs, list(facts.values()), person, revision, key, since=since, now=at):
                write_ping(conn, ping, at=at, whereto=self._directory.whereto)
            alarms.clear(conn, [shift_owner(person)])
            # While nobody knew when they would be back, nobody knew when they would go home either.
            ends = next_end(revision, one, at)
            alarms.put(conn, [Alarm(shift_end_owner(person), ends)] if ends is not None else [])
        for leave in over:
            absences.change(conn, replace(leave, is_over=True), at=at)
        alarms.clear(conn, [f"{OWNER}:{leave.id}" for leave in over])
        log.info("an absence is over", person=person, brought_back=len(pairs))
        return True

    def _held(self, conn: Connection, person: PersonId, at: Instant) -> list[Leave]:
        """Their living absences, ours until the transaction ends. Alarms first, as the ticker takes them."""
        alarms.put(conn, [Alarm(f"{OWNER}:{one.id}", at) for one in absences.of_people(conn, [person])])
        return absences.of_people(conn, [person], is_locked=True)

    def _record(self, conn: Connection, what: str, leave: Leave, by: str, at: Instant) -> None:
        told = {"since": leave.since, "until": leave.until, "backup": leave.backup, "absence": leave.id}
        audit.append(conn, [audit.Deed(at, by, what, f"person:{leave.person}", told)])


def _home_already(conn: Connection, tickets: Sequence[Ticket], over: Sequence[Leave]) -> set[TicketId]:
    """Those that came back meanwhile to somebody who was away longer: whoever stood in for them had them after."""
    back = {one.id: one.assignee for one in tickets if one.rule == CAME_BACK and one.assignee is not None}
    theirs = absences.ever(conn, sorted(set(back.values()))) if back else []

    def since(leaves: Sequence[Leave], ticket: TicketId) -> Instant:
        return max(leave.since for leave in leaves if ticket in leave.tickets)

    return {
        ticket
        for ticket, person in back.items()
        if any(one.person == person and ticket in one.tickets for one in theirs)
        and since([one for one in theirs if one.person == person], ticket) < since(over, ticket)
    }


def _has_ended(leave: Leave, at: Instant) -> bool:
    return leave.ends_at is not None and leave.ends_at <= at

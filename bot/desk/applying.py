"""Putting a desk directory in force: a new revision, and its contacts known by their addresses.

Everything in one transaction. The same document again changes nothing. Contacts that left the directory are unlinked:
from then on they are served on the public line; their tickets stay theirs.

What waits for a shift waits for the shifts of the revision in force, so each process that takes a revision up sets
those alarms anew: one that had not heard of it yet may just have set them by the old one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.crashpoint import reach
from bot.desk.care import radar
from bot.desk.care.high_load import OWNER
from bot.desk.people.absences import OWNER as ABSENCE
from bot.deskfile.document import digest
from bot.deskfile.plan import Change, plan
from bot.deskfile.revise import revision_from_document
from bot.store import alarms, audit, high_load
from bot.store.alarms import Alarm
from bot.store.channels import given_places, moved_places, suspended
from bot.store.driver.connection import Connection
from bot.store.driver.database import Database
from bot.store.high_load import MEASURED
from bot.store.people import absences, contacts, shifts
from bot.store.revisions import add_revision, newest_document, newest_number
from bot.tickets.outcome import opening_owner, shift_owner
from bot.tickets.people.shifts import answered_owner, next_end, parts_of_answered, reads_at, shift_end_owner
from bot.tickets.revision import Revision
from sla.duration import Instant


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of it: the number in force and the changes against the one before; none of them for a repeat."""

    number: int
    changes: tuple[Change, ...]


async def apply_document(database: Database, document: Mapping[str, Any], *, at: Instant, by: str) -> Applied:
    """Make a checked document the current revision, once."""

    def put_in_force(conn: Connection) -> Applied:
        before = newest_document(conn)
        changes = tuple(plan(before, document))
        if before is not None and digest(before) == digest(document):
            return Applied(newest_number(conn), ())
        number = add_revision(conn, document, digest(document), at=at, by=by)
        revision = revision_from_document(document, number)
        contacts.import_contacts(conn, revision, at=at)
        if before is not None:
            former = revision_from_document(before, number - 1)
            was, stands = (moved_places.followed(one, moved_places.moves(conn)) for one in (former, revision))
            given_places.give(conn, was, stands, at=at)
        moved_places.forget(conn, revision)
        suspended.forget(conn, revision)
        # Whoever is no longer there holds no call, on either side.
        alarms.put(conn, [Alarm("calls:", at)] if before is not None else [])
        deed = audit.Deed(at, by, "applied", f"revision {number}", {"digest": digest(document)})
        audit.append(conn, [deed])
        reach("apply.before_commit")
        return Applied(number, changes)

    applied = await database.write(put_in_force)
    reach("apply.after_commit")
    return applied


async def arm_shifts(database: Database, revision: Revision, *, at: Instant) -> None:
    """Look at every waiting list and at the load now, and wake whoever was away when they are back by this revision."""

    def arm(conn: Connection) -> None:
        waiting = [Alarm(opening_owner(line, at), at) for line in shifts.lines_waiting(conn)]
        people = {shift_owner(person): person for person in sorted(revision.people)}
        away = [revision.people[people[owner]] for owner in shifts.armed(conn, list(people))]
        coverage = revision.coverage
        was_measured = any(one.by == MEASURED for one in high_load.declared(conn).values())
        alarms.put(conn, [Alarm(OWNER, at)] if was_measured or revision.high_when is not None else [])
        back = [(one, moment) for one in away if (moment := coverage.next_shift(one, at)) is not None]
        radar.arm(conn, revision, at=at)
        alarms.put(conn, [*waiting, *(Alarm(shift_owner(one.id), moment) for one, moment in back)])
        owners = {shift_end_owner(person): person for person in sorted(revision.people)}
        # Asked now, whoever works on sets their own end again by the hours in force.
        ending = shifts.armed(conn, list(owners))
        alarms.put(conn, [Alarm(owner, at) for owner in ending])
        # Who worked day and night has an end from now on.
        others = [
            revision.person(one) for one in shifts.people_with_tickets(conn) if shift_end_owner(one) not in ending
        ]
        ends = [(one.id, next_end(revision, one, at)) for one in others if one is not None]
        alarms.put(conn, [Alarm(shift_end_owner(one), moment) for one, moment in ends if moment is not None])
        for reader, ticket in map(parts_of_answered, shifts.answered(conn)):
            if (person := revision.person(reader)) is not None:
                alarms.put(conn, [Alarm(answered_owner(reader, ticket), reads_at(revision, person, at), ticket)])
        # What nobody could take from them may have somebody now.
        going = [one for one in absences.alive(conn) if one.absence.is_on(at)]
        alarms.put(conn, [Alarm(f"{ABSENCE}:{one.id}", at) for one in going])

    await database.write(arm)

"""After hours were written anew, or zone data was: every open ticket counts with them, in batches and once.

What was counted with is remembered in the database. A process that dies in the middle begins again at its next start;
a ticket that was done already is left as it is.
"""

import hashlib
from typing import Final

import structlog

from bot.desk.care.batches import in_batches
from bot.desk.care.uncounted import Uncounted
from bot.desk.directory import Directory
from bot.deskfile.document import canonical
from bot.store import alarms, remembered
from bot.store.alarms import Alarm
from bot.store.driver.connection import Connection
from bot.store.driver.database import Database
from bot.store.facts import facts_of_tickets
from bot.store.people.shifts import owing_after
from bot.store.revisions import Revisions, newest_document
from bot.store.unit import write
from bot.tickets.care.decide_recount import recounted, woken_at
from bot.tickets.facts import Decision, Facts
from bot.tickets.outcome import promises_owner
from bot.tickets.ticket import TicketId
from sla.duration import Instant
from sla.zones import RULES

log = structlog.get_logger()

BATCH: Final = 200
KEY: Final = "hours"
#: In place of a digest while some tickets count with other hours than the rest.
UNSETTLED: Final = "unsettled"


async def recount(database: Database, revisions: Revisions, directory: Directory, *, at: Instant) -> int:
    """Count every open ticket with the hours in force, unless that was done; how many tickets moved."""
    counted_with, hours = await database.read(_looked)
    if counted_with == hours:
        return 0
    why = _why(counted_with, hours)
    uncounted = Uncounted(revisions, directory)

    def turn(conn: Connection, last: TicketId) -> tuple[int, list[TicketId]]:
        ids = owing_after(conn, last, count=BATCH)
        facts = facts_of_tickets(conn, revisions, ids, now=at, is_locked=True)
        decided: list[tuple[Facts, Decision]] = []
        woken: list[Alarm] = []
        for one in facts.values():
            try:
                decision = recounted(one, why)
                if decision is not None:
                    decided.append((one, decision))
                elif (wake := woken_at(one)) is not None:
                    woken.append(Alarm(promises_owner(one.number), wake, one.number))
            except ValueError as error:  # one ticket that cannot be counted must not keep all the others waiting
                log.error("promises of a ticket cannot be counted anew", ticket=one.number, reason=str(error))  # noqa: TRY400 - it says what to mend
                uncounted.tell(conn, one.number, error, at=at)
        write(conn, decided, recorded_at=at, whereto=directory.whereto)
        if decided:  # hours that are written back in the middle are a change as well
            remembered.remember(conn, KEY, f"{(counted_with or hours).split()[0]} {UNSETTLED}")
        alarms.put(conn, woken)
        return len(decided), ids

    moved = await in_batches(database, revisions, turn, then=lambda conn: remembered.remember(conn, KEY, hours))
    if moved:
        log.info("open tickets count with other hours", moved=moved, why=why)
    return moved


def _why(counted_with: str | None, hours: str) -> str:
    before, now = ((one or hours).split()[0].removeprefix("zones-") for one in (counted_with, hours))
    return (
        "the working hours were written anew" if before == now else f"the zones of the world changed, {before} -> {now}"
    )


def _looked(conn: Connection) -> tuple[str | None, str]:
    """What open tickets were last counted with, and what they should be: the zone data's version, the hours' digest."""
    document = newest_document(conn)
    written = canonical(document["calendars"]) if document else ""
    digest = hashlib.sha256(written.encode()).hexdigest()[:16]
    return remembered.recall(conn, KEY), f"zones-{RULES} {digest}"

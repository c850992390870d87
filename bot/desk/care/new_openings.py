"""Another desk is in force, and somebody is there later than clients were told: each who waits hears it, once.

Which desk they were told by is remembered in the database. A process that dies in the middle begins again at its next
look; whoever heard it already is told no second time, because the moment they heard is kept with their ticket. That
somebody comes earlier is not said: they will see.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

import structlog

from bot.desk.care.batches import in_batches
from bot.desk.directory import Directory
from bot.deskfile.document import canonical
from bot.store import remembered
from bot.store.driver.connection import Connection
from bot.store.driver.database import Database
from bot.store.facts import facts_of_tickets, told_later
from bot.store.people.shifts import owing_after
from bot.store.revisions import Revisions, newest_document
from bot.store.unit import write
from bot.tickets.facts import Facts
from bot.tickets.people.decide_absence import opened_later
from bot.tickets.revision import Revision
from bot.tickets.ticket import TicketId
from sla.duration import Instant

log = structlog.get_logger()

BATCH: Final = 200
KEY: Final = "openings"
#: What of the desk directory says who is there when.
_SAYS_WHEN: Final = ("calendars", "people", "lines", "plans", "clients")


async def tell_new_openings(database: Database, revisions: Revisions, directory: Directory, *, at: Instant) -> int:
    """Tell everybody who waits and was promised somebody sooner, unless that was done; how many that were."""
    known, told_by, hours = await database.read(_looked)
    if told_by == hours:
        return 0
    unpromised = 0

    def turn(conn: Connection, last: TicketId) -> tuple[int, list[TicketId]]:
        before = revisions.numbered(conn, known) if known else None
        ids = owing_after(conn, last, count=BATCH)
        return tell(conn, facts_of_tickets(conn, revisions, ids, now=at, is_locked=True), before), ids

    def rest(conn: Connection) -> None:
        """Those who are promised no moment were told one all the same."""
        nonlocal unpromised
        unpromised = tell(conn, facts_of_tickets(conn, revisions, told_later(conn, at), now=at, is_locked=True), None)
        remembered.remember(conn, KEY, json.dumps({"revision": revisions.number, "hours": hours}))

    def tell(conn: Connection, facts: Mapping[TicketId, Facts], before: Revision | None) -> int:
        pairs = [(one, decision) for one in facts.values() if (decision := opened_later(one, before)) is not None]
        write(conn, pairs, recorded_at=at, whereto=directory.whereto)
        return len(pairs)

    told = await in_batches(database, revisions, turn, then=rest)
    told += unpromised
    if told:
        log.info("clients heard that somebody is back later", told=told)
    return told


def _looked(conn: Connection) -> tuple[int, str, str]:
    """The revision that clients were told by, 0 for none known, its digest, and the digest of the one in force."""
    kept = remembered.recall(conn, KEY)
    before: dict[str, Any] = json.loads(kept) if kept is not None else {"revision": 0, "hours": ""}
    document = newest_document(conn) or {}
    written = canonical({part: document.get(part) for part in _SAYS_WHEN})
    return before["revision"], before["hours"], hashlib.sha256(written.encode()).hexdigest()[:16]

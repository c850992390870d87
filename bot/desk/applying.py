"""Putting a desk directory in force: a new revision, its people's load counted, its contacts known by their addresses.

Everything in one transaction. The same document again changes nothing. Contacts that left the directory are unlinked:
from then on they are served on the public line; their tickets stay theirs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.crashpoint import reach
from bot.deskfile.document import digest
from bot.deskfile.plan import Change, plan
from bot.deskfile.revise import revision_from_document
from bot.store import audit, contacts
from bot.store.connection import Connection
from bot.store.engine import Database
from bot.store.revisions import add_revision, newest_document, newest_number
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
        contacts.import_contacts(conn, revision_from_document(document, number), at=at)
        deed = audit.Deed(at, by, "applied", f"revision {number}", {"digest": digest(document)})
        audit.append(conn, [deed])
        reach("apply.before_commit")
        return Applied(number, changes)

    applied = await database.write(put_in_force)
    reach("apply.after_commit")
    return applied

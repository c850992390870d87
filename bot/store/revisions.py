"""The revisions of the desk directory: stored as documents, kept in memory as values.

Few and slow-changing, so each is built once a process. A ticket names the revision it opened under; an older one is
read when such a ticket is first met. Who is away is no part of the directory and changes any hour: the current revision
carries it, and it is read again when its mark in the database has moved. So it is with places that have moved or
are suspended, and with people who are shut out.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from bot.deskfile.document import Document
from bot.deskfile.revise import Wording, revision_from_document
from bot.store.channels import moved_places, suspended
from bot.store.driver.bulk import insert_many
from bot.store.driver.plain import rows_of
from bot.store.people import absences, shut_out
from bot.store.tables import schema
from bot.tickets.revision import Revision
from sla.duration import Instant

#: Asked each second by every process, so both in one question.
_NEWEST: Final = f"""
SELECT (SELECT max(number) FROM revision) AS number, (SELECT value FROM setting WHERE key = '{absences.MARK}') AS mark,
(SELECT value FROM setting WHERE key = '{moved_places.MARK}') AS moved,
(SELECT value FROM setting WHERE key = '{suspended.MARK}') AS suspended,
(SELECT value FROM setting WHERE key = '{shut_out.MARK}') AS shut_out
"""  # noqa: S608 - words of ours


class Revisions:
    """What this process knows of the desk. `current` is a KeyError away from a desk that was never applied."""

    def __init__(self, *, is_lazy: bool = False) -> None:
        """Where `is_lazy`, a calendar is worked out when somebody asks for it, as suits a command that is soon over."""
        self._is_lazy = is_lazy
        self._known: dict[int, Revision] = {}
        self._current: int = 0
        #: The newest one as it is written, without what lies beside it: a place that is confirmed is there again.
        self._written: Revision | None = None
        self._mark: str | None = None

    @property
    def current(self) -> Revision:
        """The newest revision this process has seen."""
        return self._known[self._current]

    @property
    def number(self) -> int:
        """The number of the newest revision, 0 before the first."""
        return self._current

    @property
    def seen(self) -> tuple[int, str | None]:
        """What tells one state of the desk from another: the number in force, and the marks of what lies beside it."""
        return self._current, self._mark

    def numbered(self, conn: Connection, number: int) -> Revision:
        """One revision by its number; KeyError when the database has none such."""
        if number not in self._known:
            documents = _documents_until(conn, number)
            if not documents or documents[-1][0] != number:
                raise KeyError(f"there is no revision {number}")
            written = documents[-1][2]
            found = revision_from_document(written, number, _wordings(documents))
            if not self._is_lazy:
                found = replace(found, calendars=dict(found.calendars), former=dict(found.former))
            self._known[number] = found
        return self._known[number]

    def is_newest(self, conn: Connection) -> bool:
        """Whether no other process has put a newer one in force since this one looked."""
        return newest_number(conn) == self._current

    def refresh(self, conn: Connection) -> bool:
        """Look for a newer revision and for what lies beside it; True for a newer one, current from now on."""
        (found,) = rows_of(conn, _NEWEST)
        newest, mark = found.number or 0, _marks(found)
        if (newest, mark) == self.seen:
            return False
        is_newer = newest != self._current
        if newest:
            # In its own place, so that whatever is pinned to the current revision is the same value.
            if self._written is None or self._written.number != newest:
                self._written = self.numbered(conn, newest)
            standing = moved_places.followed(self._written, moved_places.moves(conn))
            standing = suspended.without(standing, suspended.suspended(conn))
            standing = shut_out.without(standing, shut_out.all_of(conn))
            self._known[newest] = replace(standing, absences=absences.ahead(conn))
        self._current, self._mark = newest, mark
        return is_newer


def _marks(found: Row[Any]) -> str:
    """What tells one state of what lies beside the directory from another."""
    return "/".join(mark or "" for mark in (found.mark, found.moved, found.suspended, found.shut_out))


def _documents_until(conn: Connection, number: int) -> list[tuple[int, Instant, Document]]:
    """Every revision up to this one: its number, when it was applied, what it says."""
    columns = (schema.revision.c.number, schema.revision.c.applied_at, schema.revision.c.document)
    query = select(*columns).where(schema.revision.c.number <= number).order_by(schema.revision.c.number)
    return [(row.number, row.applied_at, json.loads(row.document)) for row in conn.execute(query)]


def _wordings(documents: Sequence[tuple[int, Instant, Document]]) -> dict[str, list[Wording]]:
    """How each calendar was written so far: its first wording from ever, each later one from when it was applied."""
    found: dict[str, list[Wording]] = {}
    for _, applied_at, written in documents:
        for key, calendar in written["calendars"].items():
            wordings = found.setdefault(key, [])
            if not wordings:
                wordings.append((calendar, None))
            elif wordings[-1][0] != calendar:
                wordings.append((calendar, applied_at))
    return found


def newest_number(conn: Connection) -> int:
    """The number of the newest revision in the database, 0 for none."""
    return conn.exec_driver_sql("SELECT coalesce(max(number), 0) FROM revision").scalar() or 0


def newest_document(conn: Connection) -> Mapping[str, Any] | None:
    """The document of the newest revision."""
    query = select(schema.revision.c.document).order_by(schema.revision.c.number.desc()).limit(1)
    document = conn.execute(query).scalar()
    return json.loads(document) if document is not None else None


def add_revision(conn: Connection, document: Mapping[str, Any], digest: str, *, at: Instant, by: str) -> int:
    """Store the next revision and return its number."""
    number = newest_number(conn) + 1
    row = {
        "number": number,
        "digest": digest,
        "document": json.dumps(document, ensure_ascii=False, sort_keys=True),
        "applied_at": at,
        "applied_by": by,
    }
    insert_many(conn, schema.revision, [row])
    return number

"""Lines of a transcript that change after they were written: edits, deletions and word from the channel.

An old wording is never lost: each becomes a version. Every visible change takes the conversation's next `rev`, so that
whoever follows the conversation hears of it.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection

from adapters.message import Attachment
from bot.store.channels import albums
from bot.store.driver.bulk import insert_many, update_many
from bot.store.driver.ids import take
from bot.store.driver.look import rows_by_keys
from bot.store.tables import schema
from bot.tickets.relays import with_files
from bot.tickets.ticket import TicketId
from routing.people import PersonId
from sla.duration import Instant

_KNOWN = "SELECT key FROM message WHERE key IN {keys}"
_LINES = "SELECT * FROM message WHERE key IN {keys}"
_SENT = """
SELECT message.*, receipt.lane FROM receipt JOIN outbox ON outbox.id = receipt.outbox_id
JOIN message ON message.id = outbox.message_id WHERE receipt.external_id IN {keys}
"""
_VERSIONS = "SELECT count(*) AS versions, max(at) AS at FROM message_version WHERE message_id IN {keys}"
_FILES = "SELECT name, size, digest FROM attachment WHERE message_id IN {keys} ORDER BY id"
_REV = "UPDATE conversation SET rev = rev + 1 WHERE id IN {keys} RETURNING rev"


def known_keys(conn: Connection, keys: Sequence[str]) -> set[str]:
    """Which of these messages we have already, whatever payload they came in."""
    return {row.key for row in rows_by_keys(conn, _KNOWN, keys)}


def new_files(conn: Connection, key: str, files: Sequence[Attachment]) -> tuple[Attachment, ...]:
    """Those of the files that a changed message has now which its line does not have yet."""
    if not files:
        return ()
    name = albums.own_lines(conn, [key]).get(key, key)
    row = next(iter(rows_by_keys(conn, _LINES, [name])), None)
    had = rows_by_keys(conn, _FILES, [row.id]) if row is not None else ()
    known = {one.digest for one in had if one.digest} | {(one.name, one.size) for one in had}
    return tuple(one for one in files if one.digest not in known and (one.digest or (one.name, one.size) not in known))


def files_of(conn: Connection, line: int) -> tuple[str, ...]:
    """The names of the files with a line, as they were first sent."""
    return tuple(row.name for row in rows_by_keys(conn, _FILES, [line]))


def reword(
    conn: Connection, key: str, text: str | None, *, at: Instant, files: Sequence[Attachment] = ()
) -> TicketId | None:
    """Give a line new words, or take them away with None; gives the ticket concerned, None where nothing changes.

    Words from before the last change are none: they came late, or again. Of an album only that part changes. New
    `files` stand beside those it had, which the version that they take the place of names.
    """
    if text is not None:
        key, text = albums.reworded(conn, key, text)
    row = next(iter(rows_by_keys(conn, _LINES, [key])), None)
    if row is None or (text is not None and text == row.text and not files) or row.is_deleted:
        return None
    (before,) = rows_by_keys(conn, _VERSIONS, [row.id])
    if text is not None and before.at is not None and at < before.at:
        return None
    was = with_files(row.text, rows_by_keys(conn, _FILES, [row.id]) if files else ())
    version = {"message_id": row.id, "version": before.versions + 1, "text": was, "at": at}
    insert_many(conn, schema.message_version, [version])
    insert_many(conn, schema.attachment, _attached(conn, row.id, files))
    change = {"text": "", "is_deleted": 1} if text is None else {"text": text, "is_edited": 1}
    (bumped,) = rows_by_keys(conn, _REV, [row.conversation_id])
    update_many(conn, schema.message, [{"id": row.id, "rev": bumped.rev, **change}])
    return TicketId(row.ticket_id) if row.ticket_id is not None else None


def _attached(conn: Connection, line: int, files: Sequence[Attachment]) -> list[dict[str, Any]]:
    numbers = take(conn, schema.attachment, len(files)) if files else ()
    return [{"id": number, "message_id": line, **asdict(one)} for number, one in zip(numbers, files, strict=True)]


@dataclass(frozen=True, slots=True)
class Sent:
    """A line of ours as a channel took it."""

    ticket: TicketId | None
    author: PersonId | None


def sent(conn: Connection, lane: str, external_id: str) -> Sent | None:
    """The line that a channel knows by this name there; None for what is none of ours."""
    row = next((one for one in rows_by_keys(conn, _SENT, [external_id]) if one.lane == lane), None)
    if row is None:
        return None
    ticket = TicketId(row.ticket_id) if row.ticket_id is not None else None
    return Sent(ticket, PersonId(row.author) if row.author else None)


def mark(conn: Connection, lane: str, external_id: str, state: str) -> tuple[TicketId | None, Instant | None]:
    """Note what the channel says about a line we sent (`seen`, `delivered`, `failed`).

    Gives the ticket, where that is news, and for a reply of one of our people the moment it was written.
    """
    row = next((one for one in rows_by_keys(conn, _SENT, [external_id]) if one.lane == lane), None)
    if row is None or row.state == state:
        return None, None
    (bumped,) = rows_by_keys(conn, _REV, [row.conversation_id])
    update_many(conn, schema.message, [{"id": row.id, "rev": bumped.rev, "state": state}])
    ticket = TicketId(row.ticket_id) if row.ticket_id is not None else None
    return ticket, Instant(row.at) if row.kind == "reply" else None

"""Albums: several messages that were sent as one, each with a file of its own. Together they are one line.

Whichever of them comes first becomes the line; each of the others adds its file to it, and its words where it has any.
Every part is remembered by its own name, so that it counts once, and can be replied to and reworded like the line.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row

from adapters.message import Attachment
from bot.store.driver.bulk import insert_many, update_many
from bot.store.driver.ids import take
from bot.store.driver.look import rows_by_keys
from bot.store.tables import channel_schema, schema
from bot.tickets.ticket import MessageId, TicketId

_PARTS = "SELECT key, message_id FROM album_part WHERE key IN {keys}"
_ALBUMS = """
SELECT DISTINCT album_part.album, message.id, message.ticket_id, message.conversation_id, message.author,
message.direction, message.is_deleted FROM album_part JOIN message ON message.id = album_part.message_id
WHERE album_part.album IN {keys}
"""
_TEXTS = "SELECT key, text FROM album_part WHERE message_id IN {keys} ORDER BY place"
_LINES = "SELECT id, key FROM message WHERE key IN {keys}"
_NAMES = "SELECT id, key FROM message WHERE id IN {keys}"
_FIRST = "SELECT min(id) AS id FROM message WHERE ticket_id IN {keys} AND direction = 'in'"
_REV = "UPDATE conversation SET rev = rev + 1 WHERE id IN {keys} RETURNING rev"


@dataclass(frozen=True, slots=True)
class Part:
    """One message of an album: `key` is its own name, `album` that of all of them."""

    key: str
    album: str
    text: str
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class AlbumLine:
    """The line that an album is. `opened` says that its ticket began with it."""

    id: MessageId
    ticket: TicketId | None
    author: str | None
    is_ours: bool
    opened: bool


def begin(conn: Connection, parts: Sequence[Part]) -> None:
    """Remember those that became lines just now; of the others nothing was kept."""
    lines = {row.key: row.id for row in rows_by_keys(conn, _LINES, [one.key for one in parts])}
    rows = [_row(one, lines[one.key], 0) for one in parts if one.key in lines]
    insert_many(conn, channel_schema.album_part, rows)


def lines_of(conn: Connection, albums: Sequence[str]) -> dict[str, AlbumLine]:
    """The lines of those albums of which something has come before."""
    rows = {row.album: row for row in rows_by_keys(conn, _ALBUMS, albums)}
    return {album: _line(conn, row) for album, row in rows.items()}


def join(conn: Connection, line: AlbumLine, part: Part) -> str:
    """Add a part to its line; gives all the words of the album as they stand now."""
    texts = rows_by_keys(conn, _TEXTS, [line.id])
    insert_many(conn, channel_schema.album_part, [_row(part, line.id, len(texts))])
    numbers = take(conn, schema.attachment, len(part.attachments))
    files = [_file(number, line.id, one) for number, one in zip(numbers, part.attachments, strict=True)]
    insert_many(conn, schema.attachment, files)
    words = _joined([*(row.text for row in texts), part.text])
    (place,) = rows_by_keys(conn, "SELECT conversation_id FROM message WHERE id IN {keys}", [line.id])
    (bumped,) = rows_by_keys(conn, _REV, [place.conversation_id])
    update_many(conn, schema.message, [{"id": line.id, "rev": bumped.rev, "text": words}])
    return words


def reworded(conn: Connection, key: str, text: str) -> tuple[str, str]:
    """The name of the line that a message is or belongs to, and all its words once this message reads so."""
    part = next(iter(rows_by_keys(conn, _PARTS, [key])), None)
    if part is None:
        return key, text
    texts = [text if row.key == key else row.text for row in rows_by_keys(conn, _TEXTS, [part.message_id])]
    update_many(conn, channel_schema.album_part, [{"key": key, "text": text}])
    (line,) = rows_by_keys(conn, _NAMES, [part.message_id])
    return line.key, _joined(texts)


def own_lines(conn: Connection, keys: Sequence[str]) -> dict[str, str]:
    """For each of these messages that is part of an album, the name of its line."""
    parts = {row.key: row.message_id for row in rows_by_keys(conn, _PARTS, keys)}
    names = {row.id: row.key for row in rows_by_keys(conn, _NAMES, sorted(set(parts.values())))}
    return {key: names[number] for key, number in parts.items()}


def _line(conn: Connection, row: Row[Any]) -> AlbumLine:
    ticket = TicketId(row.ticket_id) if row.ticket_id is not None else None
    first = next(iter(rows_by_keys(conn, _FIRST, [] if ticket is None else [ticket])), None)
    opened = first is not None and first.id == row.id
    return AlbumLine(MessageId(row.id), ticket, row.author, row.direction == "out", opened)


def _row(part: Part, line: int, place: int) -> dict[str, Any]:
    return {"key": part.key, "album": part.album, "message_id": line, "place": place, "text": part.text}


def _file(number: int, line: MessageId, one: Attachment) -> dict[str, Any]:
    named = {"name": one.name, "type": one.type, "size": one.size, "digest": one.digest, "note": one.note}
    return {"id": number, "message_id": line, **named}


def _joined(texts: Sequence[str]) -> str:
    return "\n".join(text for text in texts if text.strip())

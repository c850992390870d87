"""Lines that stand for a payload which could not be read: once it can be, its words take the line's place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from adapters.message import Attachment
from bot.store.driver.bulk import delete_many, insert_many, update_many
from bot.store.driver.ids import take
from bot.store.driver.look import rows_by_keys
from bot.store.tables import channel_schema
from bot.store.tables.schema import attachment, message
from bot.tickets.ticket import MessageId, TicketId

_LINES = "SELECT id, key FROM message WHERE key IN {keys}"
_STUBS = """
SELECT stub.inbound_id, message.id, message.key, message.ticket_id FROM stub
JOIN message ON message.id = stub.message_id WHERE stub.inbound_id IN {keys}
"""


@dataclass(frozen=True, slots=True)
class Stub:
    """The line, by its id and key, and its ticket."""

    line: MessageId
    key: str
    ticket: TicketId | None


def keep(conn: Connection, keys: Mapping[int, str]) -> None:
    """Remember which lines, by their keys, stand for which payloads; those that were kept before stay."""
    ids = {row.key: row.id for row in rows_by_keys(conn, _LINES, sorted(set(keys.values())))}
    rows = [{"inbound_id": number, "message_id": ids[key]} for number, key in sorted(keys.items()) if key in ids]
    insert_many(conn, channel_schema.stub, rows, skip_existing=True)


def of_payloads(conn: Connection, numbers: Sequence[int]) -> dict[int, Stub]:
    """The lines that stand for these payloads, by the payload's number."""
    return {
        row.inbound_id: Stub(MessageId(row.id), row.key, TicketId(row.ticket_id) if row.ticket_id is not None else None)
        for row in rows_by_keys(conn, _STUBS, numbers)
    }


def replaced(conn: Connection, number: int, stub: Stub, key: str, files: Sequence[Attachment]) -> None:
    """The payload was read: its line goes by its own key from now on and has its files. The words are given apart."""
    fresh = take(conn, attachment, len(files))
    rows = [
        {"id": one, "message_id": stub.line, "name": file.name, "type": file.type, "size": file.size}
        | {"digest": file.digest, "note": file.note}
        for one, file in zip(fresh, files, strict=True)
    ]
    insert_many(conn, attachment, rows)
    update_many(conn, message, [{"id": stub.line, "key": key}])
    delete_many(conn, channel_schema.stub, [number])

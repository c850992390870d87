"""Rows for tests of the store: as little as the foreign keys want."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from adapters.message import Channel
from adapters.port import Raw
from bot.store.driver.bulk import insert_many
from bot.store.tables import schema

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def raw(external_id: str, *, lane: str = "", payload: bytes = b"{}") -> Raw:
    return Raw(Channel.INAPP, "desk", external_id, payload, AT, lane)


def plant_conversation(conn: Connection, number: int = 1) -> None:
    """A contact and a conversation with the same number."""
    insert_many(conn, schema.contact, [{"id": number, "name": "Lena", "created_at": 0}])
    talk = {"id": number, "key": f"inapp:desk:{number}", "contact_id": number, "created_at": 0}
    insert_many(conn, schema.conversation, [talk])


def ticket_row(number: int, *, conversation: int = 1, **columns: object) -> dict[str, Any]:
    return {
        "id": number,
        "status": "open",
        "conversation_id": conversation,
        "contact_id": conversation,
        "plan": "premium",
        "policy": "premium",
        "urgency": "high",
        "channel": "inapp",
        "subject": "Payroll failed",
        "rule": "own_manager",
        "line": "managers",
        "is_current": 1,
        "opened_at": 0,
        "client_spoke_at": 0,
    } | columns


def plant_lines(conn: Connection, count: int) -> None:
    """A conversation with a ticket and `count` of our lines, numbered from 1, none of them sent yet."""
    plant_conversation(conn)
    insert_many(conn, schema.ticket, [ticket_row(1)])
    lines = [
        {
            "id": number,
            "ticket_id": 1,
            "conversation_id": 1,
            "rev": number,
            "direction": "out",
            "kind": "reply",
            "text": "We are on it.",
            "at": 0,
            "recorded_at": 0,
            "state": "pending",
        }
        for number in range(1, count + 1)
    ]
    insert_many(conn, schema.message, lines)
    conn.execute(schema.conversation.update().values(rev=count, ticket_id=1))


def outbox_row(number: int, *, lane: str = "inapp:desk:1", **columns: object) -> dict[str, Any]:
    return {
        "id": number,
        "key": f"say:{number}",
        "channel": "inapp",
        "lane": lane,
        "what": "reply",
        "payload": "{}",
        "guard": "",
        "state": "pending",
        "not_before": 0,
        "created_at": number,
        "error": "",
    } | columns


def plant_outbox(conn: Connection, rows: Iterable[dict[str, Any]]) -> None:
    insert_many(conn, schema.outbox, list(rows))

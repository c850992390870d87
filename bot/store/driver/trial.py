"""A write for its own sake: only one that reaches the disk tells whether another would."""

from sqlalchemy import Connection

from bot.store.driver.bulk import upsert_many
from bot.store.tables import schema
from sla.duration import Instant


def leave_trace(conn: Connection, *, at: Instant) -> None:
    """Write a row that says when this was tried; each time differently, or there would be nothing to write."""
    upsert_many(conn, schema.setting, [{"key": "written_at", "value": str(at)}])

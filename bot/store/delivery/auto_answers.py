"""How many automatic answers went to whom lately: kept where no restart forgets them and all replicas see them."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection, text

from bot.store.driver.bulk import insert_many
from bot.store.driver.plain import change_built, rows_of_built
from bot.store.tables import channel_schema
from bot.tickets.ticket import TicketId
from sla.duration import Instant, later

DAY: Final = timedelta(hours=24)
HOUR: Final = timedelta(hours=1)
#: Nobody else counts or says one until this transaction ends.
_LOCK: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('automatic answers', 0))")
_TO: Final = text(
    "SELECT ticket_id, is_asked, at FROM auto_answer WHERE address = :address AND at > :since ORDER BY at"
)
_STRANGERS: Final = text("SELECT count(*) AS many FROM auto_answer WHERE at > :since AND is_known = 0")
_FORGET: Final = text("DELETE FROM auto_answer WHERE at <= :before")


@dataclass(frozen=True, slots=True)
class AutoAnswer:
    """One that went out."""

    at: Instant
    ticket: TicketId | None
    is_asked: bool


def hold(conn: Connection) -> None:
    """Count alone from here on, until the transaction ends. SQLite has one writer anyway."""
    if conn.dialect.name != "sqlite":
        rows_of_built(conn, _LOCK, {})


def lately(conn: Connection, address: str, *, now: Instant) -> list[AutoAnswer]:
    """Those that went to an address within the last day, oldest first."""
    rows = rows_of_built(conn, _TO, {"address": address, "since": later(now, -DAY)})
    return [
        AutoAnswer(Instant(row.at), TicketId(row.ticket_id) if row.ticket_id is not None else None, bool(row.is_asked))
        for row in rows
    ]


def to_strangers(conn: Connection, *, now: Instant) -> int:
    """How many went within the last hour to whoever is no client's contact."""
    (row,) = rows_of_built(conn, _STRANGERS, {"since": later(now, -HOUR)})
    return int(row.many)


def note(conn: Connection, key: str, address: str, one: AutoAnswer, *, is_known: bool) -> None:
    """One goes out now; `key` is that of the message it answers."""
    row = {"key": key, "address": address, "ticket_id": one.ticket, "is_known": int(is_known)}
    row |= {"is_asked": int(one.is_asked), "at": one.at}
    insert_many(conn, channel_schema.auto_answer, [row], skip_existing=True)


def forget(conn: Connection, *, now: Instant) -> int:
    """Remove those that count no longer; how many."""
    return change_built(conn, _FORGET, {"before": later(now, -DAY)})

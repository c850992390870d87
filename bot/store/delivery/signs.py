"""Marks under what our people wrote: one on its way each, saying how things stand when it leaves."""

from collections.abc import Sequence

from sqlalchemy import Connection

from adapters.message import Standing
from bot.store.delivery.outbox import Outgoing, show
from bot.store.delivery.told import Row, mark_row, written_from_json
from bot.store.driver.bulk import update_many
from bot.store.driver.look import rows_by_keys
from bot.store.tables import schema
from bot.store.unit import write_outbox
from bot.tickets.facts import Written
from bot.tickets.ticket import TicketId
from routing.people import PersonId
from sla.duration import Instant

_SENT = "SELECT outbox_id, lane FROM receipt WHERE external_id IN {keys}"
_WAITING = "SELECT id, slot FROM outbox WHERE slot IN {keys} AND state IN ('pending', 'postponed')"


def mark(conn: Connection, rows: Sequence[Outgoing], standing: Standing, *, at: Instant) -> None:
    """How these replies fare; those that nobody wrote in a thread are passed over."""
    found = [(row, written_from_json(row.payload)) for row in rows if row.what == "reply"]
    put(
        conn,
        [
            mark_row(written, standing, row.ticket_id, PersonId(row.person) if row.person else None, at)
            for row, written in found
            if written is not None
        ],
    )


def mark_sent(conn: Connection, lane: str, external_id: str, standing: Standing, *, at: Instant) -> None:
    """The same of what the channel has taken already, by its own name for it."""
    numbers = (row.outbox_id for row in rows_by_keys(conn, _SENT, [external_id]) if row.lane == lane)
    mark(conn, [row for number in numbers if (row := show(conn, number)) is not None], standing, at=at)


def begin(
    conn: Connection, written: Written, ticket: TicketId, person: PersonId, *, at: Instant, until: Instant
) -> None:
    """Words that are on their way: marked so where nothing is known of them at `until`."""
    row = mark_row(written, "waiting", ticket, person, at)
    put(conn, [{**row, "not_before": until}])


def put(conn: Connection, marks: Sequence[Row]) -> None:
    """Set marks; one that waits to be set says the new thing instead."""
    # Held until we are done, so that none of them leaves with what it says now.
    query = _WAITING if conn.dialect.name == "sqlite" else f"{_WAITING} FOR UPDATE"
    waiting = {row.slot: row.id for row in rows_by_keys(conn, query, [one["slot"] for one in marks])}
    changes = [
        {"id": waiting[one["slot"]], "payload": one["payload"], "not_before": one["not_before"]}
        for one in marks
        if one["slot"] in waiting
    ]
    update_many(conn, schema.outbox, changes)
    if fresh := [one for one in marks if one["slot"] not in waiting]:
        write_outbox(conn, fresh)

"""One transaction's worth of decisions, written as sets: a handful of statements however many decisions there are.

The caller owns the transaction. A ticket is written only over the version its decision was made from; StaleError says
that somebody was faster, and then nothing of the batch counts.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection

from bot.store.delivery.told import PRIORITY, Row, gathered, ping_rows
from bot.store.delivery.ways import Remembered, Whereto
from bot.store.driver.bulk import add_many, delete_many, insert_many, update_many, update_versioned, upsert_many
from bot.store.driver.ids import take_each
from bot.store.driver.look import rows_by_keys
from bot.store.driver.plain import change, together
from bot.store.errors import StaleError
from bot.store.people import joining
from bot.store.rows import Rows
from bot.store.tables import schema
from bot.tickets.facts import Decision, Facts, Ping
from sla.duration import Instant

_WAITING_CARDS = "SELECT slot FROM outbox WHERE slot IN {keys} AND state IN ('pending', 'postponed')"
_WAITING_RELAYS = "SELECT id, slot, payload FROM outbox WHERE slot IN {keys} AND state IN ('pending', 'postponed')"
_STANDING_CARDS = "SELECT DISTINCT slot, lane FROM receipt WHERE slot IN {keys}"
_OPENED_PAGES = "SELECT DISTINCT slot FROM receipt WHERE slot IN {keys}"

_MOVED_IN_SQLITE: Final = "DELETE FROM clock WHERE ticket_id = ? AND metric = ? AND started_at = ?"
_MOVED_IN_POSTGRES: Final = """
DELETE FROM clock USING unnest($1::bigint[], $2::text[], $3::bigint[]) AS moved (ticket_id, metric, started_at)
WHERE clock.ticket_id = moved.ticket_id AND clock.metric = moved.metric AND clock.started_at = moved.started_at
"""
#: A ticket that was open before, as after `/new`, takes only what names it from here on.
_PARTED = "UPDATE ticket SET is_current = 0 WHERE conversation_id IN {keys} AND is_current = 1 RETURNING id"


def write(
    conn: Connection, decisions: Sequence[tuple[Facts, Decision]], *, recorded_at: Instant, whereto: Whereto
) -> None:
    """Write all of it. Facts and decisions come in pairs; a ticket may stand in one pair only."""
    rows = Rows(recorded_at, Remembered(whereto))
    for facts, decision in decisions:
        rows.gather(facts, decision)
    rows_by_keys(conn, _PARTED, rows.parted)
    _number(conn, rows)
    with together(conn):
        insert_many(conn, schema.ticket, rows.opened)
        _rewrite(conn, rows)
        update_many(conn, schema.conversation, list(rows.talks.values()))
        update_many(conn, schema.contact, rows.contacts)
        insert_many(conn, schema.message, rows.messages)
        insert_many(conn, schema.attachment, rows.attachments)
        insert_many(conn, schema.note, rows.notes)
        insert_many(conn, schema.event, rows.events)
        _forget(conn, rows.moved)
        upsert_many(conn, schema.clock, list(rows.clocks.values()))
        insert_many(conn, schema.outbox, rows.outbox, skip_existing=True)
        upsert_many(conn, schema.alarm, list(rows.alarms.values()))
        add_load(conn, rows.load)
    delete_many(conn, schema.alarm, sorted(rows.cleared))
    joining.wish(conn, [row["id"] for row in rows.contacts], at=recorded_at)


def write_ping(conn: Connection, ping: Ping, *, at: Instant, whereto: Whereto) -> None:
    """A message to one of our people that belongs to no ticket; its key makes it go out once."""
    write_outbox(conn, ping_rows([ping], whereto, None, at))


def write_outbox(conn: Connection, rows: Sequence[Row]) -> None:
    """Rows that come from no decision; one whose key is there already is passed over."""
    if not rows:
        return
    (fresh,) = take_each(conn, {schema.outbox: len(rows)}).values()
    numbered = [{**row, "id": number} for row, number in zip(rows, fresh, strict=True)]
    insert_many(conn, schema.outbox, numbered, skip_existing=True)


def add_load(conn: Connection, load: Counter[str]) -> None:
    """Add to how many open tickets each person has; in one order, so that two replicas never wait in a circle."""
    changes = [{"person": person, "tickets": count} for person, count in sorted(load.items()) if count]
    add_many(conn, schema.load, changes)


def _rewrite(conn: Connection, rows: Rows) -> None:
    touched = sorted(rows.touched)
    changed = [{name: row[name] for name in touched} for row in rows.changed]
    if update_versioned(conn, schema.ticket, changed) != len(changed):
        raise StaleError("a ticket changed while it was decided about")


def _forget(conn: Connection, clocks: list[tuple[int, str, int]]) -> None:
    """Clocks that are kept under an earlier start from now on."""
    if not clocks:
        return
    if conn.dialect.name == "sqlite":
        change(conn, _MOVED_IN_SQLITE, clocks)
    else:
        change(conn, _MOVED_IN_POSTGRES, tuple(map(list, zip(*clocks, strict=True))))


def _leave_unopened_pages(conn: Connection, rows: Rows) -> None:
    """Whoever has never opened their page is shown none: it is drawn when they do."""
    pages = sorted({row["slot"] for row in rows.outbox if row["what"] == "home"})
    if pages:
        opened = {row.slot for row in rows_by_keys(conn, _OPENED_PAGES, pages)}
        rows.outbox = [row for row in rows.outbox if row["what"] != "home" or row["slot"] in opened]


def _gather_albums(conn: Connection, rows: Rows) -> None:
    """What is repeated of one album goes into one message, as long as the first of it has not left."""
    fresh = {row["slot"]: row for row in rows.outbox if row["what"] == "relay" and row["slot"] is not None}
    query = _WAITING_RELAYS if conn.dialect.name == "sqlite" else f"{_WAITING_RELAYS} FOR UPDATE"
    waiting = rows_by_keys(conn, query, sorted(fresh))
    changes = [{"id": row.id, "payload": gathered(row.payload, fresh[row.slot]["payload"])} for row in waiting]
    update_many(conn, schema.outbox, changes)
    joined = [fresh[row.slot] for row in waiting]
    rows.outbox = [row for row in rows.outbox if row not in joined]


def _put_redrawn_last(conn: Connection, rows: Rows) -> None:
    """A card that stands in its place already waits for whatever says something new there."""
    known = set(rows.slots)
    cards = [row for row in rows.outbox if row["what"] == "card" and row["slot"] in known]
    found = rows_by_keys(conn, _STANDING_CARDS, sorted({row["slot"] for row in cards}))
    standing = {(row.slot, row.lane) for row in found}
    for row in cards:
        if (row["slot"], row["lane"]) in standing:
            row["priority"] = PRIORITY["redrawn"]


def _number(conn: Connection, rows: Rows) -> None:
    """Give ids to what numbers its rows, all of it at once; what named a message by its place names it by its id.

    Cards that are on their way already are left out: they are drawn when they leave, as things stand then.
    """
    _leave_unopened_pages(conn, rows)
    _gather_albums(conn, rows)
    # Held until we are done, so that no replica draws one of them before it can see what we write.
    query = _WAITING_CARDS if conn.dialect.name == "sqlite" else f"{_WAITING_CARDS} FOR UPDATE"
    waiting = {row.slot for row in rows_by_keys(conn, query, rows.slots)}
    if waiting:
        rows.outbox = [row for row in rows.outbox if row["slot"] not in waiting]
    _put_redrawn_last(conn, rows)
    numbered = {
        schema.message: rows.messages,
        schema.attachment: rows.attachments,
        schema.note: rows.notes,
        schema.event: rows.events,
        schema.outbox: rows.outbox,
    }
    fresh = take_each(conn, {table: len(found) for table, found in numbered.items()})
    for table, found in numbered.items():
        for row, number in zip(found, fresh[table], strict=True):
            row["id"] = number
    for row in rows.attachments:
        row["message_id"] = rows.messages[row["message_id"]]["id"]
    for row in rows.outbox:
        if row["message_id"] is not None:
            row["message_id"] = rows.messages[row["message_id"]]["id"]
            row["key"] = f"say:{row['message_id']}"

"""Durable wake-ups: one row per owner, moved in place, cleared when nothing is left to wait for.

An alarm says when to look again and never what to do: whoever wakes loads the facts and decides. A restart finds every
alarm where it was.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, func, literal_column, null, select, union_all

from bot.store.driver.among import among
from bot.store.driver.bulk import delete_many, upsert_many
from bot.store.driver.plain import rows_of, rows_of_built
from bot.store.tables.schema import alarm
from sla.duration import Instant


@dataclass(frozen=True, slots=True)
class Alarm:
    """Whom to wake and when; `ticket_id` where the owner is a ticket's."""

    owner: str
    due_at: Instant
    ticket_id: int | None = None


_DUE = (
    select(alarm.c.owner, alarm.c.due_at, alarm.c.ticket_id)
    .where(alarm.c.due_at <= bindparam("now"))
    .order_by(alarm.c.due_at)
    .limit(bindparam("count"))
)
_DUE_AND_OURS = _DUE.with_for_update(skip_locked=True)
_TAKE = delete(alarm).where(among(alarm.c.owner, "owners"), alarm.c.due_at <= bindparam("now")).returning(alarm.c.owner)
_NEXT = select(func.min(alarm.c.due_at))
_first = _DUE.subquery("first")
#: What is due and when the next one is, in one question; the moment stands in a row without an owner.
_AHEAD = union_all(select(_first), select(literal_column("''"), func.min(alarm.c.due_at), null()))
#: Whoever else is at an alarm already keeps it, and nobody waits for them.
_OURS = """
SELECT owner FROM unnest($1::text[]) AS owner WHERE pg_try_advisory_xact_lock(hashtextextended(owner, 1))
"""
_OVERDUE = select(func.count()).select_from(alarm).where(alarm.c.due_at <= bindparam("now"))


def due(conn: Connection, *, now: Instant, count: int) -> Sequence[Alarm]:
    """Alarms whose moment has come, the longest overdue first.

    In a writing transaction they are also ours until it ends: on PostgreSQL other replicas pass over them.
    """
    return [Alarm(*row) for row in rows_of_built(conn, _DUE_AND_OURS, {"now": now, "count": count})]


def peek(conn: Connection, *, now: Instant, count: int) -> Sequence[Alarm]:
    """The same without claiming, for a transaction that only reads."""
    return [Alarm(*row) for row in rows_of_built(conn, _DUE, {"now": now, "count": count})]


def ahead(conn: Connection, *, now: Instant, count: int) -> tuple[Sequence[Alarm], Instant | None]:
    """What `peek` gives and what `next_due` gives, for whoever asks all the time and mostly in vain."""
    rows = rows_of_built(conn, _AHEAD, {"now": now, "count": count})
    moment = next((due_at for owner, due_at, _ in rows if not owner), None)
    return [Alarm(*row) for row in rows if row[0]], None if moment is None else Instant(moment)


def ours(conn: Connection, owners: Sequence[str]) -> Sequence[str]:
    """Those of the alarms that no other replica is deciding now. On SQLite there is only one."""
    if conn.dialect.name == "sqlite":
        return owners
    return [row.owner for row in rows_of(conn, _OURS, (list(owners),))]


def take(conn: Connection, owners: Iterable[str], *, now: Instant) -> Sequence[str]:
    """Remove those of the alarms whose moment has still come: ours to decide, in the transaction that decides them.

    Whoever decides sets the next one; an alarm that another process took or moved meanwhile is left out.
    """
    return [row.owner for row in rows_of_built(conn, _TAKE, {"owners": owners, "now": now})]


def put(conn: Connection, alarms: Iterable[Alarm]) -> None:
    """Set alarms, moving those that exist; the last one of an owner counts."""
    latest = {one.owner: {"owner": one.owner, "due_at": one.due_at, "ticket_id": one.ticket_id} for one in alarms}
    upsert_many(conn, alarm, [latest[owner] for owner in sorted(latest)])  # one order: replicas do not wait in a circle


def clear(conn: Connection, owners: Iterable[str]) -> int:
    """Remove alarms; returns how many there were."""
    return delete_many(conn, alarm, sorted(owners))


def next_due(conn: Connection) -> Instant | None:
    """When to wake next; None when nothing is armed."""
    ((at,),) = rows_of_built(conn, _NEXT, {})
    return None if at is None else Instant(at)


def overdue(conn: Connection, *, now: Instant) -> int:
    """How many alarms wait for somebody to wake."""
    return conn.execute(_OVERDUE, {"now": now}).scalar_one()

"""On which lines a high load is declared, and the tickets whose promises that eases."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from bot.store.driver.bulk import upsert_many
from bot.store.driver.ids import drawing, take
from bot.store.driver.look import rows_by_keys
from bot.store.driver.plain import rows_of
from bot.store.tables import schema
from bot.tickets.ticket import TicketId
from routing.people import LineId, PersonId, PlanId
from sla.duration import Instant

_OPEN = schema.is_one_of("ticket.status", schema.OPEN)
_KNOWN = "SELECT line, is_high, by, at FROM high_load ORDER BY line"
_EASED = f"""
SELECT DISTINCT ticket.id FROM ticket JOIN clock ON clock.ticket_id = ticket.id
WHERE ticket.plan IN {{keys}} AND {_OPEN} AND clock.state IN ('running', 'paused')
AND clock.value LIKE '%"high_load":{{{{%' ORDER BY ticket.id
"""  # noqa: S608 - words of ours
_WAITING = f"""
SELECT line, count(*) AS tickets FROM ticket WHERE assignee IS NULL AND {_OPEN} GROUP BY line
"""  # noqa: S608 - words of ours
#: One statement for both, because every message asks: who has how many open tickets, and where the load is high.
_LOADS = """
SELECT person AS name, tickets, 0 AS is_line FROM load
UNION ALL SELECT line, 0, 1 FROM high_load WHERE is_high = 1
"""
_LOADS_AND_NUMBERS = f"{_LOADS} UNION ALL SELECT NULL, id, 0 FROM ({drawing(schema.ticket)}) AS fresh"  # noqa: S608 - names of ours


@dataclass(frozen=True, slots=True)
class Declared:
    """What was last said of a line: by a person, or by the desk's own measure (`MEASURED`)."""

    line: LineId
    is_high: bool
    by: str
    at: Instant


MEASURED = "desk"


def declared(conn: Connection) -> dict[LineId, Declared]:
    """Every line of which something was said."""
    rows = rows_of(conn, _KNOWN)
    return {LineId(row.line): Declared(LineId(row.line), bool(row.is_high), row.by, Instant(row.at)) for row in rows}


def declare(conn: Connection, said: Sequence[Declared]) -> None:
    """Say it of lines, in place of what was said before."""
    rows = [{"line": one.line, "is_high": int(one.is_high), "by": one.by, "at": one.at} for one in said]
    upsert_many(conn, schema.high_load, rows)


def eased_by_load(conn: Connection, plans: Sequence[PlanId]) -> list[TicketId]:
    """Open tickets of these plans that have a clock with a longer time for a high load."""
    return [TicketId(row.id) for row in rows_by_keys(conn, _EASED, plans)]


def waiting_by_line(conn: Connection) -> dict[LineId, int]:
    """How many open tickets nobody has, by line."""
    return {LineId(row.line): row.tickets for row in rows_of(conn, _WAITING)}


def loads(conn: Connection) -> tuple[dict[PersonId, int], frozenset[LineId]]:
    """Open tickets by person, and the lines on which the load is high. The mapping is fresh: it may be counted on."""
    return _loads_from(rows_of(conn, _LOADS))


def loads_and_numbers(
    conn: Connection, count: int
) -> tuple[dict[PersonId, int], frozenset[LineId], Sequence[TicketId]]:
    """The same with so many fresh numbers for tickets, which PostgreSQL draws in the same statement."""
    if conn.dialect.name == "sqlite" or not count:
        return *loads(conn), [TicketId(number) for number in take(conn, schema.ticket, count)]
    rows = rows_of(conn, _LOADS_AND_NUMBERS, (count,))
    fresh = sorted(TicketId(row.tickets) for row in rows if row.name is None)
    return *_loads_from([row for row in rows if row.name is not None]), fresh


def _loads_from(rows: Sequence[Any]) -> tuple[dict[PersonId, int], frozenset[LineId]]:
    high = frozenset(LineId(row.name) for row in rows if row.is_line)
    return {PersonId(row.name): row.tickets for row in rows if not row.is_line}, high

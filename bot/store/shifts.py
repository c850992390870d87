"""What hangs on working hours: lines with a waiting list, people whose clients wrote while they were away, promises."""

from collections.abc import Sequence

from sqlalchemy import Connection, text

from bot.store.facts import OPEN
from bot.store.look import rows_by_keys
from bot.store.plain import rows_of
from bot.tickets.ticket import TicketId
from routing.people import LineId

_WAITING = f"SELECT DISTINCT line FROM ticket WHERE assignee IS NULL AND {OPEN} ORDER BY line"  # noqa: S608 - ours
_OWING = text(
    f"SELECT id FROM ticket WHERE id > :after AND next_due IS NOT NULL AND {OPEN} ORDER BY id LIMIT :count"  # noqa: S608 - ours
)
_ARMED = "SELECT owner FROM alarm WHERE owner IN {keys}"


def lines_waiting(conn: Connection) -> list[LineId]:
    """The lines that have open tickets which nobody has."""
    return [LineId(row.line) for row in rows_of(conn, _WAITING)]


def armed(conn: Connection, owners: Sequence[str]) -> list[str]:
    """Those of these owners who have an alarm set."""
    return [row.owner for row in rows_by_keys(conn, _ARMED, owners)]


def owing_after(conn: Connection, after: TicketId, *, count: int) -> list[TicketId]:
    """Open tickets with a promise that runs, by number, beyond the one named."""
    return [TicketId(number) for number in conn.execute(_OWING, {"after": after, "count": count}).scalars()]

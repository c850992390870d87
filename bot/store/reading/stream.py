"""What happens at the desk, event after event, for whoever follows it."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from bot.tickets.ticket import TicketId
from sla.duration import Instant

#: On PostgreSQL a lower id may be committed after a higher one: each look starts this far back.
OVERLAP = 256

_NEWEST = text("SELECT coalesce(max(id), 0) FROM event")
_SINCE = text("SELECT id, ticket_id, what, by, why, at FROM event WHERE id > :after ORDER BY id LIMIT :count")


@dataclass(frozen=True, slots=True)
class Happened:
    """One event of one ticket."""

    id: int
    ticket: TicketId
    what: str
    by: str
    why: str
    at: Instant


class Stream:
    """Gives each event once, in the order it is found. `behind` is how many of the past come first."""

    def __init__(self, *, behind: int = 0) -> None:
        self._behind = behind
        self._newest: int | None = None
        self._seen: set[int] = set()

    def look(self, conn: Connection) -> list[Happened]:
        """The events that are new since the last look."""
        if self._newest is None:
            self._newest = conn.execute(_NEWEST).scalar_one()
            past = self._since(conn, self._newest - max(self._behind, OVERLAP))
            self._seen = {one.id for one in past}
            return past[len(past) - min(self._behind, len(past)) :]
        fresh = [one for one in self._since(conn, self._newest - OVERLAP) if one.id not in self._seen]
        self._seen |= {one.id for one in fresh}
        self._newest = max([self._newest, *self._seen])
        self._seen = {known for known in self._seen if known > self._newest - OVERLAP}
        return fresh

    def _since(self, conn: Connection, after: int) -> list[Happened]:
        rows = conn.execute(_SINCE, {"after": after, "count": max(self._behind, OVERLAP) * 4})
        return [Happened(row.id, TicketId(row.ticket_id), row.what, row.by, row.why, row.at) for row in rows]

"""Which promises somebody waits for still, for what was decided to be said about one of them a while ago."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection

from bot.store.driver.look import rows_by_keys

_OWED: Final = """
SELECT ticket_id, metric, started_at FROM clock
WHERE ticket_id IN {keys} AND state IN ('running', 'paused', 'breached')
"""


@dataclass(frozen=True, slots=True)
class Owed:
    """The starts of what is owed, by ticket and metric."""

    starts: Mapping[tuple[int, str], Sequence[int]]

    def has(self, ticket: int | None, guard: Mapping[str, Any]) -> bool:
        """Whether the clock is owed that the guard of a message names. One that began earlier since is the same."""
        since = guard.get("started_at")
        starts = self.starts.get((ticket or 0, str(guard.get("metric"))), ())
        return since is not None and any(start <= since for start in starts)


def owed(conn: Connection, tickets: Sequence[int]) -> Owed:
    """What is owed on these tickets."""
    starts: dict[tuple[int, str], list[int]] = defaultdict(list)
    for row in rows_by_keys(conn, _OWED, tickets):
        starts[row.ticket_id, row.metric].append(row.started_at)
    return Owed(starts)

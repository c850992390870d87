"""Changes of several tables as one statement of PostgreSQL's: a round trip instead of one for each.

Its parts see the tables as they were before, not what the others write, and foreign keys are looked at when all are
done. So each table comes once, and no part may read another's.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

_MARK = re.compile(r"\$(\d+)")


@dataclass(slots=True)
class Joined:
    """Changes that wait to be made: one of each table, by the values it takes for `$1`, `$2` and so on."""

    _parts: dict[str, tuple[str, Sequence[Any]]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self._parts)

    def has(self, table: str) -> bool:
        """Whether this table is changed already."""
        return table in self._parts

    def add(self, table: str, sql: str, values: Sequence[Any]) -> None:
        """Let this wait too."""
        self._parts[table] = (sql, values)

    def taken(self) -> tuple[str, Sequence[Any]]:
        """The statement of all that waits, with its values; nothing waits after that."""
        parts, self._parts = list(self._parts.values()), {}
        sql = _statement(tuple((sql, len(values)) for sql, values in parts))
        return sql, tuple(value for _, values in parts for value in values)


@lru_cache(maxsize=512)
def _statement(parts: tuple[tuple[str, int], ...]) -> str:
    """The last part is the statement, the others stand before it; each takes its values behind theirs."""
    shifted: list[str] = []
    behind = 0
    for sql, width in parts:
        shifted.append(_MARK.sub(lambda mark, behind=behind: f"${int(mark[1]) + behind}", sql))  # type: ignore[misc]
        behind += width
    *before, last = shifted
    if not before:
        return last
    return f"WITH {', '.join(f'part{place} AS ({sql})' for place, sql in enumerate(before))} {last}"

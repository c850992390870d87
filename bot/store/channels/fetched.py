"""Files that a channel was asked for lately: the same file, named again, is not fetched again."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, select

from bot.store.driver.bulk import upsert_many
from bot.store.tables.channel_schema import fetched_file
from sla.duration import Instant


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file by the channel's own `mark`, which is the same wherever it comes up, and what names its bytes here."""

    mark: str
    digest: str
    size: int
    at: Instant


_FIND = select(fetched_file).where(fetched_file.c.mark == bindparam("wanted"))
_OLD = delete(fetched_file).where(fetched_file.c.at < bindparam("before"))


def keep(conn: Connection, fetched: Sequence[Fetched]) -> Sequence[None]:
    """Remember files by their marks. A Change."""
    rows = {
        one.mark: {"mark": one.mark, "digest": one.digest, "size": one.size, "at": one.at}
        for one in sorted(fetched, key=lambda one: one.mark)
    }
    upsert_many(conn, fetched_file, list(rows.values()))
    return [None] * len(fetched)


def find(conn: Connection, mark: str) -> Fetched | None:
    """The file of that mark."""
    row = conn.execute(_FIND, {"wanted": mark}).mappings().first()
    return Fetched(**row) if row is not None else None


def forget(conn: Connection, *, before: Instant) -> int:
    """Forget what was fetched before that; returns how many. Their bytes stay."""
    return conn.execute(_OLD, {"before": before}).rowcount

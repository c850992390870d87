"""Fresh numbers for new rows, taken many at a time.

In SQLite the writer is alone, so the next number is one more than the highest and numbers have no gaps. PostgreSQL
draws them from a sequence per table: two replicas never draw the same one, and a transaction that fails leaves a gap.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, Table

from bot.store import schema
from bot.store.plain import rows_of

#: Tables whose `id` is drawn here; the migration makes one sequence for each on PostgreSQL.
NUMBERED = tuple(table for table in schema.metadata.sorted_tables if [*table.primary_key.columns.keys()] == ["id"])


def sequence_name(table: Table) -> str:
    """What the table's sequence is called on PostgreSQL."""
    return f"seq_{table.name}_id"


def take(conn: Connection, table: Table, count: int) -> Sequence[int]:
    """So many fresh ids, rising. They are ours only inside this transaction until the rows are written."""
    if not count:
        return ()
    if conn.dialect.name == "sqlite":
        ((last,),) = rows_of(conn, f"SELECT coalesce(max(id), 0) FROM {table.name}")  # noqa: S608 - a name of ours
        return range(last + 1, last + 1 + count)
    draw = f"SELECT nextval('{sequence_name(table)}') FROM generate_series(1, $1::int)"  # noqa: S608 - a name of ours
    return list(conn.exec_driver_sql(draw, (count,)).scalars())

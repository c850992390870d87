"""Looking many rows up by one key each, in one statement that uses the index on both databases.

SQLite reads the keys as JSON, PostgreSQL as an array. An IN over tuples scanned the whole index on SQLite when it was
measured, so every look-up here goes by a single column.
"""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row

from bot.store.driver.plain import rows_of


def rows_by_keys(conn: Connection, query: str, keys: Sequence[str] | Sequence[int]) -> Sequence[Row[Any]]:
    """Run `query`, in which `{keys}` stands behind IN for the keys given; no keys, no query."""
    if not keys:
        return ()
    if conn.dialect.name == "sqlite":
        return rows_of(conn, query.format(keys="(SELECT value FROM json_each(?))"), (json.dumps(list(keys)),))
    kind = "text" if isinstance(keys[0], str) else "bigint"
    return rows_of(conn, query.format(keys=f"(SELECT unnest($1::{kind}[]))"), (list(keys),))

"""The database's own clock, for what replicas must agree on: who holds a lease, and whose claim has run out.

It measures how long a process may be silent, never a promise; promises count in the `now` they are given.
"""

from sqlalchemy import Connection

from bot.store.driver.plain import rows_of
from sla.duration import Instant

_SQLITE = "SELECT CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)"
_POSTGRES = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)"


def clock_of(conn: Connection) -> str:
    """The query that reads it, for whoever asks something else with it."""
    return _SQLITE if conn.dialect.name == "sqlite" else _POSTGRES


def database_now(conn: Connection) -> Instant:
    """The present moment, as the database sees it."""
    ((at,),) = rows_of(conn, clock_of(conn))
    return Instant(at)

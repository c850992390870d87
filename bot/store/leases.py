"""What only one process may do (poll a bot's updates, read a mailbox), and how the others know who does.

A lease is held until a moment of the database's clock. Every change of hands raises its epoch, and whoever writes on
the strength of a lease checks its epoch in the same transaction: a process that slept through its time finds out before
it can do harm.
"""

from datetime import timedelta

from sqlalchemy import Connection, bindparam, select, update

from bot.store.driver.bulk import insert_many
from bot.store.driver.database_time import database_now
from bot.store.errors import LeaseLostError
from bot.store.tables.schema import lease
from sla.duration import later

_TAKE = (
    update(lease)
    .where(lease.c.name == bindparam("which"))
    .where((lease.c.expires_at <= bindparam("clock")) | (lease.c.owner == bindparam("who")))
    .values(owner=bindparam("who"), epoch=lease.c.epoch + 1, expires_at=bindparam("until"))
    .returning(lease.c.epoch)
)
_HELD = (lease.c.name == bindparam("which")) & (lease.c.epoch == bindparam("held"))
_RENEW = update(lease).where(_HELD, lease.c.expires_at > bindparam("clock")).values(expires_at=bindparam("until"))
_RELEASE = update(lease).where(_HELD).values(owner="", expires_at=0)
_GUARD = select(lease.c.epoch).where(_HELD, lease.c.expires_at > bindparam("clock")).with_for_update(read=True)
_HOLDER = select(lease.c.owner).where(lease.c.name == bindparam("which"), lease.c.expires_at > bindparam("clock"))


def acquire(conn: Connection, name: str, *, owner: str, lease_for: timedelta) -> int | None:
    """Take the lease if it is free, over, or our own from before; returns its new epoch, None while another has it."""
    insert_many(conn, lease, [{"name": name, "owner": "", "expires_at": 0}], skip_existing=True)
    clock = database_now(conn)
    return conn.execute(_TAKE, {"which": name, "who": owner, "clock": clock, "until": later(clock, lease_for)}).scalar()


def renew(conn: Connection, name: str, *, epoch: int, lease_for: timedelta) -> None:
    """Hold the lease longer; LeaseLostError once it has run out or another took it."""
    clock = database_now(conn)
    values = {"which": name, "held": epoch, "clock": clock, "until": later(clock, lease_for)}
    if conn.execute(_RENEW, values).rowcount != 1:
        raise LeaseLostError(f"the lease {name} was lost")


def release(conn: Connection, name: str, *, epoch: int) -> None:
    """Give the lease back early; nothing happens if it was lost already."""
    conn.execute(_RELEASE, {"which": name, "held": epoch})


def guard(conn: Connection, name: str, *, epoch: int) -> None:
    """Let this transaction go on only while we hold the lease; it cannot change hands before the commit."""
    if conn.execute(_GUARD, {"which": name, "held": epoch, "clock": database_now(conn)}).first() is None:
        raise LeaseLostError(f"the lease {name} was lost")


def holder(conn: Connection, name: str) -> str | None:
    """Who has the lease now."""
    return conn.execute(_HOLDER, {"which": name, "clock": database_now(conn)}).scalar()

"""Bringing a database to the schema this version works with, and refusing one that is ahead of it.

An upgrade is one transaction: killed half-way, it never happened. A SQLite file is copied first; the copy stays beside
it until somebody removes it.
"""

import asyncio
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text

from bot.store.driver.backup import copy_sqlite
from bot.store.driver.database import Database
from bot.store.errors import NewerSchemaError, UnusableDatabaseError

_MIGRATIONS: Final = Path(__file__).parents[1] / "migrations"
#: The newest of them, written down so that a start need not read them; a test holds it against them.
NEWEST: Final = "0004"


async def upgrade(database: Database, *, scripts: Path = _MIGRATIONS) -> str | None:
    """Bring the database to the newest schema of `scripts`; returns the version it had, None for an empty one.

    Raises NewerSchemaError if it has migrations we do not know.
    """
    before = await database.read(_version)
    target = newest(scripts)
    if before == target:
        return before
    from bot.store.driver import scripts as alembic  # noqa: PLC0415 - see there

    _refuse_newer(before, alembic.known_in(scripts))
    if before is not None and database.path is not None:
        kept = database.path.with_name(f"{database.path.name}.before-{target}")
        await asyncio.to_thread(copy_sqlite, database.path, kept)
    await database.write(partial(alembic.run, scripts))
    return before


async def check(database: Database) -> None:
    """Raise a DatabaseError unless the database has exactly the schema of this version."""
    version = await database.read(_version)
    if version == NEWEST:
        return
    from bot.store.driver.scripts import known_in  # noqa: PLC0415 - see there

    _refuse_newer(version, known_in(_MIGRATIONS))
    raise UnusableDatabaseError("the database is older than this version of Maitred: run maitred db upgrade")


async def current(database: Database) -> str | None:
    """The version of the database's schema; None for an empty one."""
    return await database.read(_version)


def newest(scripts: Path = _MIGRATIONS) -> str:
    """The version this program works with."""
    if scripts == _MIGRATIONS:
        return NEWEST
    from bot.store.driver.scripts import newest_in  # noqa: PLC0415 - see there

    head = newest_in(scripts)
    if head is None:
        raise UnusableDatabaseError("this installation lacks its migrations: install Maitred again")
    return head


def _version(conn: Connection) -> str | None:
    if not inspect(conn).has_table("alembic_version"):
        return None
    version: str | None = conn.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return version


def _refuse_newer(version: str | None, known: set[str]) -> None:
    if version is not None and version not in known:
        raise NewerSchemaError(
            f"the database was written by a newer Maitred (schema {version}, ours is {NEWEST}): install that version"
        )

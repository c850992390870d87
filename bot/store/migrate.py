"""Bringing a database to the schema this version works with, and refusing one that is ahead of it.

An upgrade is one transaction: killed half-way, it never happened. A SQLite file is copied first; the copy stays beside
it until somebody removes it.
"""

import asyncio
from functools import partial
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from bot.store.backup import copy_sqlite
from bot.store.engine import Database
from bot.store.errors import NewerSchemaError, UnusableDatabaseError

_MIGRATIONS = Path(__file__).parent / "migrations"
#: One replica upgrades, the others wait; any number will do as long as nothing else of ours uses it.
_UPGRADE_LOCK = 7_246_001


async def upgrade(database: Database, *, scripts: Path = _MIGRATIONS) -> str | None:
    """Bring the database to the newest schema of `scripts`; returns the version it had, None for an empty one.

    Raises NewerSchemaError if it has migrations we do not know.
    """
    before = await database.read(_version)
    _refuse_newer(before, scripts)
    target = newest(scripts)
    if before == target:
        return before
    if before is not None and database.path is not None:
        kept = database.path.with_name(f"{database.path.name}.before-{target}")
        await asyncio.to_thread(copy_sqlite, database.path, kept)
    await database.write(partial(_upgrade, scripts))
    return before


async def check(database: Database) -> None:
    """Raise a DatabaseError unless the database has exactly the schema of this version."""
    version = await database.read(_version)
    _refuse_newer(version, _MIGRATIONS)
    if version != newest():
        raise UnusableDatabaseError("the database is older than this version of Maitred: run maitred db upgrade")


async def current(database: Database) -> str | None:
    """The version of the database's schema; None for an empty one."""
    return await database.read(_version)


def newest(scripts: Path = _MIGRATIONS) -> str:
    """The version this program works with."""
    head = ScriptDirectory.from_config(_config(scripts)).get_current_head()
    if head is None:
        raise UnusableDatabaseError("this installation lacks its migrations: install Maitred again")
    return head


def _config(scripts: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(scripts))
    config.set_main_option("path_separator", "os")
    return config


def _version(conn: Connection) -> str | None:
    return MigrationContext.configure(conn).get_current_revision()


def _refuse_newer(version: str | None, scripts: Path) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(_config(scripts)).walk_revisions()}
    if version is not None and version not in known:
        raise NewerSchemaError(
            f"the database was written by a newer Maitred (schema {version}, ours is {newest(scripts)}): "
            "install that version"
        )


def _upgrade(scripts: Path, conn: Connection) -> None:
    if conn.dialect.name == "sqlite":
        conn.execute(text("PRAGMA defer_foreign_keys = ON"))  # a rebuilt table may be away for a moment
    else:
        conn.execute(text(f"SELECT pg_advisory_xact_lock({_UPGRADE_LOCK})"))
    config = _config(scripts)
    config.attributes["connection"] = conn
    command.upgrade(config, "head")

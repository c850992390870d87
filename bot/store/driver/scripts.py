"""The migrations as Alembic sees them.

Imported only where a database is not at the newest: Alembic takes half as long to import as all the rest of the store.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

#: One replica upgrades, the others wait; any number will do as long as nothing else of ours uses it.
_UPGRADE_LOCK = 7_246_001


def newest_in(scripts: Path) -> str | None:
    """The version that no other one follows."""
    return ScriptDirectory.from_config(_config(scripts)).get_current_head()


def known_in(scripts: Path) -> set[str]:
    """Every version there is."""
    return {script.revision for script in ScriptDirectory.from_config(_config(scripts)).walk_revisions()}


def run(scripts: Path, conn: Connection) -> None:
    """Bring the database to the newest version, in the transaction of the connection."""
    if conn.dialect.name == "sqlite":
        conn.execute(text("PRAGMA defer_foreign_keys = ON"))  # a rebuilt table may be away for a moment
    else:
        conn.execute(text(f"SELECT pg_advisory_xact_lock({_UPGRADE_LOCK})"))
    config = _config(scripts)
    config.attributes["connection"] = conn
    command.upgrade(config, "head")


def _config(scripts: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(scripts))
    config.set_main_option("path_separator", "os")
    return config

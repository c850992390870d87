"""The migrations make exactly the schema the program works with, and no other schema is worked with."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection

from bot.store.driver import migrate, scripts
from bot.store.driver.database import Database
from bot.store.driver.engine import open_database
from bot.store.driver.ids import NUMBERED, sequence_name, take
from bot.store.driver.migrate import check, current, newest, upgrade
from bot.store.errors import NewerSchemaError, UnusableDatabaseError
from bot.store.remembered import recall, remember
from bot.store.tables import call_schema, care_schema, channel_schema

_MIGRATIONS = Path(migrate.__file__).parents[1] / "migrations"
_SQLITE_SCHEMA = (
    "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'alembic%' AND type <> 'trigger' AND sql <> ''"
)
_POSTGRES_SCHEMA = """
    SELECT 'column', table_name || '.' || column_name, data_type || is_nullable || coalesce(column_default, '')
    FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE 'alembic%'
    UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes
    WHERE schemaname = 'public' AND tablename NOT LIKE 'alembic%'
    UNION ALL SELECT 'constraint', conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND conname NOT LIKE 'alembic%'
"""


def described(conn: Connection) -> set[tuple[str, ...]]:
    query = _SQLITE_SCHEMA if conn.dialect.name == "sqlite" else _POSTGRES_SCHEMA
    return {tuple(" ".join(str(part).split()) for part in row) for row in conn.exec_driver_sql(query)}


async def test_the_migrated_schema_is_the_one_the_program_knows(database: Database, empty_url: str) -> None:
    other = await open_database(empty_url)
    (known_tables,) = {one.metadata for one in (channel_schema.button, care_schema.joined_contact, call_schema.call)}
    await other.write(known_tables.create_all)

    migrated, known = await database.read(described), await other.read(described)
    await other.close()

    assert migrated == known


async def test_an_empty_database_is_brought_up_once(empty_url: str) -> None:
    database = await open_database(empty_url)
    with pytest.raises(UnusableDatabaseError, match="maitred db upgrade"):
        await check(database)

    assert await upgrade(database) is None
    assert await upgrade(database) == newest()

    assert await current(database) == newest() == scripts.newest_in(_MIGRATIONS)
    await check(database)
    await database.close()


async def test_a_newer_schema_is_refused_with_a_sentence(database: Database) -> None:
    await database.write(lambda conn: conn.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'"))

    for start in (check, upgrade):
        with pytest.raises(NewerSchemaError, match="newer Maitred"):
            await start(database)


async def test_every_numbered_table_has_its_numbers(database: Database) -> None:
    def numbers(conn: Connection) -> list[int]:
        return [next(iter(take(conn, table, 1))) for table in NUMBERED]

    assert await database.write(numbers) == [1] * len(NUMBERED)
    assert {sequence_name(table) for table in NUMBERED} >= {"seq_ticket_id", "seq_message_id", "seq_inbound_id"}


async def test_an_upgrade_that_fails_half_way_never_happened(empty_url: str) -> None:
    database = await open_database(empty_url)
    await database.write(lambda conn: conn.exec_driver_sql("CREATE TABLE ticket (id BIGINT)"))  # stands in the way

    with pytest.raises(Exception, match="ticket"):
        await upgrade(database)

    assert await current(database) is None
    await database.write(lambda conn: conn.exec_driver_sql("DROP TABLE ticket"))
    assert await upgrade(database) is None
    await check(database)
    await database.close()


@pytest.fixture
def later_scripts(tmp_path: Path) -> Path:
    """The migrations of a later version: one more than ours."""
    place = tmp_path / "migrations"
    shutil.copytree(_MIGRATIONS, place)
    (place / "versions" / "v0002_a_later_one.py").write_text(
        "from alembic import op\n"
        "import sqlalchemy as sa\n"
        f'revision, down_revision = "later", "{newest()}"\n'
        'def upgrade(): op.add_column("setting", sa.Column("note", sa.Text))\n'
    )
    return place


async def test_an_upgrade_keeps_the_rows_and_a_copy_of_a_sqlite_file(database: Database, later_scripts: Path) -> None:
    await database.write(lambda conn: remember(conn, "greeting", "hello"))

    assert await upgrade(database, scripts=later_scripts) == newest()

    assert await current(database) == "later"
    assert await database.read(lambda conn: recall(conn, "greeting")) == "hello"
    if database.path is not None:
        with closing(sqlite3.connect(database.path.with_name("maitred.db.before-later"))) as copy:
            assert copy.execute("SELECT version_num FROM alembic_version").fetchone() == (newest(),)
            assert copy.execute("SELECT value FROM setting").fetchone() == ("hello",)
    with pytest.raises(NewerSchemaError):
        await check(database)

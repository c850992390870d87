"""One `database` for every test of the store, on SQLite and on PostgreSQL."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bot.store.driver.committer import Committer
from bot.store.driver.database import Database
from bot.store.driver.engine import open_database
from bot.store.driver.migrate import upgrade
from bot.store.driver.sqlite import SqliteDatabase
from tests.peers.postgres import PostgresServer


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the schema and no rows, to be copied."""
    path = tmp_path_factory.mktemp("store") / "maitred.db"
    asyncio.run(_migrate(f"sqlite+aiosqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def migrated_server(postgres: PostgresServer) -> str:
    """The same in PostgreSQL."""
    url = postgres.new_database()
    asyncio.run(_migrate(url))
    return url


@pytest.fixture
def sqlite_path(migrated_file: Path, tmp_path: Path) -> Path:
    """A SQLite file of this test's own."""
    return Path(shutil.copy(migrated_file, tmp_path / "maitred.db"))


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated database of this test's own, on each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{request.getfixturevalue('sqlite_path')}"
    new: Callable[..., str] = request.getfixturevalue("database_url_factory")
    return new(template=request.getfixturevalue("migrated_server"))


@pytest.fixture
def empty_url(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> str:
    """Another place of the same kind, with nothing in it."""
    if database_url.startswith("sqlite"):
        return f"sqlite+aiosqlite:///{tmp_path / 'elsewhere' / 'maitred.db'}"
    new: Callable[..., str] = request.getfixturevalue("database_url_factory")
    return new()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The same, open."""
    opened = await open_database(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def sqlite(sqlite_path: Path) -> AsyncIterator[SqliteDatabase]:
    """An open SQLite file whose writer gives up on a lock after a moment."""
    opened = SqliteDatabase(sqlite_path, busy_for_ms=50)
    yield opened
    await opened.close()


@pytest.fixture
async def committer(database: Database) -> AsyncIterator[Committer]:
    """A committer on this test's database."""
    made = Committer(database)
    yield made
    await made.close()


async def _migrate(url: str) -> None:
    database = await open_database(url)
    await upgrade(database)
    await database.close()

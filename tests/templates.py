"""Empty databases with their tables: every test that wants one of its own begins with a copy.

To make the tables costs more than most of what is tested on them.
"""

import asyncio
import sqlite3
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import cache
from pathlib import Path

import pytest

from bot.store.driver.engine import open_database
from bot.store.driver.migrate import upgrade
from tests.peers.memory import scratch
from tests.peers.postgres import PostgresServer


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "story.db"
    _migrate(f"sqlite+aiosqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer) -> Iterator[str]:
    url = postgres.new_database()
    _migrate(url)
    yield url
    postgres.drop_database(url)


def new_sqlite(path: Path) -> str:
    """A SQLite file with its tables; its URL."""
    path.write_bytes(_empty_file())
    return f"sqlite+aiosqlite:///{path}"


@cache
def _empty_file() -> bytes:
    with tempfile.TemporaryDirectory(dir=scratch()) as folder:
        path = Path(folder) / "empty.db"
        _migrate(f"sqlite+aiosqlite:///{path}")
        with closing(sqlite3.connect(path)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return path.read_bytes()


def _migrate(url: str) -> None:
    async def migrate() -> None:
        database = await open_database(url)
        await upgrade(database)
        await database.close()

    with ThreadPoolExecutor(max_workers=1) as pool:  # whoever asks first may be inside a loop
        pool.submit(asyncio.run, migrate()).result()

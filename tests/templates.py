"""Empty databases with their tables: every test that wants one of its own begins with a copy."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.store.driver.engine import open_database
from bot.store.driver.migrate import upgrade
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


def _migrate(url: str) -> None:
    async def migrate() -> None:
        database = await open_database(url)
        await upgrade(database)
        await database.close()

    asyncio.run(migrate())

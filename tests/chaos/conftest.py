"""A database of either kind on which the desk of the fault tests is in force."""

import asyncio
import shutil
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from bot.desk.applying import apply_document
from bot.store.driver.engine import open_database
from bot.store.driver.migrate import upgrade
from tests.builders import document
from tests.chaos.driver import DESK, START
from tests.peers.postgres import PostgresServer


@pytest.fixture(scope="session")
def applied_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file to be copied."""
    path = tmp_path_factory.mktemp("chaos") / "maitred.db"
    asyncio.run(_applied(f"sqlite+aiosqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def applied_server(postgres: PostgresServer) -> str:
    """The same in PostgreSQL."""
    url = postgres.new_database()
    asyncio.run(_applied(url))
    return url


@pytest.fixture
def migrated_url(database_url_factory: Callable[..., str], postgres_template: str) -> str:
    """A database in PostgreSQL that has its tables, and no desk yet."""
    return database_url_factory(template=postgres_template)


@pytest.fixture
def new_database(request: pytest.FixtureRequest, kind: str, tmp_path: Path) -> Callable[[], str]:
    """Makes databases of the `kind` a test is about: `sqlite` or `postgresql`."""
    if kind == "sqlite":
        file: Path = request.getfixturevalue("applied_file")
        numbers = count(1)
        return lambda: f"sqlite+aiosqlite:///{shutil.copy(file, tmp_path / f'chaos-{next(numbers)}.db')}"
    new: Callable[..., str] = request.getfixturevalue("database_url_factory")
    return partial(new, template=request.getfixturevalue("applied_server"))


async def _applied(url: str) -> None:
    database = await open_database(url)
    await upgrade(database)
    await apply_document(database, document(DESK), at=START, by="chaos")
    await database.close()

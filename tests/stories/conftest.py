"""The desk of a story, on SQLite; a module that says so (`DATABASES`) is told on PostgreSQL as well."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest

from bot.app.simulation.stepping import OwnedTime
from bot.desk.applying import apply_document
from bot.store.driver.database import Database
from bot.store.driver.engine import open_database
from sla.duration import instant
from tests.builders import STORY_DESK, document
from tests.harness import ALL_CHANNELS, NOON, Story, new_desk
from tests.kept import LOOP, Kept
from tests.story_parts import StoryChannel, StoryDatabase

MakeStory = Callable[..., Awaitable[Story]]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for name in {"story_url", "open_story"} & {*metafunc.fixturenames}:
        metafunc.parametrize(name, getattr(metafunc.module, "DATABASES", ("sqlite",)), indirect=True)


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Stories run in one loop, one after the other, as the kept database does."""
    return {"lasting": lambda: LOOP}


@pytest.fixture
def story_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of the story's own."""
    if request.param == "sqlite":
        copy = shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "story.db")
        return f"sqlite+aiosqlite:///{copy}"
    factory: Callable[..., str] = request.getfixturevalue("database_url_factory")
    return factory(request.getfixturevalue("postgres_template"))


@pytest.fixture
def open_story(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Awaitable[Database]]:
    """Opens a database that nobody else's rows are in."""
    if request.param == "sqlite":
        copy = shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "story.db")
        return partial(open_database, f"sqlite+aiosqlite:///{copy}")
    kept: Kept = request.getfixturevalue("kept_postgres")
    return kept.emptied


@pytest.fixture
async def make_desk(open_story: Callable[[], Awaitable[Database]]) -> AsyncIterator[MakeStory]:
    """Build a story's desk; `desk` is TOML, `start` the moment it begins."""
    async with AsyncExitStack() as stack:

        async def make(desk: str = STORY_DESK, *, start: datetime = NOON) -> Story:
            database = StoryDatabase(await open_story())
            stack.push_async_callback(database.close)
            time = OwnedTime(instant(start))
            await apply_document(database, document(desk), at=time.at, by="story")
            channels = {channel: StoryChannel(channel, now=time.moment) for channel in ALL_CHANNELS}
            story = Story(new_desk(database, channels, time), time, database, channels)
            await story.desk.prepare(is_alone=True)
            stack.push_async_callback(story.ends)
            return story

        yield make


@pytest.fixture
async def desk(make_desk: MakeStory) -> Story:
    """The usual desk at noon on a Tuesday."""
    return await make_desk()

"""The desk of a story, on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from adapters.fake import FakeChannel
from adapters.message import Channel
from bot.desk.applying import apply_document
from bot.desk.desk import Desk
from bot.now import Timekeeper
from bot.store.engine import open_database
from bot.store.migrate import upgrade
from tests.builders import STORY_DESK, document
from tests.harness import ALL_CHANNELS, NOON, OwnedTime, Story

MakeStory = Callable[..., Awaitable[Story]]


@pytest.fixture(params=["sqlite", "postgresql"])
async def make_desk(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[MakeStory]:
    """Build a story's desk; `desk` is TOML, `start` the moment it begins."""
    async with AsyncExitStack() as stack:

        async def make(desk: str = STORY_DESK, *, start: object = NOON) -> Story:
            if request.param == "sqlite":
                url = f"sqlite+aiosqlite:///{tmp_path}/story.db"
            else:
                url = request.getfixturevalue("postgres_url")
            database = await open_database(url)
            stack.push_async_callback(database.close)
            await upgrade(database)
            time = OwnedTime(start)  # type: ignore[arg-type]
            await apply_document(database, document(desk), at=time.at, by="story")
            channels = {channel: FakeChannel(channel, now=time.moment) for channel in ALL_CHANNELS}
            story_desk = Desk(database, channels, Timekeeper(wall=time.now))
            for fake in channels.values():
                fake.connect(story_desk.intake.journal, story_desk.commands.press)
            await story_desk.prepare(is_alone=True)
            stack.push_async_callback(story_desk.drain)
            return Story(story_desk, time, channels)

        yield make


@pytest.fixture
async def desk(make_desk: MakeStory) -> Story:
    """The usual desk at noon on a Tuesday."""
    return await make_desk()

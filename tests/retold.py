"""Stories told once more, a channel of theirs being the real adapter: what the rooms that do so share.

Each room says which stories cannot be told there, each with its reason, and what stands for its channel.
"""

import shutil
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from pathlib import Path

import pytest

from adapters.message import Channel
from bot.app.simulation.stepping import OwnedTime
from bot.desk.applying import apply_document
from bot.store.driver.engine import open_database
from sla.duration import instant
from tests.builders import STORY_DESK, document
from tests.harness import ALL_CHANNELS, NOON, Story, new_desk
from tests.stories.conftest import MakeStory
from tests.story_parts import Stage, StoryChannel, StoryDatabase

#: Puts the real adapter on a stage: for a story's database, in the story's time.
Raise = Callable[[StoryDatabase, Callable[[], datetime]], Stage]


def leave_out(config: pytest.Config, items: list[pytest.Item], names: Collection[str], room: Path) -> None:
    """Tell no story of these names in a room, and say how many that are."""
    left_out = [item for item in items if item.name in names and item.path.parent == room]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@asynccontextmanager
async def retelling(
    channel: Channel, stage_for: Raise, template: Path, folder: Path, *, speaks_on: Channel = Channel.TELEGRAM
) -> AsyncIterator[MakeStory]:
    """Build desks as stories do. `speaks_on` is where clients write in a story that names no channel."""
    async with AsyncExitStack() as stack:

        async def make(desk: str = STORY_DESK, *, start: datetime = NOON) -> Story:
            copy = shutil.copy(template, folder / "story.db")
            database = StoryDatabase(await open_database(f"sqlite+aiosqlite:///{copy}"))
            stack.push_async_callback(database.close)
            time = OwnedTime(instant(start))
            await apply_document(database, document(desk), at=time.at, by="story")
            stage = stage_for(database, time.moment)
            channels: dict[Channel, StoryChannel] = {
                one: stage if one is channel else StoryChannel(one, now=time.moment) for one in ALL_CHANNELS
            }
            story = Story(new_desk(database, channels, time), time, database, channels, speaks_on=speaks_on)
            await story.desk.prepare(is_alone=True)
            stack.push_async_callback(story.ends)
            stack.push_async_callback(stage.close)
            return story

        yield make

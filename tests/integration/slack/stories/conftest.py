"""Stories told once more, their Slack being the real adapter with Slack's emulator behind it.

Each file of this room names a file of tests/stories whose stories hold there as well.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path

import pytest

from adapters.message import Channel
from bot.app.stepping import OwnedTime
from bot.desk.applying import apply_document
from bot.store.engine import open_database
from bot.store.migrate import upgrade
from sla.duration import instant
from tests.builders import STORY_DESK, document
from tests.harness import ALL_CHANNELS, NOON, Story, new_desk
from tests.integration.slack.stage import SlackStage
from tests.peers.slack_front import SlackFront
from tests.stories.conftest import MakeStory
from tests.story_parts import StoryChannel, StoryDatabase

#: What cannot be told in Slack, each with the reason.
NOT_IN_SLACK = {
    "test_a_file_under_a_card_goes_to_the_client_too": "a story's file has no bytes; test_whole_way.py sends real ones",
    "test_a_reply_that_has_not_left_yet_can_be_taken_back[deleted]": "a message that is gone bears no sign",
    "test_a_time_is_given_in_words_from_the_card": "in Slack a moment is picked, not written",
    "test_leads_whom_slack_refuses_one_by_one_as_well_are_each_told_once": "it counts sends; here they go side by side",
    "test_nobody_but_our_people_presses_a_button_and_who_tries_is_written_down[a bot]": "no bot can press in Slack",
}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave those out, and say how many."""
    left_out = [item for item in items if item.name in NOT_IN_SLACK and item.path.parent == Path(__file__).parent]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def slack_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database with its tables: every story begins with a copy."""
    path = tmp_path_factory.mktemp("template") / "story.db"

    async def migrate() -> None:
        database = await open_database(f"sqlite+aiosqlite:///{path}")
        await upgrade(database)
        await database.close()

    asyncio.run(migrate())
    return path


@pytest.fixture
async def make_desk(slack: SlackFront, slack_template: Path, tmp_path: Path) -> AsyncIterator[MakeStory]:
    async with AsyncExitStack() as stack:

        async def make(desk: str = STORY_DESK, *, start: datetime = NOON) -> Story:
            copy = shutil.copy(slack_template, tmp_path / "story.db")
            database = StoryDatabase(await open_database(f"sqlite+aiosqlite:///{copy}"))
            stack.push_async_callback(database.close)
            time = OwnedTime(instant(start))
            await apply_document(database, document(desk), at=time.at, by="story")
            stage = SlackStage(slack, now=time.moment)
            channels: dict[Channel, StoryChannel] = {
                one: stage if one is Channel.SLACK else StoryChannel(one, now=time.moment) for one in ALL_CHANNELS
            }
            story = Story(new_desk(database, channels, time), time, database, channels)
            await story.desk.prepare(is_alone=True)
            stack.push_async_callback(story.ends)
            stack.push_async_callback(stage.close)
            return story

        yield make


@pytest.fixture
async def desk(make_desk: MakeStory) -> Story:
    """The usual desk at noon on a Tuesday."""
    return await make_desk()

"""Stories told once more, their Telegram being the real adapter with a strict Bot API behind it.

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
from tests.integration.telegram.stage import TelegramStage
from tests.peers.telegram_server import TelegramServer
from tests.stories.conftest import MakeStory
from tests.story_parts import StoryChannel, StoryDatabase

#: What cannot be told in Telegram, each with the reason.
NO_KEY = "every press has a name of Telegram's own; tests/contract/telegram/test_pressing.py repeats one"
NO_NAME = "nobody answers in Telegram what is not there"
NO_GROUP = "a bot is blocked by a person, not by a group"
NO_DELETION = "Telegram tells no bot of a deletion"
NOT_IN_TELEGRAM = {
    "test_the_same_press_twice_asks_and_does_once": NO_KEY,
    "test_a_press_that_the_channel_repeats_counts_once": NO_KEY,
    "test_nobody_else_learns_anything_by_pressing[a stranger-Status]": NO_KEY,
    "test_nobody_else_learns_anything_by_pressing[a stranger-Escalate]": NO_KEY,
    "test_nobody_else_learns_anything_by_pressing[another client's contact-Status]": NO_KEY,
    "test_nobody_else_learns_anything_by_pressing[another client's contact-Escalate]": NO_KEY,
    "test_words_that_answer_nothing_go_nowhere[nothing-1]": NO_NAME,
    "test_a_card_in_somebody_elses_chat_is_nothing_to_answer": NO_NAME,
    "test_a_reply_to_a_later_part_of_the_clients_words_reaches_them_too": NO_NAME,
    "test_a_change_of_a_deed_does_nothing_and_says_so_once": NO_DELETION,
    "test_a_changed_and_a_deleted_message_are_told_under_the_card": NO_DELETION,
    "test_whatever_becomes_of_a_place_is_decided_before_what_is_said_after_it[blocked]": NO_GROUP,
    "test_whatever_becomes_of_a_place_is_decided_before_what_is_said_after_it[unblocked]": NO_GROUP,
}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave those out, and say how many."""
    left_out = [item for item in items if item.name in NOT_IN_TELEGRAM and item.path.parent == Path(__file__).parent]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def telegram_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database with its tables: every story begins with a copy."""
    path = tmp_path_factory.mktemp("template") / "story.db"

    async def migrate() -> None:
        database = await open_database(f"sqlite+aiosqlite:///{path}")
        await upgrade(database)
        await database.close()

    asyncio.run(migrate())
    return path


@pytest.fixture
async def make_desk(telegram: TelegramServer, telegram_template: Path, tmp_path: Path) -> AsyncIterator[MakeStory]:
    async with AsyncExitStack() as stack:

        async def make(desk: str = STORY_DESK, *, start: datetime = NOON) -> Story:
            copy = shutil.copy(telegram_template, tmp_path / "story.db")
            database = StoryDatabase(await open_database(f"sqlite+aiosqlite:///{copy}"))
            stack.push_async_callback(database.close)
            time = OwnedTime(instant(start))
            await apply_document(database, document(desk), at=time.at, by="story")
            stage = TelegramStage(telegram, database, now=time.moment)
            channels: dict[Channel, StoryChannel] = {
                one: stage if one is Channel.TELEGRAM else StoryChannel(one, now=time.moment) for one in ALL_CHANNELS
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

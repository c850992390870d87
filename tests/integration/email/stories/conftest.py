"""Stories told once more, their mail coming from a real Dovecot and leaving through a real Exim.

Each file of this room names a file of tests/stories whose stories hold there as well. Where such a story names no
channel its clients write mails; our people are where they always are, or in their own mail.
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
from tests.integration.email.stage import MailStage
from tests.peers.dovecot import Box
from tests.peers.exim import Exim
from tests.stories.conftest import MakeStory
from tests.story_parts import StoryChannel, StoryDatabase

#: What cannot be told by mail, each with the reason.
NO_SECOND_THOUGHTS = "a mail that was sent cannot be changed or taken back"
NO_NAME = "nobody answers a mail that was never sent"
NOT_BY_MAIL = {
    "test_thanks_with_a_file_are_a_message": "a story's file has no bytes; test_bot.py sends a real one",
    "test_an_edit_is_a_version_on_the_card_and_never_a_new_ticket": NO_SECOND_THOUGHTS,
    "test_an_edit_that_comes_after_a_later_one_changes_nothing": NO_SECOND_THOUGHTS,
    "test_a_deletion_takes_the_words_from_the_card_and_keeps_them_for_us": NO_SECOND_THOUGHTS,
    "test_a_premium_client_is_told_who_answers_and_by_when": "its card says that Lena wrote on Telegram",
    "test_a_machine_that_answers_our_word_for_stray_mail_gets_no_second_one": NO_NAME,
    "test_whoever_left_the_desk_answers_nobody": NO_NAME,
}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave those out, and say how many."""
    left_out = [item for item in items if item.name in NOT_BY_MAIL and item.path.parent == Path(__file__).parent]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def mail_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database with its tables: every story begins with a copy."""
    path = tmp_path_factory.mktemp("template") / "story.db"

    async def migrate() -> None:
        database = await open_database(f"sqlite+aiosqlite:///{path}")
        await upgrade(database)
        await database.close()

    asyncio.run(migrate())
    return path


@pytest.fixture
async def make_desk(box: Box, exim: Exim, mail_template: Path, tmp_path: Path) -> AsyncIterator[MakeStory]:
    async with AsyncExitStack() as stack:

        async def make(desk: str = STORY_DESK, *, start: datetime = NOON) -> Story:
            copy = shutil.copy(mail_template, tmp_path / "story.db")
            database = StoryDatabase(await open_database(f"sqlite+aiosqlite:///{copy}"))
            stack.push_async_callback(database.close)
            time = OwnedTime(instant(start))
            await apply_document(database, document(desk), at=time.at, by="story")
            stage = MailStage(box, exim, database, now=time.moment)
            channels: dict[Channel, StoryChannel] = {
                one: stage if one is Channel.EMAIL else StoryChannel(one, now=time.moment) for one in ALL_CHANNELS
            }
            story = Story(new_desk(database, channels, time), time, database, channels, speaks_on=Channel.EMAIL)
            await story.desk.prepare(is_alone=True)
            stack.push_async_callback(story.ends)
            stack.push_async_callback(stage.close)
            return story

        yield make


@pytest.fixture
async def desk(make_desk: MakeStory) -> Story:
    """The usual desk at noon on a Tuesday."""
    return await make_desk()

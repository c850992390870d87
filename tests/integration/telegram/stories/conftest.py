"""Stories told once more, their Telegram being the real adapter with a strict Bot API behind it.

Each file of this room names a file of tests/stories whose stories hold there as well.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.message import Channel
from tests.harness import Story
from tests.integration.telegram.stage import TelegramStage
from tests.peers.telegram_server import TelegramServer
from tests.retold import leave_out, retelling
from tests.stories.conftest import MakeStory

#: What cannot be told in Telegram, each with the reason.
NO_KEY = "every press has a name of Telegram's own; tests/contract/telegram/test_pressing.py repeats one"
NO_NAME = "nobody answers in Telegram what is not there"
NO_GROUP = "a bot is blocked by a person, not by a group"
NO_DELETION = "Telegram tells no bot of a deletion"
NO_LATE_EDIT = "an edit has no moment there but its own"
NO_BOUNCE = "Telegram tells nobody later that a message was not delivered"
OWN_CHAT = "a person's own chat has no other address there than the person"
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
    "test_a_reaction_is_nothing": NO_NAME,
    "test_an_edit_of_something_we_never_had_changes_nothing": NO_NAME,
    "test_what_a_manager_says_in_the_group_counts_once_and_may_be_reworded": NO_NAME,
    "test_an_edit_that_comes_after_a_later_one_changes_nothing": NO_LATE_EDIT,
    "test_a_deletion_takes_the_words_from_the_card_and_keeps_them_for_us": NO_DELETION,
    "test_a_button_books_the_time_it_names_and_a_repeat_books_nothing_more": NO_KEY,
    "test_a_stranger_books_nothing": OWN_CHAT,
    "test_a_bounce_that_the_channel_tells_later_reaches_the_assignee_once": NO_BOUNCE,
    "test_a_changed_and_a_deleted_message_are_told_under_the_card": NO_DELETION,
    "test_whatever_becomes_of_a_place_is_decided_before_what_is_said_after_it[blocked]": NO_GROUP,
    "test_whatever_becomes_of_a_place_is_decided_before_what_is_said_after_it[unblocked]": NO_GROUP,
}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    leave_out(config, items, NOT_IN_TELEGRAM, Path(__file__).parent)


@pytest.fixture
async def make_desk(telegram: TelegramServer, sqlite_template: Path, tmp_path: Path) -> AsyncIterator[MakeStory]:
    async with retelling(
        Channel.TELEGRAM, lambda database, now: TelegramStage(telegram, database, now=now), sqlite_template, tmp_path
    ) as make:
        yield make


@pytest.fixture
async def desk(make_desk: MakeStory) -> Story:
    """The usual desk at noon on a Tuesday."""
    return await make_desk()

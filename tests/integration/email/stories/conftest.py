"""Stories told once more, their mail coming from a real Dovecot and leaving through a real Exim.

Each file of this room names a file of tests/stories whose stories hold there as well. Where such a story names no
channel its clients write mails; our people are where they always are, or in their own mail.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.message import Channel
from tests.harness import Story
from tests.integration.email.stage import MailStage
from tests.peers.dovecot import Box
from tests.peers.exim import Exim
from tests.retold import leave_out, retelling
from tests.stories.conftest import MakeStory

#: What cannot be told by mail, each with the reason.
NO_SECOND_THOUGHTS = "a mail that was sent cannot be changed or taken back"
NO_NAME = "nobody answers a mail that was never sent"
HEADERS_SAY = "what it says of its mail, headers say here; the corpus has such mails"
ONE_THREAD = "whoever was written to answers that mail, so a second ticket of theirs opens nowhere"
NOT_BY_MAIL = {
    "test_thanks_with_a_file_are_a_message": "a story's file has no bytes; test_bot.py sends a real one",
    "test_an_edit_is_a_version_on_the_card_and_never_a_new_ticket": NO_SECOND_THOUGHTS,
    "test_an_edit_that_comes_after_a_later_one_changes_nothing": NO_SECOND_THOUGHTS,
    "test_a_deletion_takes_the_words_from_the_card_and_keeps_them_for_us": NO_SECOND_THOUGHTS,
    "test_a_premium_client_is_told_who_answers_and_by_when": "its card says that Lena wrote on Telegram",
    "test_a_machine_that_answers_our_word_for_stray_mail_gets_no_second_one": NO_NAME,
    "test_whoever_left_the_desk_answers_nobody": NO_NAME,
    "test_another_ticket_of_the_client_is_owed_what_it_was": ONE_THREAD,
    "test_it_goes_with_a_ticket_that_is_merged_and_comes_back_with_it": ONE_THREAD,
    "test_a_mail_that_nobody_proves_makes_nobody_take_part": HEADERS_SAY,
    "test_what_is_folded_away_is_kept_and_goes_nowhere": HEADERS_SAY,
    "test_an_answer_to_what_was_sent_to_another_counts_for_who_takes_part_alone": HEADERS_SAY,
    "test_words_that_a_resolution_overlooked_are_owed_an_answer_from_then_on": "by mail a ticket has one notice a day",
}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    leave_out(config, items, NOT_BY_MAIL, Path(__file__).parent)


@pytest.fixture
async def make_desk(box: Box, exim: Exim, sqlite_template: Path, tmp_path: Path) -> AsyncIterator[MakeStory]:
    async with retelling(
        Channel.EMAIL,
        lambda database, now: MailStage(box, exim, database, now=now),
        sqlite_template,
        tmp_path,
        speaks_on=Channel.EMAIL,
    ) as make:
        yield make


@pytest.fixture
async def desk(make_desk: MakeStory) -> Story:
    """The usual desk at noon on a Tuesday."""
    return await make_desk()

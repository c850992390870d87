"""Stories told once more, their Slack being the real adapter with Slack's emulator behind it.

Each file of this room names a file of tests/stories whose stories hold there as well.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.message import Channel
from tests.harness import Story
from tests.integration.slack.stage import SlackStage
from tests.peers.slack_front import SlackFront
from tests.retold import leave_out, retelling
from tests.stories.conftest import MakeStory

#: What cannot be told in Slack, each with the reason.
NOT_IN_SLACK = {
    "test_a_file_under_a_card_goes_to_the_client_too": "a story's file has no bytes; test_whole_way.py sends real ones",
    "test_a_channel_that_has_another_id_is_the_clients_still_and_a_thread_goes_on": "channels keep their ids here",
    "test_a_reply_that_has_not_left_yet_can_be_taken_back[deleted]": "a message that is gone bears no sign",
    "test_a_time_is_given_in_words_from_the_card": "in Slack a moment is picked, not written",
    "test_leads_whom_slack_refuses_one_by_one_as_well_are_each_told_once": "it counts sends; here they go side by side",
    "test_nobody_but_our_people_presses_a_button_and_who_tries_is_written_down[a bot]": "no bot can press in Slack",
}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    leave_out(config, items, NOT_IN_SLACK, Path(__file__).parent)


@pytest.fixture
async def make_desk(slack: SlackFront, sqlite_template: Path, tmp_path: Path) -> AsyncIterator[MakeStory]:
    async with retelling(Channel.SLACK, lambda _, now: SlackStage(slack, now=now), sqlite_template, tmp_path) as make:
        yield make


@pytest.fixture
async def desk(make_desk: MakeStory) -> Story:
    """The usual desk at noon on a Tuesday."""
    return await make_desk()

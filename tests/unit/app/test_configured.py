"""The channels of a desk by its settings, for whoever writes beside the running bot."""

import pytest

from adapters.fake import GUISES
from adapters.message import Channel
from adapters.slack import config as slack
from adapters.telegram import config as telegram
from bot.app.channels.configured import configured
from bot.settings import Settings, read_settings


@pytest.mark.parametrize(
    ("written", "channels"),
    [
        pytest.param({}, {}, id="none is set"),
        pytest.param(
            {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}, {Channel.SLACK: slack.LIMITS}, id="Slack"
        ),
        pytest.param({"TELEGRAM_BOT_TOKEN": "1:a"}, {Channel.TELEGRAM: telegram.LIMITS}, id="Telegram"),
    ],
)
def test_only_what_is_set_is_there(written: dict[str, str], channels: object) -> None:
    assert configured(read_settings(written)) == channels


def test_the_demo_has_stand_ins_whatever_is_set() -> None:
    found = configured(Settings(), is_demo=True)
    assert set(found) == {Channel.TELEGRAM, Channel.SLACK, Channel.EMAIL}
    assert found[Channel.SLACK] == GUISES[Channel.SLACK].limits

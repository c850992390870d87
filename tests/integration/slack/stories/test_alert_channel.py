"""tests/stories/test_alert_channel.py, on Slack."""

from tests.stories.test_alert_channel import *  # noqa: F403 - its stories are collected here

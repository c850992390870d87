"""tests/stories/test_slack_places.py, on Slack."""

from tests.stories.test_slack_places import *  # noqa: F403 - its stories are collected here

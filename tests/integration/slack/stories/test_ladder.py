"""tests/stories/test_ladder.py, on Slack."""

from tests.stories.test_ladder import *  # noqa: F403 - its stories are collected here

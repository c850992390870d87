"""tests/stories/test_radar.py, by mail."""

from tests.stories.test_radar import *  # noqa: F403 - its stories are collected here

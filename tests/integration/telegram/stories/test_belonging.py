"""tests/stories/test_belonging.py, on Telegram."""

from tests.stories.test_belonging import *  # noqa: F403 - its stories are collected here

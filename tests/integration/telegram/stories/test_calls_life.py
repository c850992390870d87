"""tests/stories/test_calls_life.py, on Telegram."""

from tests.stories.test_calls_life import *  # noqa: F403 - its stories are collected here

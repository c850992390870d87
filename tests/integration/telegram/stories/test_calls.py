"""tests/stories/test_calls.py, on Telegram."""

from tests.stories.test_calls import *  # noqa: F403 - its stories are collected here

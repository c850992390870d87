"""tests/stories/test_calls_changed.py, on Telegram."""

from tests.stories.test_calls_changed import *  # noqa: F403 - its stories are collected here

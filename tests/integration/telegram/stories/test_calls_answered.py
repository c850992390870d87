"""tests/stories/test_calls_answered.py, on Telegram."""

from tests.stories.test_calls_answered import *  # noqa: F403 - its stories are collected here

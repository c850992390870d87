"""tests/stories/test_calls_walked.py, on Telegram."""

from tests.stories.test_calls_walked import *  # noqa: F403 - its stories are collected here

"""tests/stories/test_calls_found_elsewhere.py, on Telegram."""

from tests.stories.test_calls_found_elsewhere import *  # noqa: F403 - its stories are collected here

"""tests/stories/test_quotes.py, on Telegram."""

from tests.stories.test_quotes import *  # noqa: F403 - its stories are collected here

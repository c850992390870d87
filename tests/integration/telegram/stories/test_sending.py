"""tests/stories/test_sending.py, on Telegram."""

from tests.stories.test_sending import *  # noqa: F403 - its stories are collected here

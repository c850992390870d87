"""tests/stories/test_managers_forum.py, on Telegram."""

from tests.stories.test_managers_forum import *  # noqa: F403 - its stories are collected here

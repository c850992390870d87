"""tests/stories/test_commands.py, on Telegram."""

from tests.stories.test_commands import *  # noqa: F403 - its stories are collected here

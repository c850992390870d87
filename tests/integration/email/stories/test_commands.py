"""tests/stories/test_commands.py, by mail."""

from tests.stories.test_commands import *  # noqa: F403 - its stories are collected here

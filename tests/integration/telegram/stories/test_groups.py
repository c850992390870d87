"""tests/stories/test_groups.py, on Telegram."""

from tests.stories.test_groups import *  # noqa: F403 - its stories are collected here

"""tests/stories/test_snoozing.py, on Telegram."""

from tests.stories.test_snoozing import *  # noqa: F403 - its stories are collected here

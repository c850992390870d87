"""tests/stories/test_after_all.py, on Telegram."""

from tests.stories.test_after_all import *  # noqa: F403 - its stories are collected here

"""tests/stories/test_following.py, on Telegram."""

from tests.stories.test_following import *  # noqa: F403 - its stories are collected here

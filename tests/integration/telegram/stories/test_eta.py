"""tests/stories/test_eta.py, on Telegram."""

from tests.stories.test_eta import *  # noqa: F403 - its stories are collected here

"""tests/stories/test_outages.py, on Telegram."""

from tests.stories.test_outages import *  # noqa: F403 - its stories are collected here

"""tests/stories/test_staff_on_telegram.py, on Telegram."""

from tests.stories.test_staff_on_telegram import *  # noqa: F403 - its stories are collected here

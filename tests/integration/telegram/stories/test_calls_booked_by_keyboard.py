"""tests/stories/test_calls_booked_by_keyboard.py, on Telegram."""

from tests.stories.test_calls_booked_by_keyboard import *  # noqa: F403 - its stories are collected here

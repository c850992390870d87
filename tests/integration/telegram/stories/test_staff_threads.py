"""tests/stories/test_staff_threads.py, on Telegram."""

from tests.stories.test_staff_threads import *  # noqa: F403 - its stories are collected here

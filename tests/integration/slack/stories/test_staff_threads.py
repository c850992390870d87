"""tests/stories/test_staff_threads.py, on Slack."""

from tests.stories.test_staff_threads import *  # noqa: F403 - its stories are collected here

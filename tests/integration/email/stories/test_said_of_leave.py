"""tests/stories/test_said_of_leave.py, by mail."""

from tests.stories.test_said_of_leave import *  # noqa: F403 - its stories are collected here

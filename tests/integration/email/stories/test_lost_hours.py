"""tests/stories/test_lost_hours.py, by mail."""

from tests.stories.test_lost_hours import *  # noqa: F403 - its stories are collected here

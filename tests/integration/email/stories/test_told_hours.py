"""tests/stories/test_told_hours.py, by mail."""

from tests.stories.test_told_hours import *  # noqa: F403 - its stories are collected here

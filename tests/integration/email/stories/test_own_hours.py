"""tests/stories/test_own_hours.py, by mail."""

from tests.stories.test_own_hours import *  # noqa: F403 - its stories are collected here

"""tests/stories/test_other_hours.py, by mail."""

from tests.stories.test_other_hours import *  # noqa: F403 - its stories are collected here

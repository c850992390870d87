"""tests/stories/test_calls_in_changed_hours.py, by mail."""

from tests.stories.test_calls_in_changed_hours import *  # noqa: F403 - its stories are collected here

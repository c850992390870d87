"""tests/stories/test_calls_changed.py, by mail."""

from tests.stories.test_calls_changed import *  # noqa: F403 - its stories are collected here

"""tests/stories/test_calls_in_windows.py, by mail."""

from tests.stories.test_calls_in_windows import *  # noqa: F403 - its stories are collected here

"""tests/stories/test_calls_counted_anew.py, by mail."""

from tests.stories.test_calls_counted_anew import *  # noqa: F403 - its stories are collected here

"""tests/stories/test_calls_at_once.py, by mail."""

from tests.stories.test_calls_at_once import *  # noqa: F403 - its stories are collected here

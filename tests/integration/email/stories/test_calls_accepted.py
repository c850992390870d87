"""tests/stories/test_calls_accepted.py, by mail."""

from tests.stories.test_calls_accepted import *  # noqa: F403 - its stories are collected here

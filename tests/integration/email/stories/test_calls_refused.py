"""tests/stories/test_calls_refused.py, by mail."""

from tests.stories.test_calls_refused import *  # noqa: F403 - its stories are collected here

"""tests/stories/test_calls_walked.py, by mail."""

from tests.stories.test_calls_walked import *  # noqa: F403 - its stories are collected here

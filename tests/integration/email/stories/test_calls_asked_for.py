"""tests/stories/test_calls_asked_for.py, by mail."""

from tests.stories.test_calls_asked_for import *  # noqa: F403 - its stories are collected here

"""tests/stories/test_calls_in_words.py, by mail."""

from tests.stories.test_calls_in_words import *  # noqa: F403 - its stories are collected here

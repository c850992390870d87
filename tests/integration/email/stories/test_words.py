"""tests/stories/test_words.py, by mail."""

from tests.stories.test_words import *  # noqa: F403 - its stories are collected here

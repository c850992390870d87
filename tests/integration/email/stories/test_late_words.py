"""tests/stories/test_late_words.py, by mail."""

from tests.stories.test_late_words import *  # noqa: F403 - its stories are collected here

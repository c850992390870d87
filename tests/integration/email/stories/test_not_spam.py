"""tests/stories/test_not_spam.py, by mail."""

from tests.stories.test_not_spam import *  # noqa: F403 - its stories are collected here

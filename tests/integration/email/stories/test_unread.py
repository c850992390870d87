"""tests/stories/test_unread.py, by mail."""

from tests.stories.test_unread import *  # noqa: F403 - its stories are collected here

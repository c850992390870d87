"""tests/stories/test_feeds.py, by mail."""

from tests.stories.test_feeds import *  # noqa: F403 - its stories are collected here

"""tests/stories/test_more_promises.py, by mail."""

from tests.stories.test_more_promises import *  # noqa: F403 - its stories are collected here

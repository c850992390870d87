"""tests/stories/test_paging.py, by mail."""

from tests.stories.test_paging import *  # noqa: F403 - its stories are collected here

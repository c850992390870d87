"""tests/stories/test_paged_again.py, by mail."""

from tests.stories.test_paged_again import *  # noqa: F403 - its stories are collected here

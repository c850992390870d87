"""tests/stories/test_piles.py, by mail."""

from tests.stories.test_piles import *  # noqa: F403 - its stories are collected here

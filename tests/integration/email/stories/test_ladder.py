"""tests/stories/test_ladder.py, by mail."""

from tests.stories.test_ladder import *  # noqa: F403 - its stories are collected here

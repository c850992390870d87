"""tests/stories/test_left_alone.py, by mail."""

from tests.stories.test_left_alone import *  # noqa: F403 - its stories are collected here

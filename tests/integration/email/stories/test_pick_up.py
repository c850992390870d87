"""tests/stories/test_pick_up.py, by mail."""

from tests.stories.test_pick_up import *  # noqa: F403 - its stories are collected here

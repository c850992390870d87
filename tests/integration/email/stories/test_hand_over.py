"""tests/stories/test_hand_over.py, by mail."""

from tests.stories.test_hand_over import *  # noqa: F403 - its stories are collected here

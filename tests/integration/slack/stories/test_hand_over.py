"""tests/stories/test_hand_over.py, on Slack."""

from tests.stories.test_hand_over import *  # noqa: F403 - its stories are collected here

"""tests/stories/test_held_back.py, by mail."""

from tests.stories.test_held_back import *  # noqa: F403 - its stories are collected here

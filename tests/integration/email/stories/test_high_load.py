"""tests/stories/test_high_load.py, by mail."""

from tests.stories.test_high_load import *  # noqa: F403 - its stories are collected here

"""tests/stories/test_clocks.py, by mail."""

from tests.stories.test_clocks import *  # noqa: F403 - its stories are collected here

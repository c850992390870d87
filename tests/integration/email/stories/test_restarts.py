"""tests/stories/test_restarts.py, by mail."""

from tests.stories.test_restarts import *  # noqa: F403 - its stories are collected here

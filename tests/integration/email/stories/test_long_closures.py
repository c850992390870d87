"""tests/stories/test_long_closures.py, by mail."""

from tests.stories.test_long_closures import *  # noqa: F403 - its stories are collected here

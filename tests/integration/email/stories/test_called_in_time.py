"""tests/stories/test_called_in_time.py, by mail."""

from tests.stories.test_called_in_time import *  # noqa: F403 - its stories are collected here

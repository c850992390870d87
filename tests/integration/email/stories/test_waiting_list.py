"""tests/stories/test_waiting_list.py, by mail."""

from tests.stories.test_waiting_list import *  # noqa: F403 - its stories are collected here

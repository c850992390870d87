"""tests/stories/test_new_shifts.py, by mail."""

from tests.stories.test_new_shifts import *  # noqa: F403 - its stories are collected here

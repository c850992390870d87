"""tests/stories/test_snoozing.py, by mail."""

from tests.stories.test_snoozing import *  # noqa: F403 - its stories are collected here

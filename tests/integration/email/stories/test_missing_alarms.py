"""tests/stories/test_missing_alarms.py, by mail."""

from tests.stories.test_missing_alarms import *  # noqa: F403 - its stories are collected here

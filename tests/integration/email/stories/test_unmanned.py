"""tests/stories/test_unmanned.py, by mail."""

from tests.stories.test_unmanned import *  # noqa: F403 - its stories are collected here

"""tests/stories/test_unreached.py, by mail."""

from tests.stories.test_unreached import *  # noqa: F403 - its stories are collected here

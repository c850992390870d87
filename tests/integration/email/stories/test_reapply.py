"""tests/stories/test_reapply.py, by mail."""

from tests.stories.test_reapply import *  # noqa: F403 - its stories are collected here

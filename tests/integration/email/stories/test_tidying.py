"""tests/stories/test_tidying.py, by mail."""

from tests.stories.test_tidying import *  # noqa: F403 - its stories are collected here

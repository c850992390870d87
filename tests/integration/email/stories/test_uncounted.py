"""tests/stories/test_uncounted.py, by mail."""

from tests.stories.test_uncounted import *  # noqa: F403 - its stories are collected here

"""tests/stories/test_judging.py, by mail."""

from tests.stories.test_judging import *  # noqa: F403 - its stories are collected here

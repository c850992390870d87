"""tests/stories/test_handed_to_the_absent.py, by mail."""

from tests.stories.test_handed_to_the_absent import *  # noqa: F403 - its stories are collected here

"""tests/stories/test_unheeded.py, by mail."""

from tests.stories.test_unheeded import *  # noqa: F403 - its stories are collected here

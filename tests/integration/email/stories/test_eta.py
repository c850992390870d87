"""tests/stories/test_eta.py, by mail."""

from tests.stories.test_eta import *  # noqa: F403 - its stories are collected here

"""tests/stories/test_splitting.py, by mail."""

from tests.stories.test_splitting import *  # noqa: F403 - its stories are collected here

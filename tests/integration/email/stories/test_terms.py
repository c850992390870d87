"""tests/stories/test_terms.py, by mail."""

from tests.stories.test_terms import *  # noqa: F403 - its stories are collected here

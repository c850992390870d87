"""tests/stories/test_coverage.py, by mail."""

from tests.stories.test_coverage import *  # noqa: F403 - its stories are collected here

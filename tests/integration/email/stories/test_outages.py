"""tests/stories/test_outages.py, by mail."""

from tests.stories.test_outages import *  # noqa: F403 - its stories are collected here

"""tests/stories/test_csat.py, by mail."""

from tests.stories.test_csat import *  # noqa: F403 - its stories are collected here

"""tests/stories/test_other_zones.py, by mail."""

from tests.stories.test_other_zones import *  # noqa: F403 - its stories are collected here

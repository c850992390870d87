"""tests/stories/test_channels_of_a_plan.py, by mail."""

from tests.stories.test_channels_of_a_plan import *  # noqa: F403 - its stories are collected here

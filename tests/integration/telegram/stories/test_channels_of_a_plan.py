"""tests/stories/test_channels_of_a_plan.py, on Telegram."""

from tests.stories.test_channels_of_a_plan import *  # noqa: F403 - its stories are collected here

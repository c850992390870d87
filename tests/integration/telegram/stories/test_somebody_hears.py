"""tests/stories/test_somebody_hears.py, on Telegram."""

from tests.stories.test_somebody_hears import *  # noqa: F403 - its stories are collected here

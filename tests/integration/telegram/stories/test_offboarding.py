"""tests/stories/test_offboarding.py, on Telegram."""

from tests.stories.test_offboarding import *  # noqa: F403 - its stories are collected here

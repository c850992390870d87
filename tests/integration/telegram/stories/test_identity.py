"""tests/stories/test_identity.py, on Telegram."""

from tests.stories.test_identity import *  # noqa: F403 - its stories are collected here

"""tests/stories/test_silence.py, on Telegram."""

from tests.stories.test_silence import *  # noqa: F403 - its stories are collected here

"""tests/stories/test_silence.py, by mail."""

from tests.stories.test_silence import *  # noqa: F403 - its stories are collected here

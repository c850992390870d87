"""tests/stories/test_courtesy.py, on Telegram."""

from tests.stories.test_courtesy import *  # noqa: F403 - its stories are collected here

"""tests/stories/test_linking.py, on Telegram."""

from tests.stories.test_linking import *  # noqa: F403 - its stories are collected here

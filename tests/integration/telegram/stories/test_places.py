"""tests/stories/test_places.py, on Telegram."""

from tests.stories.test_places import *  # noqa: F403 - its stories are collected here

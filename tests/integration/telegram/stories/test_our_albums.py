"""tests/stories/test_our_albums.py, on Telegram."""

from tests.stories.test_our_albums import *  # noqa: F403 - its stories are collected here

"""tests/stories/test_link_codes.py, on Telegram."""

from tests.stories.test_link_codes import *  # noqa: F403 - its stories are collected here

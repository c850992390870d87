"""tests/stories/test_client_buttons.py, on Telegram."""

from tests.stories.test_client_buttons import *  # noqa: F403 - its stories are collected here

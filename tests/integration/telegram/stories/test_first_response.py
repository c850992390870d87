"""tests/stories/test_first_response.py, on Telegram."""

from tests.stories.test_first_response import *  # noqa: F403 - its stories are collected here

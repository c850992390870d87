"""tests/stories/test_agreed_for_later.py, by mail."""

from tests.stories.test_agreed_for_later import *  # noqa: F403 - its stories are collected here

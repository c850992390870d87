"""tests/stories/test_texts_to_clients.py, by mail."""

from tests.stories.test_texts_to_clients import *  # noqa: F403 - its stories are collected here

"""tests/stories/test_digests_last.py, by mail."""

from tests.stories.test_digests_last import *  # noqa: F403 - its stories are collected here

"""tests/stories/test_kinds_of_reply.py, by mail."""

from tests.stories.test_kinds_of_reply import *  # noqa: F403 - its stories are collected here

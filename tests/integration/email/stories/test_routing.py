"""tests/stories/test_routing.py, by mail."""

from tests.stories.test_routing import *  # noqa: F403 - its stories are collected here

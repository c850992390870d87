"""tests/stories/test_put_off.py, by mail."""

from tests.stories.test_put_off import *  # noqa: F403 - its stories are collected here

"""tests/stories/test_first_response.py, by mail."""

from tests.stories.test_first_response import *  # noqa: F403 - its stories are collected here

"""tests/stories/test_calls_of_one_person.py, by mail."""

from tests.stories.test_calls_of_one_person import *  # noqa: F403 - its stories are collected here

"""tests/stories/test_absences.py, by mail."""

from tests.stories.test_absences import *  # noqa: F403 - its stories are collected here

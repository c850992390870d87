"""tests/stories/test_somebody_hears.py, by mail."""

from tests.stories.test_somebody_hears import *  # noqa: F403 - its stories are collected here

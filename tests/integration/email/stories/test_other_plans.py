"""tests/stories/test_other_plans.py, by mail."""

from tests.stories.test_other_plans import *  # noqa: F403 - its stories are collected here

"""tests/stories/test_notes_stay_inside.py, by mail."""

from tests.stories.test_notes_stay_inside import *  # noqa: F403 - its stories are collected here

"""tests/stories/test_leads_on_leave.py, by mail."""

from tests.stories.test_leads_on_leave import *  # noqa: F403 - its stories are collected here

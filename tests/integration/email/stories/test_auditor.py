"""tests/stories/test_auditor.py, by mail."""

from tests.stories.test_auditor import *  # noqa: F403 - its stories are collected here

"""tests/stories/test_mail_beside.py, by mail."""

from tests.stories.test_mail_beside import *  # noqa: F403 - its stories are collected here

"""tests/stories/test_mail_patience.py, by mail."""

from tests.stories.test_mail_patience import *  # noqa: F403 - its stories are collected here

"""tests/stories/test_returned_mail.py, by mail."""

from tests.stories.test_returned_mail import *  # noqa: F403 - its stories are collected here

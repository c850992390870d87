"""tests/stories/test_automatic_mail.py, by mail."""

from tests.stories.test_automatic_mail import *  # noqa: F403 - its stories are collected here

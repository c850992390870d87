"""tests/stories/test_staff_by_mail.py, by mail."""

from tests.stories.test_staff_by_mail import *  # noqa: F403 - its stories are collected here

"""tests/stories/test_alert_receipts.py, by mail."""

from tests.stories.test_alert_receipts import *  # noqa: F403 - its stories are collected here

"""tests/stories/test_alert_receipts.py, on Telegram."""

from tests.stories.test_alert_receipts import *  # noqa: F403 - its stories are collected here

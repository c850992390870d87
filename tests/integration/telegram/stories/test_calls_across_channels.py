"""tests/stories/test_calls_across_channels.py, on Telegram."""

from tests.stories.test_calls_across_channels import *  # noqa: F403 - its stories are collected here

"""What every test may ask for: the real peers, each started by the first test that needs it."""

import gc

import pytest
from hypothesis import settings

pytest_plugins = [
    "tests.chaos.options",
    "tests.peers.memory",
    "tests.peers.postgres",
    "tests.peers.chromium",
    "tests.peers.mail_peer",
    "tests.peers.slack_peer",
    "tests.peers.telegram_peer",
    "tests.templates",
    "tests.kept",
]

# A million objects are imported and collected and stay. Looking for garbage among them took a fifth of that time.
gc.set_threshold(100_000)

# How long an example takes says how busy the machine is.
settings.register_profile("patient", settings(), deadline=None)
settings.load_profile("patient")


def pytest_collection_finish(session: pytest.Session) -> None:
    """What is there when the tests begin is no garbage, and is not looked through again."""
    gc.collect()
    gc.freeze()

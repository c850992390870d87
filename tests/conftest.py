"""What every test may ask for: the real peers, each started by the first test that needs it."""

import gc

import pytest
from hypothesis import HealthCheck, settings

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

# How long an example takes says how busy the machine is. A run tries the same examples as the one before, so that only
# a change can break it; `--hypothesis-profile curious` looks for others.
settings.register_profile("curious", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("patient", settings.get_profile("curious"), derandomize=True)
settings.load_profile("patient")


def pytest_collection_finish(session: pytest.Session) -> None:
    """What is there when the tests begin is no garbage, and is not looked through again."""
    gc.collect()
    gc.freeze()

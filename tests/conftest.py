"""What every test may ask for: the real peers, each started by the first test that needs it."""

pytest_plugins = [
    "tests.chaos.options",
    "tests.peers.postgres",
    "tests.peers.chromium",
    "tests.peers.mail_peer",
    "tests.peers.slack_peer",
    "tests.peers.telegram_peer",
]

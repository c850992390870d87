"""The mail servers a test asks for: one Dovecot and one Exim per worker, with a mail box of its own for each test."""

from collections.abc import Iterator

import pytest

from tests.peers import dovecot as dovecots
from tests.peers import exim as exims
from tests.peers.dovecot import Box, Dovecot
from tests.peers.exim import Exim


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """Started by the first test that needs it."""
    server = dovecots.start()
    yield server
    dovecots.end(server)


@pytest.fixture(scope="session")
def exim(dovecot: Dovecot) -> Iterator[Exim]:
    """Started by the first test that needs it; mail for desk.test comes to Dovecot's mail boxes."""
    server = exims.start(dovecot.lmtp)
    yield server
    exims.end(server)


@pytest.fixture
def box(dovecot: Dovecot) -> Box:
    """A mail box that nobody has used yet."""
    return dovecot.box()

"""A second IMAP server, of other people's making: npm `hoodiecrow-imap`, with as many or few extensions as it is told.

It knows XOAUTH2, and can do without IDLE and MOVE, where Dovecot has both.
"""

import imaplib
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from tests.peers.missing import PeerMissingError
from tests.peers.ports import free_port, is_listening, stop

ROOT = Path(__file__).parents[2]
PLACE_VARIABLE = "MAITRED_TEST_HOODIECROW"
USER, PASSWORD, TOKEN = "support", "correct-horse", "fresh-token"
EVERYTHING = ("IDLE", "MOVE", "UIDPLUS", "SASL-IR", "XOAUTH2", "AUTH-PLAIN")
STARTS = 3


class Hoodiecrow:
    """A running server with one account."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int) -> None:
        self.port = port
        self._process = process

    def receives(self, mail: bytes, *, at: datetime | None = None, flags: str = "") -> None:
        """Put one mail into the inbox."""
        with imaplib.IMAP4("127.0.0.1", self.port, timeout=60) as client:
            client.login(USER, PASSWORD)
            client.append("INBOX", flags, imaplib.Time2Internaldate(at) if at else "", mail)

    def count(self, folder: str = "INBOX") -> int:
        """How many mails nobody has deleted are in a folder."""
        with imaplib.IMAP4("127.0.0.1", self.port, timeout=60) as client:
            client.login(USER, PASSWORD)
            client.select(folder, readonly=True)
            _, found = client.search(None, "UNDELETED")
            return len((found[0] or b"").split())

    def stop(self) -> None:
        stop(self._process)


@contextmanager
def hoodiecrow(*plugins: str) -> Iterator[Hoodiecrow]:
    """Run one with these extensions. Raises PeerMissingError."""
    place = Path(os.environ.get(PLACE_VARIABLE, ROOT / ".venv/mail-peer"))
    if not (place / "node_modules/hoodiecrow-imap").exists():
        raise PeerMissingError("The IMAP server hoodiecrow", "nodejs npm", "and then scripts/peers.sh installs it")
    for _ in range(STARTS):  # somebody else may take the port between our look and the start
        port = free_port()
        process = subprocess.Popen(
            ["node", str(ROOT / "tests/peers/hoodiecrow/server.js"), str(port), ",".join(plugins)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=place,
        )
        server = Hoodiecrow(process, port)
        if is_listening(process, port):
            break
        server.stop()
    else:
        raise RuntimeError("hoodiecrow did not start")
    try:
        yield server
    finally:
        server.stop()

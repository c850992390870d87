"""A folder being read into a journal in memory, and the mails that stand in it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

from adapters.email.config import Config, Server
from adapters.email.envelope import Envelope, opened
from adapters.email.fetching import Fetching
from adapters.email.timings import Timings
from adapters.errors import DeskAwayError
from adapters.port import Cursor, Fence, Raw
from tests.peers.dovecot import Box

ADDRESS = "support@desk.test"
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
#: Tests have less patience than the world, and a slow machine.
QUICK = Timings(
    connect_within_s=60,
    command_within_s=60,
    fetch_within_s=60,
    idle_for_s=30,
    poll_every_s=0.05,
    retry_first_s=0.02,
    retry_longest_s=0.1,
    refused_first_s=0.02,
    refused_longest_s=0.1,
    unopened_first_s=0.02,
    unopened_longest_s=0.1,
)


class Kept:
    """What a desk keeps, as its journal does: each payload once, and how far each folder was read."""

    def __init__(self) -> None:
        self.raws: dict[str, Raw] = {}
        self.cursors: dict[str, str] = {}
        self.calls: list[tuple[Sequence[Raw], Cursor | None]] = []
        self.repeats = 0
        self.away = 0
        self._changed = asyncio.Condition()

    async def journal(self, raws: Sequence[Raw], cursor: Cursor | None) -> None:
        async with self._changed:
            self._changed.notify_all()
            if self.away:
                self.away -= 1
                raise DeskAwayError("the database is locked")
            self.calls.append((raws, cursor))
            self.repeats += sum(raw.key in self.raws for raw in raws)
            self.raws |= {raw.key: raw for raw in raws}
            if cursor is not None:
                self.cursors[cursor.account] = cursor.value

    async def cursor(self, mailbox: str) -> str | None:
        return self.cursors.get(f"desk/{mailbox}")

    @property
    def envelopes(self) -> list[Envelope]:
        return [opened(raw.payload) for raw in self.raws.values()]

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait until something is so, which comes with a call of the journal."""
        async with asyncio.timeout(60), self._changed:
            await self._changed.wait_for(is_so)

    async def has(self, count: int) -> None:
        """Wait until so many mails are kept."""
        await self.until(lambda: len(self.raws) >= count)


async def at_once() -> timedelta:
    """Of a desk that lets every mail leave as it comes."""
    return timedelta(0)


class OurTurn:
    """The right to read a folder, which nobody else wants; how often it was asked for."""

    def __init__(self) -> None:
        self.taken = 0

    @asynccontextmanager
    async def held(self) -> AsyncIterator[Fence]:
        self.taken += 1
        yield Fence("email:INBOX", self.taken)


def imap(box: Box, port: int = 0, **others: str) -> Server:
    """How the box is reached, in the clear on this machine."""
    return Server("127.0.0.1", port or box.server.imap, "none", box.user, others.get("password", box.password))


def fetching(
    kept: Kept,
    server: Server,
    *,
    mailbox: str = "INBOX",
    processed: str | None = None,
    largest: int = 25 * 2**20,
    timings: Timings = QUICK,
    turn: OurTurn | None = None,
) -> Fetching:
    config = Config(ADDRESS, imap=server, mailboxes=(mailbox,), processed=processed, largest=largest)
    return Fetching(config, server, mailbox, turn or OurTurn(), kept, lambda: NOW, timings)


@asynccontextmanager
async def reading(kept: Kept, folder: Fetching) -> AsyncIterator[Fetching]:
    """Read until the end of the block."""
    task = asyncio.create_task(folder.run(kept.journal))
    try:
        yield folder
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def letter(number: int, text: str = "Payroll failed", *, is_named: bool = True, name: str = "") -> bytes:
    """A client's mail."""
    mail = EmailMessage()
    mail["From"] = "Lena <lena@acme.test>"
    mail["To"] = ADDRESS
    mail["Subject"] = f"Question {number}"
    mail["Date"] = "Mon, 02 Mar 2026 08:00:00 +0000"
    if is_named:
        mail["Message-ID"] = name or f"<{number}@acme.test>"
    mail.set_content(f"{text} {number}\n")
    return mail.as_bytes()


def sent_at(number: int) -> datetime:
    """When the mail server took the mail of this number, over three days."""
    return NOW - timedelta(days=3) + timedelta(minutes=number * 10)

"""A desk whose only channel is mail, without the wires: mails are handed in as bytes, answers are kept in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256

from adapters.email.classify import Ourselves
from adapters.email.convert import inbound_from_raw
from adapters.email.envelope import Envelope, sealed
from adapters.email.letter import Letter
from adapters.email.parse import letter_from_bytes
from adapters.email.reading import completed
from adapters.email.threading import Signer
from adapters.errors import MalformedError
from adapters.fake import FakeChannel
from adapters.message import Channel, Inbound
from adapters.port import KeepFile, Raw
from bot.app.channels.transcript import kept_in
from bot.app.simulation.stepping import OwnedTime, Stepping
from bot.desk.desk import Desk
from bot.now import Timekeeper
from bot.store import journal
from bot.store.driver.database import Database
from bot.store.files import Files
from bot.store.reading import reads
from bot.store.reading.reads import Page
from bot.tickets.ticket import TicketId
from sla.duration import instant
from tests.harness import NOON

SIGNER = Signer(b"a key of this desk")
US = Ourselves(("support@desk.test",), frozenset({"mx.desk.test"}), SIGNER)
PROVEN = "Authentication-Results: mx.desk.test; dmarc=pass header.from=acme.test\r\n"
FORGED = "Authentication-Results: mx.desk.test; dmarc=fail header.from=acme.test\r\n"


class MailRoom(FakeChannel):
    """The email channel without its wires. While it `stumbles` it reads the headers of a mail and nothing more."""

    def __init__(self) -> None:
        super().__init__(Channel.EMAIL, "desk", now=lambda: NOON)
        self.stumbles = False

    def convert(self, raw: Raw) -> Sequence[Inbound]:
        return inbound_from_raw(raw, US)

    async def completed(self, raw: Raw, keep: KeepFile, *, is_last: bool) -> Raw:
        return await completed(raw, keep, self, is_last=is_last)

    async def read(self, mail: bytes) -> tuple[Letter, Sequence[bytes]]:
        if self.stumbles and b"\r\n\r\n" in mail.rstrip():
            raise MalformedError("a form that no parser knows yet")
        return letter_from_bytes(mail)


@dataclass
class Home:
    """A desk whose only channel is mail."""

    database: Database
    files: Files
    channel: MailRoom = field(default_factory=MailRoom)
    time: OwnedTime = field(default_factory=lambda: OwnedTime(instant(NOON)))

    def __post_init__(self) -> None:
        wall = Timekeeper(wall=self.time.now)
        self.desk = Desk(self.database, {Channel.EMAIL: self.channel}, wall, keep=kept_in(self.files))
        self.channel.connect(self.desk.journal, self.desk.press)

    async def receives(self, *mails: bytes, minutes_ago: int = 0) -> None:
        at = self.time.moment() - timedelta(minutes=minutes_ago)
        raws = [
            Raw(Channel.EMAIL, "desk", sha256(one).hexdigest(), sealed(Envelope(at, "INBOX", one)), NOON)
            for one in mails
        ]
        await self.desk.journal(raws, None)
        await self.settle()

    async def settle(self) -> None:
        await Stepping(self.desk, self.time).settle()

    async def found(self, number: int) -> Page | None:
        return await self.database.read(
            lambda conn: reads.page(conn, self.desk.revisions, TicketId(number), now=self.time.at)
        )

    async def page(self, number: int) -> Page:
        found = await self.found(number)
        assert found is not None, f"there is no ticket {number}"
        return found

    async def said(self, number: int) -> list[str]:
        return [line.text for line in (await self.page(number)).lines if line.direction == "in"]

    async def count(self) -> int:
        number = 0
        while await self.found(number + 1):
            number += 1
        return number

    async def kept(self) -> list[tuple[str, str]]:
        """What became of every payload, and why."""
        found = await self.database.read(
            lambda conn: journal.listing(conn, states=["new", "done", "dead", "parked"], count=100)
        )
        return sorted((one.state, one.reason or "") for one in found)


def mail(
    words: str,
    *,
    check: str = PROVEN,
    author: str = "Lena <lena@acme.test>",
    to: str = "support@desk.test",
    name: str | None = "first@acme.test",
    more: str = "",
    subject: str = "Payroll failed",
) -> bytes:
    named = f"Message-ID: <{name}>\r\n" if name else ""
    return f"{check}From: {author}\r\nTo: {to}\r\nSubject: {subject}\r\n{named}{more}\r\n{words}\r\n".encode()

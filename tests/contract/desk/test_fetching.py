"""Files that a payload only names are fetched before it is decided, and nobody else waits for them."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from adapters.errors import DeskAwayError, TemporaryError, UnfinishedError
from adapters.fake import FakeChannel
from adapters.fake_payload import inbound_from_raw
from adapters.message import Attachment, Channel, Inbound, InboundMessage, Untrusted
from adapters.port import KeepFile, Raw
from bot.app.channels.transcript import kept_in
from bot.app.simulation.stepping import OwnedTime, Stepping
from bot.desk.applying import apply_document
from bot.desk.desk import Desk
from bot.desk.fetching import FILE_WITHIN_SECONDS, Fetching
from bot.now import Timekeeper
from bot.store import journal
from bot.store.driver.connection import Connection
from bot.store.driver.engine import open_database
from bot.store.files import Files
from bot.store.reading import reads
from bot.tickets.facts import Line
from bot.tickets.ticket import TicketId
from sla.duration import instant
from tests.builders import document
from tests.harness import NOON
from tests.story_parts import StoryDatabase
from tests.templates import new_sqlite

T = TypeVar("T")

FILE = Attachment(Untrusted("payroll.csv"), "text/csv", 12)
CONTENT = b"name;amount\n"


class FileChannel(FakeChannel):
    """The channel in memory whose files are fetched afterwards; `failures` come first, `may_fetch` holds it up."""

    def __init__(self) -> None:
        super().__init__(Channel.TELEGRAM, "desk", now=lambda: NOON)
        self.failures: list[Exception] = []
        self.may_fetch = asyncio.Event()
        self.may_fetch.set()
        self.fetched = 0

    def convert(self, raw: Raw) -> Sequence[Inbound]:
        message = inbound_from_raw(raw)
        if not isinstance(message, InboundMessage) or not message.attachments:
            return (message,)
        kept = json.loads(raw.payload).get("kept")
        if kept is None:
            raise UnfinishedError("its files are fetched first")
        return (replace(message, attachments=(replace(message.attachments[0], **kept),)),)

    async def completed(self, raw: Raw, keep: KeepFile, *, is_last: bool) -> Raw:
        self.fetched += 1
        await self.may_fetch.wait()
        try:
            if self.failures:
                raise self.failures.pop(0)
            digest, size = await keep(_chunks())
        except TemporaryError:
            if not is_last:
                raise
            return _with(raw, note="could not be fetched")
        return _with(raw, digest=digest, size=size)


class SlowFileChannel(FileChannel):
    """Beside the file comes another one, which never ends."""

    async def completed(self, raw: Raw, keep: KeepFile, *, is_last: bool) -> Raw:
        digest, size = await keep(_chunks())
        try:
            await keep(_endless())
        except TemporaryError:
            if not is_last:
                raise
        return _with(raw, digest=digest, size=size)


class BusyFileChannel(FileChannel):
    """Gives nothing out before so long has passed since it was first asked, and says so."""

    def __init__(self, patience: timedelta) -> None:
        super().__init__()
        self._patience = patience
        self._free_at: float | None = None

    async def completed(self, raw: Raw, keep: KeepFile, *, is_last: bool) -> Raw:
        now = asyncio.get_running_loop().time()
        self._free_at = self._free_at or now + self._patience.total_seconds()
        self.failures = [TemporaryError("busy", retry_after=self._patience)] if now < self._free_at else []
        return await super().completed(raw, keep, is_last=is_last)


async def _endless() -> AsyncIterator[bytes]:
    yield CONTENT
    await asyncio.Event().wait()


async def _chunks() -> AsyncIterator[bytes]:
    yield CONTENT


def _with(raw: Raw, **kept: object) -> Raw:
    return replace(raw, payload=raw.payload[:-1] + b',"kept":' + json.dumps(kept).encode() + b"}")


class Counted(StoryDatabase):
    """Knows how often something was written."""

    writes = 0

    async def write(self, change: Callable[[Connection], T]) -> T:
        self.writes += 1
        return await super().write(change)


@dataclass
class Home:
    """A desk with one channel, whose time a test owns."""

    database: Counted
    files: Files
    channel: FileChannel = field(default_factory=FileChannel)
    time: OwnedTime = field(default_factory=lambda: OwnedTime(instant(NOON)))

    def start(self) -> Desk:
        desk = Desk(
            self.database, {Channel.TELEGRAM: self.channel}, Timekeeper(wall=self.time.now), keep=kept_in(self.files)
        )
        self.channel.connect(desk.journal, desk.press)
        return desk

    async def lines(self, number: int) -> Sequence[Line]:
        """The transcript of a ticket; empty where there is none."""
        found = await self.database.read(
            lambda conn: reads.page(conn, self.desk.revisions, TicketId(number), now=self.time.at)
        )
        return found.lines if found is not None else ()

    async def states(self) -> list[str]:
        kept = await self.database.read(
            lambda conn: journal.listing(conn, states=["new", "done", "dead", "parked"], count=10)
        )
        return sorted(one.state for one in kept)

    def __post_init__(self) -> None:
        self.desk = self.start()


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    database = Counted(await open_database(new_sqlite(tmp_path / "maitred.db")))
    await apply_document(database, document(), at=instant(NOON), by="test")
    home = Home(database, Files(tmp_path / "files"))
    await home.desk.prepare(is_alone=True)
    yield home
    await home.desk.drain()
    await database.close()


async def settle(home: Home) -> None:
    await Stepping(home.desk, home.time).settle()


async def under_way(home: Home) -> None:
    """Work until the first file is being fetched."""
    while not home.channel.fetched:
        await home.desk.intake.once()
        await asyncio.sleep(0)


async def test_a_message_with_a_file_is_decided_once_the_file_is_here(home: Home) -> None:
    await home.channel.says("1001", "the report", attachments=(FILE,))
    await settle(home)
    (line, *_) = await home.lines(1)
    (file,) = line.attachments
    assert (line.text, file.name, file.size, file.note) == ("the report", "payroll.csv", len(CONTENT), "")
    assert file.digest is not None
    assert await home.files.read(file.digest) == CONTENT
    assert home.channel.fetched == 1


async def test_others_are_served_meanwhile_and_who_wrote_it_keeps_their_order(home: Home) -> None:
    home.channel.may_fetch.clear()
    await home.channel.says("1001", "the report", attachments=(FILE,))
    await home.channel.says("1001", "did you see it?")
    await home.channel.says("1002", "something else")
    await under_way(home)
    for _ in range(3):
        await home.desk.intake.once()
    assert [line.text for line in await home.lines(1) if line.direction == "in"] == ["something else"]
    assert await home.states() == ["done", "new", "new"]

    home.channel.may_fetch.set()
    await settle(home)
    assert [line.text for line in await home.lines(2) if line.direction == "in"] == ["the report", "did you see it?"]
    assert home.channel.fetched == 1


async def test_nothing_is_tried_that_stands_behind_a_file(home: Home) -> None:
    home.channel.may_fetch.clear()
    await home.channel.says("1001", "the report", attachments=(FILE,))
    words = [f"line {number}" for number in range(60)]
    for one in words:
        await home.channel.says("1001", one)
    await under_way(home)
    before = home.database.writes
    for _ in words:
        await home.desk.intake.once()
    assert home.database.writes == before

    home.channel.may_fetch.set()
    await settle(home)
    assert [line.text for line in await home.lines(1) if line.direction == "in"] == ["the report", *words]


async def test_what_was_being_fetched_when_we_died_is_fetched_after_the_start(home: Home) -> None:
    home.channel.may_fetch.clear()
    await home.channel.says("1001", "the report", attachments=(FILE,))
    await under_way(home)
    await home.desk.fetching.close()
    assert await home.states() == ["new"]

    home.channel.may_fetch.set()
    home.desk = home.start()
    await home.desk.prepare(is_alone=True)
    await settle(home)
    (line, *_) = await home.lines(1)
    assert line.attachments[0].digest is not None


async def fetched_alone(home: Home, *, pauses: Sequence[float], file_within_s: float = FILE_WITHIN_SECONDS) -> None:
    """The one payload that waits is completed, with pauses of the test's own, and that is said once."""
    again: list[int] = []
    fetching = Fetching(
        home.database,
        {Channel.TELEGRAM: home.channel},
        kept_in(home.files),
        again=lambda number, _lane: again.append(number),
        bury=home.desk.intake.bury,
        pauses=pauses,
        file_within_s=file_within_s,
    )
    home.desk.intake.wanted = fetching.want
    await home.desk.intake.once()
    assert await fetching.drain() == 1
    assert len(again) == 1


async def test_a_channel_that_cannot_complete_its_payloads_is_a_defect_that_holds_nobody_up(home: Home) -> None:
    home.channel.failures.append(RuntimeError("a defect"))
    await home.channel.says("1001", "the report", attachments=(FILE,))
    await home.channel.says("1001", "did you see it?")
    await settle(home)
    await settle(home)
    assert await home.states() == ["dead", "done"]
    assert [line.text for line in await home.lines(1) if line.direction == "in"] == ["did you see it?"]


@pytest.mark.parametrize(
    ("failures", "is_kept"),
    [
        pytest.param([TemporaryError("later")], True, id="it comes with the second try"),
        pytest.param([DeskAwayError("the disk is full")], True, id="the disk was full for a moment"),
        pytest.param([TemporaryError("later")] * 3, False, id="it never comes"),
        pytest.param([DeskAwayError("the disk is full")] * 3, False, id="the disk stays full until the very end"),
    ],
)
async def test_a_file_is_tried_a_few_times_and_then_the_message_goes_on(
    home: Home,
    failures: list[Exception],
    is_kept: bool,  # noqa: FBT001
) -> None:
    home.channel.failures = list(failures)
    await home.channel.says("1001", "the report", attachments=(FILE,))
    await fetched_alone(home, pauses=(0, 0))
    home.desk.intake.look_again()
    await settle(home)
    (line, *_) = await home.lines(1)
    (file,) = line.attachments
    assert (file.digest is not None) is is_kept
    assert file.note == ("" if is_kept else "could not be fetched")


async def test_a_file_that_takes_too_long_takes_no_other_with_it(home: Home) -> None:
    home.channel = SlowFileChannel()
    home.desk = home.start()
    await home.desk.prepare(is_alone=True)
    await home.channel.says("1001", "the report", attachments=(FILE,))
    await fetched_alone(home, pauses=(0,), file_within_s=3)
    home.desk.intake.look_again()
    await settle(home)
    (line, *_) = await home.lines(1)
    assert line.attachments[0].digest is not None


@pytest.mark.parametrize(
    ("patience", "is_kept", "times"),
    [
        pytest.param(timedelta(seconds=0.2), True, 2, id="as long as the channel asks"),
        pytest.param(timedelta(hours=1), False, 2, id="and not at all where that is longer than a client waits"),
    ],
)
async def test_a_channel_that_asks_for_patience_is_asked_again_after_it(
    home: Home,
    patience: timedelta,
    is_kept: bool,  # noqa: FBT001
    times: int,
) -> None:
    home.channel = BusyFileChannel(patience)
    home.desk = home.start()
    await home.desk.prepare(is_alone=True)
    await home.channel.says("1001", "the report", attachments=(FILE,))
    await fetched_alone(home, pauses=(0, 0))
    assert home.channel.fetched == times
    home.desk.intake.look_again()
    await settle(home)
    (line, *_) = await home.lines(1)
    assert (line.attachments[0].digest is not None) is is_kept

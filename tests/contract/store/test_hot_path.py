"""What a message costs the database is counted in statements and hops, which do not depend on the machine's mood.

`make bench` measures the time; this holds the reason for it: a batch costs the same however many messages share it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pytest
from sqlalchemy import Connection, event

from adapters.message import Channel
from adapters.port import Limits, Raw
from bot.app.simulation.stepping import OwnedTime
from bot.desk.applying import apply_document
from bot.store.driver.database import Database
from sla.duration import instant
from tests.builders import document
from tests.harness import NOON, new_desk
from tests.story_parts import StoryChannel

T = TypeVar("T")

TOGETHER = 64
#: SQLite takes rows in blocks of sixty-four; four tables get two rows for each message: lines, events, what is to be
#: sent, and the alarms of its promises and of its pick-up.
MORE_FOR_A_BATCH = 4
BEARING = Limits(recognises_repeats=True)


class Most(NamedTuple):
    """Statements to keep and decide, to claim, and to settle."""

    hear: int
    claim: int
    settle: int


#: Two more than counted today, so that one look more is a choice somebody makes and not an accident.
ON_SQLITE = Most(hear=25, claim=14, settle=9)
#: Each is a round trip here, so several go as one; a message alone is settled after 21, BEGIN and COMMIT among them.
ON_POSTGRES = Most(hear=12, claim=6, settle=6)


@dataclass(slots=True)
class CountingDatabase(Database):
    """A real database that counts: one entry for each hop to the writer, with its statements."""

    database: Database
    hops: list[int] = field(default_factory=list)
    looks: int = 0
    glances: list[int] = field(default_factory=list)

    @property
    def is_sqlite(self) -> bool:
        return self.database.is_sqlite

    @property
    def path(self) -> Path | None:
        return self.database.path

    @property
    def url(self) -> str:
        return self.database.url

    async def read(self, look: Callable[[Connection], T]) -> T:
        self.looks += 1
        return await self.database.read(look)

    async def glance(self, look: Callable[[Connection], T]) -> T:
        self.looks += 1
        return await self.database.glance(_counted(look, self.glances))

    async def write(self, change: Callable[[Connection], T]) -> T:
        return await self.database.write(_counted(change, self.hops))

    async def quick_check(self) -> None:
        await self.database.quick_check()

    async def close(self) -> None:
        await self.database.close()


def _counted(work: Callable[[Connection], T], into: list[int]) -> Callable[[Connection], T]:
    def counted(conn: Connection) -> T:
        statements = 0

        def count(*_: Any) -> None:  # noqa: ANN401 - as SQLAlchemy calls it
            nonlocal statements
            statements += 1

        event.listen(conn, "before_cursor_execute", count)
        try:
            return work(conn)
        finally:
            event.remove(conn, "before_cursor_execute", count)
            into.append(statements)

    return counted


@dataclass(slots=True)
class Heard:
    """What a batch cost: statements of each hop to keep and decide it, and to send what came of it."""

    hearing: Sequence[int]
    sending: Sequence[int]
    looking: int


Hear = Callable[[int], Any]


@asynccontextmanager
async def listening(database: Database) -> AsyncIterator[Hear]:
    """A desk that is told so many messages at once, each of somebody it does not know."""
    counting, time = CountingDatabase(database), OwnedTime(instant(NOON))
    await apply_document(counting, document(), at=time.at, by="test")
    channels = {one: StoryChannel(one, now=time.moment, limits=BEARING) for one in (Channel.TELEGRAM, Channel.SLACK)}
    desk = new_desk(counting, channels, time)
    await desk.prepare(is_alone=True)
    said = 0

    async def hear(messages: int) -> Heard:
        nonlocal said
        raws = [opening(said + place) for place in range(messages)]
        said += messages
        counting.hops.clear()
        counting.looks = 0
        await asyncio.gather(*(desk.intake.journal([raw], None) for raw in raws))
        hearing = list(counting.hops)
        counting.hops.clear()
        assert await desk.sender.once(is_told=True) > 0
        await desk.sender.drain()
        return Heard(hearing, list(counting.hops), counting.looks)

    yield hear
    await desk.drain()


def opening(number: int) -> Raw:
    """A message that opens a ticket."""
    payload = f"""{{"kind": "message", "chat": "{number}", "id": "m{number}", "from": "{number}", "name": "Ada",
        "text": "Payroll failed", "at": "{NOON.isoformat()}"}}"""
    return Raw(Channel.TELEGRAM, "desk", f"m{number}", payload.encode(), NOON, f"telegram:desk:{number}")


async def test_a_batch_of_messages_is_kept_and_decided_in_one_hop(database: Database) -> None:
    async with listening(database) as hear:
        heard = await hear(TOGETHER)

    assert len(heard.hearing) == 1


async def test_words_and_card_of_a_new_ticket_are_claimed_in_one_hop_and_settled_in_another(database: Database) -> None:
    async with listening(database) as hear:
        heard = await hear(1)

    claiming, settling = heard.sending
    most = ON_SQLITE if database.is_sqlite else ON_POSTGRES
    assert claiming <= most.claim
    assert settling <= most.settle


async def test_while_the_sender_runs_a_message_alone_costs_two_hops_from_its_payload_to_its_receipts(
    database: Database,
) -> None:
    """What it wants said is claimed in the commit that keeps and decides it, and its two ends are settled together."""
    counting, time = CountingDatabase(database), OwnedTime(instant(NOON))
    await apply_document(counting, document(), at=time.at, by="test")
    channels = {one: StoryChannel(one, now=time.moment, limits=BEARING) for one in (Channel.TELEGRAM, Channel.SLACK)}
    desk = new_desk(counting, channels, time)
    await desk.prepare(is_alone=True)
    sending = asyncio.create_task(desk.sender.run())
    await asyncio.sleep(0)
    counting.hops.clear()

    await desk.intake.journal([opening(1)], None)
    await desk.drain()

    assert len(counting.hops) == 2, "keep, decide and claim; then settle"
    assert [len(channel.sent) for channel in channels.values()] == [1, 1]
    sending.cancel()
    await asyncio.wait([sending])


async def test_nobody_looks_for_what_they_were_told_of(database: Database) -> None:
    async with listening(database) as hear:
        heard = await hear(1)

    assert heard.looking == 0


async def test_the_loops_glance_with_one_statement_each(database: Database) -> None:
    """A glance begins no transaction, so two statements of one might see two moments."""
    counting, time = CountingDatabase(database), OwnedTime(instant(NOON))
    await apply_document(counting, document(), at=time.at, by="test")
    desk = new_desk(counting, {Channel.TELEGRAM: StoryChannel(Channel.TELEGRAM, now=time.moment)}, time)
    await desk.prepare(is_alone=True)
    counting.glances.clear()

    for loop in (desk.intake, desk.ticker, desk.sender):
        await loop.once()

    assert counting.glances == [1, 1, 1]
    await desk.drain()


@pytest.mark.parametrize("messages", [1, TOGETHER], ids=["one message", "as many as a batch holds"])
async def test_a_ticket_is_opened_in_a_handful_of_statements(database: Database, messages: int) -> None:
    async with listening(database) as hear:
        heard = await hear(messages)

    assert heard.hearing[0] <= (ON_SQLITE if database.is_sqlite else ON_POSTGRES).hear


async def test_a_whole_batch_needs_hardly_more_statements_than_two_messages(database: Database) -> None:
    async with listening(database) as hear:
        few, many = await hear(2), await hear(TOGETHER)

    assert many.hearing[0] <= few.hearing[0] + MORE_FOR_A_BATCH

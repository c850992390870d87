"""The desk that benches load: the product itself on a database of its own, its channels in memory or over loopback.

What is said comes as payloads of the channel in memory, so nothing of a network is measured unless a bench adds one.
"""

import asyncio
import gc
import json
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from adapters.fake import FakeChannel
from adapters.message import Channel
from adapters.port import Adapter, Limits, Raw
from bot.app.serve import COLLECT_AFTER
from bot.desk.applying import apply_document
from bot.desk.desk import Desk
from bot.now import Rehearsal, Timekeeper, wall_now
from bot.store.driver.database import Database
from bot.store.driver.engine import open_database
from bot.store.driver.migrate import upgrade
from sla.duration import instant
from tests.builders import STORY_DESK, document

#: A Tuesday at noon: everybody of the desk is on shift, whenever the bench is run.
NOON = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
IN_FLIGHT = 64
FREE = Limits(recognises_repeats=True)

WORDS = "Since 9:30 the export of our payroll stops at row {number} with a time-out. Could you have a look, please?"


@dataclass(frozen=True, slots=True)
class Stand:
    """A desk in force, and not running: a bench drives it, or calls `desk.run`."""

    desk: Desk
    database: Database
    channels: Mapping[Channel, Adapter]


@contextmanager
def sqlite_url() -> Iterator[str]:
    """A new file on this machine's disk, gone after the block."""
    with tempfile.TemporaryDirectory(prefix="maitred-bench-") as folder:
        yield f"sqlite+aiosqlite:///{Path(folder) / 'bench.db'}"


@asynccontextmanager
async def stand(
    url: str, channels: Mapping[Channel, Adapter] | None = None, *, desk: str = STORY_DESK
) -> AsyncIterator[Stand]:
    """The tests' desk on this database; without `channels`, Telegram and Slack in memory, which bear any load."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
    time = Timekeeper(Rehearsal(instant(NOON), 1.0, wall_now()))
    async with AsyncExitStack() as stack:
        database = await open_database(url)
        stack.push_async_callback(database.close)
        await upgrade(database)
        await apply_document(database, document(desk), at=time.now(), by="bench")
        if channels is None:
            channels = {
                one: FakeChannel(one, now=lambda: datetime.now(UTC), limits=FREE)
                for one in (Channel.TELEGRAM, Channel.SLACK)
            }
        whole = Desk(database, channels, time)
        for one in channels.values():
            if isinstance(one, FakeChannel):
                one.connect(whole.intake.journal, whole.press)
        await whole.prepare(is_alone=True)
        gc.freeze()  # as the bot does once it is ready
        gc.set_threshold(*COLLECT_AFTER)
        yield Stand(whole, database, channels)
        await whole.drain()


def chat(number: int, *, sender: str = "", text: str = WORDS, at: datetime = NOON) -> Raw:
    """One payload of Telegram: the `number`-th word ever said, by a sender nobody knows yet unless told otherwise."""
    address = sender or address_of(number)
    fields: dict[str, Any] = {
        "kind": "message",
        "chat": address,
        "id": str(number),
        "from": address,
        "name": f"Contact {address}",
        "text": text.format(number=number),
        "at": at.isoformat(),
        "language": "en",
    }
    return Raw(Channel.TELEGRAM, "desk", str(number), json.dumps(fields).encode(), at, f"telegram:desk:{address}")


def address_of(number: int) -> str:
    """The sender of the `number`-th word."""
    return str(5_000_000 + number)


async def say(desk: Desk, raws: Sequence[Raw], *, in_flight: int = IN_FLIGHT) -> None:
    """Hand payloads over as a busy channel does: so many wait for their acknowledgement at any moment."""
    waiting = iter(raws)

    async def hand_over() -> None:
        for raw in waiting:
            await desk.intake.journal([raw], None)

    async with asyncio.TaskGroup() as group:
        for _ in range(in_flight):
            group.create_task(hand_over())


async def hear(desk: Desk, raws: Sequence[Raw], *, in_flight: int = IN_FLIGHT) -> None:
    """Keep and decide all of them, both at once as in the running bot; returns when the last is decided and stored."""
    deciding = asyncio.create_task(desk.intake.run())
    await say(desk, raws, in_flight=in_flight)
    deciding.cancel()
    await asyncio.wait([deciding])
    while await desk.intake.once():
        pass


async def hear_alone(desk: Desk, raw: Raw) -> None:
    """Keep one payload and decide it, in one transaction with nothing else under way. Whoever asks counts tickets."""
    await desk.intake.journal([raw], None)


async def count(database: Database, table: str) -> int:
    """How many rows a table has: a bench that loses work has measured nothing."""

    def counted(conn: Any) -> int:  # noqa: ANN401 - only the store names the driver
        number: int = conn.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar()  # noqa: S608 - a name of ours
        return number

    return await database.read(counted)

"""The process that is killed: a whole desk on a database, its channels at the far end of a wire.

It is put together as the bot is, and knows nothing of its fate but the crash point it may be given.
"""

import asyncio
import os
import signal
import sys
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from adapters.errors import DeskAwayError
from adapters.message import Channel
from adapters.port import Limits
from bot import crashpoint
from bot.desk.applying import apply_document
from bot.desk.desk import Desk
from bot.log import configure
from bot.now import Rehearsal, Timekeeper
from bot.store.driver.database import Database
from bot.store.driver.engine import open_database
from bot.store.driver.lock_file import hold_lock
from bot.store.driver.migrate import upgrade
from bot.store.errors import StoreUnavailableError
from sla.duration import Instant
from tests.builders import document
from tests.chaos.wire import WireChannel


class Wall(Protocol):
    """The clock on the wall: milliseconds in memory that the driver moves and every victim reads."""

    value: int


@dataclass(frozen=True, slots=True)
class Orders:
    """What a victim works with. `rest` is how long Telegram wants to be left alone between two sends to one person.

    Time began at `start` when the wall showed 0, and runs `speed` times faster.
    """

    database_url: str
    peer: str
    log: Path
    start: Instant
    speed: float = 1
    rest: timedelta = timedelta(0)
    crash_at: str = ""


def live(orders: Orders, wall: Wall) -> None:
    """Run until killed, or until SIGTERM and then stop in order."""
    _prepare(orders)
    asyncio.run(_live(orders, time_of(orders, wall)))


def apply(orders: Orders, desk: str, wall: Wall) -> None:
    """Put a desk in force, once."""
    _prepare(orders)
    asyncio.run(_apply(orders, desk, time_of(orders, wall).now()))


def time_of(orders: Orders, wall: Wall) -> Timekeeper:
    """The desk's time, as driver and victim both know it."""
    return Timekeeper(Rehearsal(orders.start, orders.speed, Instant(0)), wall=lambda: Instant(wall.value))


def _prepare(orders: Orders) -> None:
    log = orders.log.open("a", buffering=1)
    configure("text", stream=log)  # the bot's own: it goes on where the log cannot be written, as on a full disk
    os.dup2(log.fileno(), sys.stderr.fileno())  # what it dies of by itself, the driver shows
    if orders.crash_at:
        crashpoint.arm(orders.crash_at)


async def _live(orders: Orders, time: Timekeeper) -> None:
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    database = await open_database(orders.database_url)
    try:
        with ExitStack() as stack:
            if database.path is not None:
                stack.enter_context(hold_lock(database.path))
            await _serve(orders, database, time, stopped)
    finally:
        await database.close()


async def _serve(orders: Orders, database: Database, time: Timekeeper, stopped: asyncio.Event) -> None:
    limits = {
        Channel.TELEGRAM: Limits(per_conversation=orders.rest),
        Channel.SLACK: Limits(recognises_repeats=True),
    }
    channels = {channel: WireChannel(channel, orders.peer, limit) for channel, limit in limits.items()}
    desk = Desk(database, channels, time)
    await desk.prepare(is_alone=True)
    async with asyncio.TaskGroup() as group:
        loops = group.create_task(desk.run())
        listening = [group.create_task(_supervised(one, desk)) for one in channels.values()]
        await stopped.wait()
        loops.cancel()
        await asyncio.wait([loops])
        await desk.drain()  # while the channels still work: what is being sent comes to its end
        for task in listening:
            task.cancel()
    await desk.drain()


async def _supervised(channel: WireChannel, desk: Desk) -> None:
    """A channel whose words could not be kept is started again; it will offer them once more."""
    while True:
        with suppress(StoreUnavailableError, DeskAwayError):
            await channel.run(desk.intake.journal, desk.press)
        await asyncio.sleep(0.1)


async def _apply(orders: Orders, desk: str, at: Instant) -> None:
    database = await open_database(orders.database_url)
    try:
        await upgrade(database)
        await apply_document(database, document(desk), at=at, by="chaos")
    finally:
        await database.close()

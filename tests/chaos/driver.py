"""Starts victims, kills them, and knows when a desk has come to rest.

Victims are forked from a server that has imported everything once, so that a kill costs a moment and not a start.
"""

import asyncio
import resource
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from sla.duration import Instant, instant, millis
from tests.builders import STORY_DESK
from tests.chaos import victim
from tests.chaos.far_end import FarEnd
from tests.chaos.victim import Orders
from tests.peers.forked import FORKS

#: Somebody is always there, so that nothing waits for a morning.
DESK = STORY_DESK.replace('mon-fri = ["10:00-19:00"]', 'mon-sun = ["00:00-24:00"]').replace(
    'mon-fri = ["09:00-21:00"]', 'mon-sun = ["00:00-24:00"]'
)
START = instant(datetime(2026, 3, 3, 9, 0, tzinfo=UTC))

_UNSETTLED = """
SELECT (SELECT count(*) FROM inbound WHERE state = 'new') + (SELECT count(*) FROM alarm WHERE due_at <= {now}) +
(SELECT count(*) FROM outbox WHERE state IN ('pending', 'postponed', 'sending', 'uncertain'))
"""


@dataclass
class Driver:
    """One desk's life through many processes, and the time it lives in."""

    orders: Orders
    far_end: FarEnd
    wall: victim.Wall
    kills: int = 0
    #: Where those that are revived die in their turn.
    crashes: list[str] = field(default_factory=list)
    codes: list[int | None] = field(default_factory=list)
    _process: BaseProcess | None = None
    _asked: int = 0

    @property
    def now(self) -> Instant:
        return victim.time_of(self.orders, self.wall).now()

    def passes(self, length: timedelta) -> None:
        """Let time go on in the desk's world."""
        self.wall.value += round(millis(length) / self.orders.speed)

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.is_alive()

    def start(self, *, crash_at: str = "") -> None:
        """Start the next victim."""
        orders = replace(self.orders, crash_at=crash_at)
        self._asked = self.far_end.asked
        self._process = self._begun(victim.live, orders, self.wall)

    async def listening(self) -> None:
        """Wait until the victim that was started last has asked the far end for the first time."""
        while self.is_alive and self.far_end.asked == self._asked:  # noqa: ASYNC110 - another process cannot ring
            await asyncio.sleep(0.005)

    async def apply(self, desk: str, *, crash_at: str = "") -> int | None:
        """Put a desk in force in a process of its own; gives its exit code."""
        orders = replace(self.orders, crash_at=crash_at)
        return await _ended(self._begun(victim.apply, orders, desk, self.wall))

    @contextmanager
    def disk_full(self) -> Iterator[None]:
        """For as long as the block lasts the victim cannot make a file any longer than a few pages."""
        assert self._process is not None
        pid = self._process.pid or 0
        before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (64 * 1024, before[1]))
        try:
            yield
        finally:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, before)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """For as long as the block lasts another process, a backup or a curious admin, writes in the file."""
        connection = sqlite3.connect(urlsplit(self.orders.database_url).path.removeprefix("/"), isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            connection.execute("ROLLBACK")
            connection.close()

    async def kill(self) -> None:
        """End the victim as a power cut would."""
        assert self._process is not None
        self._process.kill()
        self.codes.append(await _ended(self._process))
        self.kills += 1

    def end(self) -> None:
        """Nobody needs the victim any more."""
        if self._process is not None:
            self._process.kill()
            self._process.join()

    async def stop(self) -> int | None:
        """Ask the victim to stop, as a service manager does; gives its exit code."""
        assert self._process is not None
        self._process.terminate()
        return await _ended(self._process)

    async def revive(self) -> bool:
        """Start a victim where the last one died of its crash point; whether it had."""
        if self._process is None or self._process.is_alive():
            return False
        self.codes.append(self._process.exitcode)
        assert self._process.exitcode == -signal.SIGKILL, f"it ended by itself: {self.orders.log.read_text()[-3000:]}"
        self.kills += 1
        self.start(crash_at=self.crashes.pop(0) if self.crashes else "")
        return True

    async def settle(self, *, within: float = 120, turn: Callable[[], object] = lambda: None) -> None:
        """Wait until everything said is heard, decided and sent; a victim that dies meanwhile is revived."""
        until = time.monotonic() + within
        while True:
            await self.revive()
            if self.far_end.is_heard and not await self.unsettled() and not await self.revive():
                return
            assert time.monotonic() < until, f"nothing came to rest within {within} s: {await self.remains()}"
            turn()
            await asyncio.sleep(0.02)

    async def unsettled(self) -> int:
        """How many payloads, alarms and rows still wait for the desk."""
        ((count,),) = await self.rows(_UNSETTLED.format(now=self.now))
        return int(count)

    async def remains(self) -> object:
        """What a desk that never comes to rest waits for."""
        return [
            await self.rows("SELECT id, state, lane, reason FROM inbound WHERE state = 'new' LIMIT 5"),
            await self.rows("SELECT * FROM alarm ORDER BY due_at LIMIT 5"),
            await self.rows(
                "SELECT id, key, lane, state, attempts, not_before, error FROM outbox "
                "WHERE state IN ('pending', 'postponed', 'sending', 'uncertain') LIMIT 5"
            ),
            self.now,
            [(side.waiting, side.unanswered) for side in self.far_end.sides.values()],
        ]

    async def rows(self, query: str) -> Sequence[Sequence[Any]]:
        """Look into the database from outside, opening and closing it: no connection of ours outlives a kill."""
        return await rows(self.orders.database_url, query)

    def _begun(self, target: Callable[..., None], *arguments: object) -> BaseProcess:
        process = FORKS.Process(target=target, args=arguments, daemon=True)
        process.start()
        return process


@contextmanager
def driver(database_url: str, far_end: FarEnd, directory: Path, **orders: Any) -> Iterator[Driver]:  # noqa: ANN401 - fields of Orders
    """A driver with its own time; whatever victim is left is ended with the block."""
    made = Driver(
        Orders(database_url, far_end.address, directory / "victim.log", START, **orders),
        far_end,
        FORKS.RawValue("q", 0),
    )
    try:
        yield made
    finally:
        made.end()


async def rows(database_url: str, query: str) -> Sequence[Sequence[Any]]:
    """Run one query on a connection of its own."""
    parts = urlsplit(database_url)
    if parts.scheme.startswith("sqlite"):
        return await asyncio.to_thread(_sqlite_rows, parts.path.removeprefix("/"), query)
    connection = await asyncpg.connect(urlunsplit(parts._replace(scheme="postgresql")))
    try:
        return [tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


def _sqlite_rows(path: str, query: str) -> Sequence[Sequence[Any]]:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


async def _ended(process: BaseProcess) -> int | None:
    await asyncio.to_thread(process.join, 20)
    assert not process.is_alive(), "the victim does not end"
    return process.exitcode

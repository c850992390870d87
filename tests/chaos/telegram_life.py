"""`maitred run` in front of a Telegram, through many processes: forked from a server that has imported it once.

Nothing in it is ours: its settings are the environment's, its log is a file, and it dies of SIGKILL.
"""

import asyncio
import json
import os
import socket
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import asyncpg

from bot import crashpoint
from tests.chaos.driver import rows
from tests.peers.forked import FORKS, become
from tests.peers.telegram_server import TelegramServer
from tests.templates import new_sqlite

ROOT = Path(__file__).parents[2]
SETTLED_WITHIN_S = 120

_UNSETTLED = """
SELECT (SELECT count(*) FROM inbound WHERE state = 'new') +
(SELECT count(*) FROM outbox WHERE state IN ('pending', 'postponed', 'sending', 'uncertain'))
"""


def live(settings: Mapping[str, str], directory: str, log: str, crash_at: str) -> None:
    """What the process does: run, until it is killed or asked to stop."""
    os.dup2(os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT), sys.stderr.fileno())
    if crash_at:
        crashpoint.arm(crash_at)
    become(["run"], Path(directory), settings)


@dataclass
class TelegramLife:
    """One bot's life. `name` tells two of them in one directory apart."""

    telegram: TelegramServer
    directory: Path
    port: int
    database_url: str = ""
    name: str = "bot"
    settings: Mapping[str, str] = field(default_factory=dict)
    _process: BaseProcess | None = None
    _asked: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.database_url = self.database_url or new_sqlite(self.directory / "maitred.db")

    @property
    def log_file(self) -> Path:
        return self.directory / f"{self.name}.log"

    @property
    def log(self) -> list[dict[str, Any]]:
        """What it has said so far, over all its processes."""
        if not self.log_file.exists():
            return []
        lines = self.log_file.read_text().splitlines()
        return [json.loads(line) if line.startswith("{") else {"event": line} for line in lines]

    def said(self, event: str) -> list[dict[str, Any]]:
        return [one for one in self.log if one["event"] == event]

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.is_alive()

    def start(self, *, crash_at: str = "") -> None:
        """Start the next process."""
        self._asked = Counter(call.method for call in self.telegram.calls)
        settings = {
            "PATH": os.defpath,
            "MAITRED_DESK": str(ROOT / "desk.example"),
            "MAITRED_HTTP": f"127.0.0.1:{self.port}",
            "MAITRED_LOG": "json",
            "MAITRED_SECRET_KEY": "of-the-tests-only-0123456789abcdef-0123456789",
            "DATABASE_URL": self.database_url,
            "TELEGRAM_BOT_TOKEN": self.telegram.token,
            "TELEGRAM_API_URL": self.telegram.url,
            **self.settings,
        }
        self._process = FORKS.Process(
            target=live, args=(settings, str(self.directory), str(self.log_file), crash_at), daemon=True
        )
        self._process.start()

    async def polls(self) -> None:
        """Start, and wait until it asks for updates."""
        self.start()
        await self.asks("getUpdates")

    async def asks(self, method: str) -> None:
        """Wait until the process that was started last calls a method for the first time."""
        count = self._asked[method]
        await self.telegram.until(lambda: len(self.telegram.asked(method)) > count or not self.is_alive, within_s=60)
        assert self.is_alive, self.log_file.read_text()[-3000:]

    async def kill(self) -> None:
        """End it as a power cut would."""
        assert self._process is not None
        self._process.kill()
        await self.ends()

    async def its_turn_is_over(self) -> None:
        """The time passes for which a killed process still counted: as reading the updates, and as about to send."""
        if self.database_url.startswith("postgresql"):
            connection = await asyncpg.connect(self.database_url.replace("postgresql+asyncpg", "postgresql", 1))
            try:
                async with connection.transaction():
                    # What the killed one has told its server to commit may be under way: that comes to its end first.
                    await connection.execute("LOCK TABLE lease, outbox IN SHARE ROW EXCLUSIVE MODE")
                    await connection.execute("UPDATE lease SET expires_at = 0")
                    await connection.execute("UPDATE outbox SET claimed_until = 0 WHERE claimed_by IS NOT NULL")
            finally:
                await connection.close()

    async def ends(self) -> int | None:
        """Wait for its end; gives the exit code."""
        assert self._process is not None
        await asyncio.to_thread(self._process.join, 60)
        assert not self._process.is_alive(), "it does not end"
        return self._process.exitcode

    async def stop(self) -> None:
        """Ask it to stop, as a service manager does."""
        assert self._process is not None
        self._process.terminate()
        assert await self.ends() == 0, self.log_file.read_text()[-3000:]

    def end(self) -> None:
        """Nobody needs it any more."""
        if self._process is not None:
            self._process.kill()
            self._process.join()

    async def rows(self, query: str) -> Sequence[Sequence[Any]]:
        return await rows(self.database_url, query)

    async def settled(self) -> None:
        """Wait until every update is confirmed, decided, and answered."""
        async with asyncio.timeout(SETTLED_WITHIN_S):
            await self.telegram.until(lambda: not self.telegram.pending, within_s=SETTLED_WITHIN_S)
            while (await self.rows(_UNSETTLED))[0][0]:  # noqa: ASYNC110 - another process cannot ring
                await asyncio.sleep(0.1)


@asynccontextmanager
async def telegram_life(
    telegram: TelegramServer, directory: Path, *, database_url: str = "", name: str = "bot", **settings: str
) -> AsyncIterator[TelegramLife]:
    """A bot that was never started; whatever process is left is ended with the block, and its log is looked through."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    life = TelegramLife(telegram, directory, port, database_url, name, settings)
    try:
        yield life
    finally:
        life.end()
    secret = telegram.token.partition(":")[2]
    assert secret not in life.log_file.read_text(), "the token stands in the log"

"""`maitred run` between two mail servers, through many processes: forked from a server that has imported it once.

Nothing in it is ours: its settings are the environment's, its log is a file, and it dies of SIGKILL.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from tests.chaos.driver import rows
from tests.chaos.telegram_life import live
from tests.peers.forked import FORKS

SETTLED_WITHIN_S = 150
_UNSETTLED = """
SELECT (SELECT count(*) FROM inbound WHERE state = 'new') +
(SELECT count(*) FROM outbox WHERE state IN ('pending', 'postponed', 'sending', 'uncertain'))
"""


@dataclass
class MailLife:
    """One bot's life in a directory."""

    directory: Path
    settings: Mapping[str, str]
    _process: BaseProcess | None = None

    @property
    def log(self) -> str:
        file = self.directory / "bot.log"
        return file.read_text() if file.exists() else ""

    @property
    def database_url(self) -> str:
        return f"sqlite+aiosqlite:///{self.directory / 'var' / 'maitred.db'}"

    def start(self) -> None:
        """Start the next process."""
        log = str(self.directory / "bot.log")
        self._process = FORKS.Process(
            target=live, args=(dict(self.settings), str(self.directory), log, ""), daemon=True
        )
        self._process.start()

    async def kill(self) -> None:
        """End it as a power cut would."""
        assert self._process is not None
        self._process.kill()
        await asyncio.to_thread(self._process.join, 60)

    async def stop(self) -> None:
        """Ask it to stop, as a service manager does."""
        assert self._process is not None
        self._process.terminate()
        await asyncio.to_thread(self._process.join, 60)
        assert self._process.exitcode == 0, self.log[-3000:]

    def end(self) -> None:
        """Nobody needs it any more."""
        if self._process is not None:
            self._process.kill()
            self._process.join()

    async def rows(self, query: str) -> Sequence[Sequence[Any]]:
        return await rows(self.database_url, query)

    async def settled(self, mails: int) -> None:
        """Wait until so many mails are kept, decided, and answered."""
        async with asyncio.timeout(SETTLED_WITHIN_S):
            while (await self.rows("SELECT count(*) FROM inbound"))[0][0] < mails:  # noqa: ASYNC110 - another process cannot ring
                await asyncio.sleep(0.1)
            while (await self.rows(_UNSETTLED))[0][0]:  # noqa: ASYNC110 - another process cannot ring
                await asyncio.sleep(0.1)


@contextmanager
def mail_life(directory: Path, settings: Mapping[str, str]) -> Iterator[MailLife]:
    """A bot that was never started; whatever process is left is ended with the block."""
    life = MailLife(directory, settings)
    try:
        yield life
    finally:
        life.end()

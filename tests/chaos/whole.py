"""`maitred run` in a process of its own, and people who chat with it through their widgets.

Other fault tests put a desk together themselves; here nothing is ours but the far end. A process is forked after its
imports, or begun as an admin begins it.
"""

import asyncio
import json
import os
import resource
import signal
import socket
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import jwt

from tests.contract.inapp.page import Page, Site, fresh_id
from tests.peers.running import Running, running

ROOT = Path(__file__).parents[2]
KEY = "of-the-tests-only-0123456789abcdef"


@dataclass
class Whole:
    """One bot's life through many processes, on one port and one file."""

    directory: Path
    port: int
    log: list[dict[str, Any]] = field(default_factory=list)
    _process: Running | None = None
    _reading: asyncio.Task[None] | None = None
    _heard: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def database_url(self) -> str:
        return f"sqlite+aiosqlite:///{self.directory / 'var' / 'maitred.db'}"

    async def start(self, *, is_begun: bool = False) -> None:
        """Start the next process and wait until it is ready."""
        self.log.clear()
        settings = {
            "PATH": os.defpath,
            "MAITRED_DESK": str(ROOT / "desk.example"),
            "MAITRED_HTTP": f"127.0.0.1:{self.port}",
            "MAITRED_LOG": "json",
            "INAPP_JWT_SECRET": f"web:{KEY}",
        }
        self._process = await running(["run"], directory=self.directory, environment=settings, is_begun=is_begun)
        self._reading = asyncio.create_task(self._read())
        await self.says("ready", within=60)

    async def says(self, event: str, *, within: float = 60) -> None:
        """Wait until its log says so."""
        async with asyncio.timeout(within), self._heard:
            await self._heard.wait_for(lambda: any(one["event"] == event for one in self.log))

    async def sends(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.sends(number)

    @contextmanager
    def disk_full(self) -> Iterator[None]:
        """For as long as the block lasts it cannot make a file any longer than a few pages."""
        assert self._process is not None
        before = resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, (64 * 1024, before[1]))
        try:
            yield
        finally:
            resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, before)

    async def ends(self, *, within: float = 60) -> int:
        """Wait for its end; gives the exit code."""
        assert self._process is not None
        assert self._reading is not None
        code = await self._process.ends(within=within)
        async with asyncio.timeout(within):
            await self._reading
        return code

    async def _read(self) -> None:
        assert self._process is not None
        async for line in self._process.stderr:
            async with self._heard:
                self.log.append(json.loads(line) if line.startswith(b"{") else {"event": line.decode()})
                self._heard.notify_all()


@asynccontextmanager
async def whole(directory: Path) -> AsyncIterator[Whole]:
    """A bot that was never started; whatever process is left is ended with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        made = Whole(directory, int(probe.getsockname()[1]))
    try:
        yield made
    finally:
        if made._process is not None and made._process.is_alive:  # noqa: SLF001 - its own module
            made._process.sends(signal.SIGKILL)  # noqa: SLF001 - its own module
            await made.ends()


def token(subject: str) -> str:
    """What the application around the widget signs for one of its people."""
    claims = {"sub": subject, "aud": "maitred", "exp": datetime.now(UTC) + timedelta(hours=1)}
    return jwt.encode(claims, KEY, algorithm="HS256", headers={"kid": "web"})


@dataclass
class Chatters:
    """People who write without end and say again what was not acknowledged, as the widget does."""

    site: Site
    said: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    are_done: bool = False

    @property
    def lines(self) -> int:
        return sum(map(len, self.said.values()))

    async def chat(self, subject: str) -> None:
        """Write one line after the other until everybody is done and the last line is acknowledged."""
        unheard: str | None = None
        while unheard is not None or not self.are_done:
            try:
                async with self.site.page(token=token(subject)) as page:
                    while unheard is not None or not self.are_done:
                        unheard = unheard or self._next(subject)
                        await self._says(page, unheard)
                        unheard = None
            except (aiohttp.ClientError, ConnectionError, TimeoutError):
                await asyncio.sleep(0.05)  # nobody is there, or nobody any more

    def _next(self, subject: str) -> str:
        line = fresh_id()
        self.said[subject].append(line)
        return line

    @staticmethod
    async def _says(page: Page, line: str) -> None:
        await page.say(f"{line} please", line)
        while (await page.hear("ack"))["id"] != line:
            pass

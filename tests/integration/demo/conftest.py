"""The demo as somebody starts it: a process of its own in an empty directory, seen through browser windows.

Only one test pays for a true start; the others fork theirs (see tests/peers/running.py).
"""

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page

from tests.peers.chromium import PATIENCE_MS
from tests.peers.running import Running, running

ROOT = Path(__file__).parents[3]
#: Starting takes a second on a quiet machine; the peers of other tests may keep this one busy.
STARTS_WITHIN = 90


@dataclass
class Demo:
    """One directory in which the demo runs, is killed and runs again."""

    folder: Path
    port: int = 0
    urls: list[str] = field(default_factory=list)
    process: Running | None = None

    async def launch(self, *options: str, is_begun: bool = False) -> Running:
        environment = {"PATH": os.defpath, "MAITRED_DESK": str(ROOT / "desk.example")}
        words = ("demo", *options)
        return await running(words, directory=self.folder, environment=environment, is_begun=is_begun)

    async def start(self, *options: str, speed: int, is_begun: bool = False) -> None:
        """Start it, on the same port if it ran before, and read the addresses it prints."""
        words = ("--port", str(self.port), "--speed", str(speed), *options)
        self.process = await self.launch(*words, is_begun=is_begun)
        said = ""
        async with asyncio.timeout(STARTS_WITHIN):
            while "at the desk" not in said:
                line = await self.process.stdout.readline()
                assert line, f"the demo did not start: {said} {(await self.process.stderr.read()).decode()}"
                said += line.decode()
        self.urls = re.findall(r"http://\S+", said)
        self.port = int(self.urls[0].split(":")[2].split("/")[0])

    async def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """End it by a signal, as Ctrl-C does; the exit code."""
        assert self.process is not None
        if self.process.is_alive:
            self.process.sends(number)
        return await self.process.ends(within=STARTS_WITHIN)

    @property
    def page(self) -> str:
        return self.urls[0]

    @property
    def manager(self) -> str:
        return self.urls[1]

    @property
    def lead(self) -> str:
        return self.urls[2]

    def channels(self, seat: str) -> str:
        return f"{self.urls[3]}?at={seat}"


@dataclass
class Chat:
    """The widget on the client's page."""

    page: Page

    @property
    def log(self) -> Locator:
        return self.page.get_by_role("log")

    async def say(self, text: str) -> None:
        await self.page.get_by_role("textbox", name="Message").fill(text)
        await self.page.get_by_role("button", name="Send").click()

    def words(self, text: str) -> Locator:
        return self.log.get_by_text(text, exact=True)


Open = Callable[[str], Awaitable[Page]]


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Demo]:
    demo = Demo(tmp_path)
    yield demo
    if demo.process is not None:
        await demo.stop(signal.SIGKILL)


@pytest.fixture
async def window(browser: Browser) -> AsyncIterator[Open]:
    """A window of a browser profile of its own; what its scripts do not catch fails the test."""
    errors: list[str] = []

    async def open_window(url: str) -> Page:
        page = await (await browser.new_context()).new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: errors.append(str(error)))
        await page.goto(url)
        return page

    yield open_window
    assert errors == []

"""A real browser for tests of the widget and the board: Debian's Chromium, headless, driven by Playwright.

The browser starts once per worker; a test works in contexts of its own, so two windows (a client's and a manager's) are
two contexts. Playwright's own process takes a second to start: tests that run in the session's loop share one
(`lasting_browser`), others have one each (`browser`). The flags keep the browser off every network but loopback.
"""

import os
import subprocess
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.peers.missing import PeerMissingError

BROWSER_VARIABLE = "MAITRED_TEST_CHROMIUM"
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    "--remote-debugging-port=0",
    "about:blank",
)
LISTENING = "DevTools listening on "
#: The machine may be busy with the rest of the suite; a test that passes does not wait.
PATIENCE_MS = 60_000

expect.set_options(timeout=PATIENCE_MS)


def chromium_path() -> Path:
    """The browser's program; raises PeerMissingError."""
    path = Path(os.environ.get(BROWSER_VARIABLE, "/usr/bin/chromium"))
    if not path.exists():
        raise PeerMissingError("Chromium", "chromium", f"or name one in {BROWSER_VARIABLE}")
    return path


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address at which the worker's browser is driven."""
    home = tmp_path_factory.mktemp("chromium")
    process = subprocess.Popen(
        [chromium_path(), f"--user-data-dir={home}", *FLAGS],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    assert process.stderr is not None
    reader = threading.Thread(target=_drain, args=(process.stderr,), daemon=True)
    try:
        address = _address(process.stderr)
        reader.start()
        yield address
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if reader.ident is not None:
            reader.join()


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """The browser, connected for one test; `await browser.new_context()` is another person's window."""
    async with _connected(chromium) as connection:
        yield connection


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def lasting_browser(chromium: str) -> AsyncIterator[Browser]:
    """The browser, connected once for all tests in the session's loop; each closes the contexts that it made."""
    async with _connected(chromium) as connection:
        yield connection


@asynccontextmanager
async def _connected(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        connection = await playwright.chromium.connect_over_cdp(chromium)
        try:
            yield connection
        finally:
            await windows_closed(connection)
            await connection.close()


async def windows_closed(browser: Browser) -> None:
    """Close every context that somebody made."""
    for context in browser.contexts[1:]:  # the first is the browser's own
        await context.close()


@pytest.fixture
async def browser_page(browser: Browser) -> AsyncIterator[Page]:
    """One page in a fresh context; an error that its scripts did not catch fails the test."""
    page = await (await browser.new_context()).new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    assert not errors, f"scripts failed on the page: {errors}"


def _address(stream: IO[str]) -> str:
    said = ""
    for line in stream:
        if line.startswith(LISTENING):
            return line.removeprefix(LISTENING).strip()
        said += line
    raise RuntimeError(f"Chromium did not start: {said}")


def _drain(stream: IO[str]) -> None:
    with stream:
        for _ in stream:
            pass

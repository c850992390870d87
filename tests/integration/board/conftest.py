"""The board in a real browser: people in windows of their own, seen as a screen reader sees them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest_asyncio
from playwright.async_api import Browser, Dialog, Locator, Page

from tests.contract.web.served import ServedBoard, board_of_story
from tests.harness import Story
from tests.peers.chromium import PATIENCE_MS, windows_closed

#: Runs before the page's own script, from outside the page, so that the page's policy does not concern it.
WATCH = """
window.violations = [];
addEventListener("securitypolicyviolation", (one) => violations.push(`${one.violatedDirective} ${one.blockedURI}`));
"""


@dataclass
class Window:
    """One person's window."""

    page: Page
    board: ServedBoard

    async def go(self, path: str) -> "Window":
        await self.page.goto(self.board.address + path)
        return self

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    @property
    def reply(self) -> Locator:
        return self.page.get_by_role("textbox", name="Reply")

    @property
    def transcript(self) -> Locator:
        return self.page.get_by_role("log")

    @property
    def rows(self) -> Locator:
        return self.page.get_by_role("table", name="Tickets").get_by_role("row").filter(has=self.page.locator("td"))


NewWindow = Callable[..., Awaitable[Window]]


@pytest_asyncio.fixture(loop_scope="session")
async def browser(lasting_browser: Browser) -> AsyncIterator[Browser]:
    """The worker's browser, for one test."""
    yield lasting_browser
    await windows_closed(lasting_browser)


@pytest_asyncio.fixture(loop_scope="session")
async def board(tmp_path: Path) -> AsyncIterator[ServedBoard]:
    async with board_of_story(tmp_path) as served:
        yield served


@pytest_asyncio.fixture(loop_scope="session")
async def story(board: ServedBoard) -> Story:
    """What happens on that desk."""
    return board.story


@pytest_asyncio.fixture(loop_scope="session")
async def sign_in(browser: Browser, board: ServedBoard) -> AsyncIterator[NewWindow]:
    """A window of a person; script errors, refused scripts and boxes that pop up fail the test."""
    windows: list[Window] = []
    faults: list[str] = []

    async def make(person: str, **options: Any) -> Window:  # noqa: ANN401 - the browser's own options
        context = await browser.new_context(**options)
        await context.add_init_script(WATCH)
        page = await context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: faults.append(f"script: {error}"))
        page.on("console", lambda said: faults.append(f"console: {said.text}") if said.type == "error" else None)

        async def dismiss(dialog: Dialog) -> None:
            faults.append(f"dialog: {dialog.message}")
            await dialog.dismiss()

        page.on("dialog", dismiss)
        window = Window(page, board)
        windows.append(window)
        await window.go(await board.link(person))
        await page.wait_for_url("**/board")
        return window

    yield make
    for window in windows:
        faults += await window.page.evaluate("violations")
        await window.page.close()
    # Chromium itself writes on the console what our script was told: a refused form, a connection that a test cut.
    told = ("status of 422", "net::ERR_FAILED")
    assert [fault for fault in faults if not any(words in fault for words in told)] == []

"""A page of a host application, with the widget on it, in a real browser."""

import html
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, BrowserContext, Dialog, Locator, Page

from adapters.inapp.config import Config
from tests.contract.inapp.desk import MemoryDesk, Served, Wall, config_for, token
from tests.peers.chromium import PATIENCE_MS, windows_closed

#: As strict as a host application can be: no inline anything, no markup made from text, nothing from elsewhere.
POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
HOST_SCRIPT = """
window.violations = []; window.told = [];
addEventListener("securitypolicyviolation", ({ violatedDirective: what, blockedURI: where }) =>
  violations.push(`${what} ${where}`));
window.Maitred = window.Maitred || function () { (Maitred.q = Maitred.q || []).push(arguments); };
Maitred("on", "unread", (count) => told.push(["unread", count]));
if (location.search.includes("refresh"))
  Maitred("on", "token_expired", async () => Maitred("identify", await (await fetch("/token")).text()));
"""


@dataclass
class Host:
    """The server of the page and of the widget; `abort` and `start` are the desk being killed and started again."""

    desk: MemoryDesk
    now: Wall
    port: int
    config: Config
    life: Served | None = None
    language: str = "en"

    def address(self, sub: str | None = "user-17", extra: str = "") -> str:
        who = f"sub={sub}" if sub else ""
        return f"http://127.0.0.1:{self.port}/page?{who}{extra}"

    async def start(self) -> None:
        self.life = Served(self.desk, self.config, self.now)
        await self.life.start(self.port, {"/page": self._page, "/host.js": self._script, "/token": self._token})

    async def abort(self) -> None:
        assert self.life is not None
        await self.life.abort()

    async def start_anew(self) -> None:
        await self.stop()
        await self.start()

    async def stop(self) -> None:
        assert self.life is not None
        await self.life.stop()

    async def _page(self, request: web.Request) -> web.Response:
        sub = request.query.get("sub")
        held = f' data-token="{html.escape(token(sub, now=self.now.at))}"' if sub else ""
        text = (
            f'<!doctype html><html lang="{self.language}"><head><title>Acme</title><meta name="viewport"'
            ' content="width=device-width"><script src="/host.js"></script>'
            f'<script async src="/widget.js" data-zone="Europe/Lisbon"{held}></script></head>'
            "<body><h1>Acme tracker</h1><button>Run report</button></body></html>"
        )
        return web.Response(text=text, content_type="text/html", headers={"Content-Security-Policy": POLICY})

    async def _script(self, _request: web.Request) -> web.Response:
        return web.Response(text=HOST_SCRIPT, content_type="text/javascript")

    async def _token(self, _request: web.Request) -> web.Response:
        return web.Response(text=token(now=self.now.at))


@dataclass
class Window:
    """One window of one person, seen as a screen reader sees it."""

    page: Page
    host: Host
    dialogs: list[str] = field(default_factory=list)

    @property
    def launcher(self) -> Locator:
        return self.page.get_by_role("button", name="Open chat")

    @property
    def box(self) -> Locator:
        return self.page.get_by_role("textbox", name="Message")

    @property
    def panel(self) -> Locator:
        return self.page.get_by_role("dialog")

    @property
    def log(self) -> Locator:
        return self.page.get_by_role("log")

    @property
    def messages(self) -> Locator:
        return self.log.locator(".text")

    async def go(self, sub: str | None = "user-17", extra: str = "") -> "Window":
        await self.page.goto(self.host.address(sub, extra))
        return self

    async def open(self) -> "Window":
        await self.launcher.click()
        return self

    async def say(self, text: str) -> None:
        await self.box.fill(text)
        await self.page.get_by_role("button", name="Send").click()

    async def violations(self) -> list[str]:
        found: list[str] = await self.page.evaluate("violations")
        return found


NewWindow = Callable[..., Awaitable[Window]]


@pytest_asyncio.fixture(loop_scope="session")
async def browser(lasting_browser: Browser) -> AsyncIterator[Browser]:
    """The worker's browser, for one test."""
    yield lasting_browser
    await windows_closed(lasting_browser)


@pytest_asyncio.fixture(loop_scope="session")
async def host(tmp_path: Path) -> AsyncIterator[Host]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    host = Host(MemoryDesk(folder=tmp_path), Wall(), port, config_for(port))
    await host.start()
    yield host
    await host.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def new_window(browser: Browser, host: Host) -> AsyncIterator[NewWindow]:
    """A window of its own browser profile, or another tab of `beside`; script errors and violations fail the test."""
    windows: list[Window] = []
    errors: list[str] = []

    async def make(beside: Window | None = None, **options: Any) -> Window:  # noqa: ANN401 - the browser's own options
        options = {"reduced_motion": "reduce", **options}  # a panel that still slides cannot be measured
        context: BrowserContext = beside.page.context if beside else await browser.new_context(**options)
        window = Window(await context.new_page(), host)
        window.page.set_default_timeout(PATIENCE_MS)
        window.page.on("pageerror", lambda error: errors.append(str(error)))

        async def dismiss(dialog: Dialog) -> None:
            window.dialogs.append(dialog.message)
            await dialog.dismiss()

        window.page.on("dialog", dismiss)
        windows.append(window)
        return window

    yield make
    for window in windows:
        if not window.page.is_closed() and window.page.url.startswith("http"):
            assert await window.violations() == []
        assert window.dialogs == []
        await window.page.close()
    assert errors == []


@pytest_asyncio.fixture(loop_scope="session")
async def window(new_window: NewWindow) -> Window:
    return await (await new_window()).go()

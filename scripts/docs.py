"""`make docs`: what documentation and deployment take from the product itself: schema, manifests, and screenshots.

The pictures are of a real demo, started for them in an empty directory. `--only schema`, `--only manifests`,
`--only screens`, `--only calls`, `--only slack` or `--only telegram` does a part.
"""

import asyncio
import os
import re
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, Page, ViewportSize, async_playwright, expect

from bot.app.channels.slack_manifest import slack_manifest
from bot.deskfile.schema import SCHEMA_FILE, schema_text
from scripts import call_screens, slack_screens, telegram_screens
from tests.peers.chromium import chromium_path

ROOT = Path(__file__).parents[1]
SCREENS = ROOT / "docs/screens"
WIDE: ViewportSize = {"width": 1280, "height": 940}
#: A machine with other work starts slowly.
STARTS_WITHIN = 120


def main() -> None:
    """Make everything, or what `--only` names."""
    wanted = sys.argv[2] if sys.argv[1:2] == ["--only"] and len(sys.argv) > 2 else ""  # noqa: PLR2004 - an option and its value
    if wanted in {"", "schema"}:
        SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
        print(SCHEMA_FILE.relative_to(ROOT))
    if wanted in {"", "manifests"}:
        for name, is_http in (("slack-manifest.yaml", False), ("slack-manifest-http.yaml", True)):
            place = ROOT / "deploy" / name
            place.write_text(slack_manifest(is_http=is_http), encoding="utf-8")
            print(place.relative_to(ROOT))
    if wanted in {"", "screens"}:
        asyncio.run(screens())
    if wanted in {"", "screens", "calls"}:
        asyncio.run(calls())
    if wanted in {"", "screens", "slack"}:
        asyncio.run(drawn(slack_screens.pages, width=700))
    if wanted in {"", "screens", "telegram"}:
        asyncio.run(drawn(telegram_screens.pages, width=520))


async def screens() -> None:
    """Play a short scene between Lena and Vera, and take its pictures."""
    expect.set_options(timeout=60_000)
    SCREENS.mkdir(parents=True, exist_ok=True)
    async with demo() as urls, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox"])
        client = await window(browser, urls[0])
        await client.get_by_role("button", name="Open chat").click()
        await say(client, "Our conversions have been at zero since midnight, in all three campaigns.")
        await expect(client.get_by_role("log")).to_contain_text("Vera answers by")

        vera = await window(browser, urls[1])
        await vera.get_by_role("link", name="Our conversions have been").click()
        await vera.get_by_role("textbox", name="Reply").fill(
            "Found it: one node is stuck. It is being replaced, and nothing is lost."
        )
        await vera.get_by_role("button", name="Send reply").click()
        await expect(client.get_by_role("log")).to_contain_text("Found it")
        await say(client, "Great, thank you. How long will it take?")
        await expect(vera.get_by_role("log", name="Transcript")).to_contain_text("How long will it take?")
        await vera.get_by_text(re.compile("^Why .*:")).first.click()
        await keep(vera, "ticket")
        await keep(client, "widget")

        await vera.get_by_role("button", name="Answer", exact=True).click()
        await vera.get_by_role("link", name="Queue").click()
        # Mira looks at her tickets four times a minute and asks Carmen something: one promise waits.
        await expect(vera.get_by_text("waiting for the client").first).to_be_visible()
        await keep(vera, "board")
        await keep(await window(browser, f"{urls[3]}?at=slack:T1/U1"), "demo")
        await browser.close()


async def calls() -> None:
    """Book a call, and take its pictures."""
    expect.set_options(timeout=60_000)
    SCREENS.mkdir(parents=True, exist_ok=True)
    async with demo() as urls, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox"])
        await call_screens.taken(browser, urls, window, keep)
        await browser.close()


async def drawn(pages: Callable[[], Awaitable[Mapping[str, str]]], *, width: int) -> None:
    """Take the pictures of what people see in a channel that cannot run here."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox"])
        for name, html in (await pages()).items():
            page = await browser.new_page(viewport={"width": width, "height": 200}, device_scale_factor=2)
            await page.set_content(html)
            await keep(page, name, is_whole=True)
        await browser.close()


@asynccontextmanager
async def demo() -> AsyncIterator[list[str]]:
    """A demo at its beginning; gives the addresses it prints."""
    with tempfile.TemporaryDirectory() as folder:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "demo", "--port", "0"),
            cwd=folder,
            env={"PATH": os.defpath, "PYTHONPATH": str(ROOT), "MAITRED_DESK": str(ROOT / "desk.example")},
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            said = ""
            async with asyncio.timeout(STARTS_WITHIN):
                while process.stdout is not None and "at the desk" not in said:
                    line = await process.stdout.readline()
                    if not line:
                        raise RuntimeError(f"the demo did not start: {said}")
                    said += line.decode()
            yield re.findall(r"http://\S+", said)
        finally:
            process.send_signal(signal.SIGINT)
            await process.wait()


async def window(browser: Browser, url: str) -> Page:
    """A window of a person of its own, in daylight."""
    page = await (await browser.new_context(viewport=WIDE, color_scheme="light", reduced_motion="reduce")).new_page()
    await page.goto(url)
    return page


async def say(client: Page, text: str) -> None:
    """Write in the chat."""
    await client.get_by_role("textbox", name="Message").fill(text)
    await client.get_by_role("button", name="Send").click()


async def keep(page: Page, name: str, *, is_whole: bool = False) -> None:
    """Take the picture when everything on the page has arrived."""
    await page.wait_for_load_state("load")
    await page.wait_for_timeout(500)
    place = SCREENS / f"{name}.png"
    await page.screenshot(path=place, full_page=is_whole)
    print(place.relative_to(ROOT))


if __name__ == "__main__":
    main()

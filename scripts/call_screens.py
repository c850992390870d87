"""Pictures of calls in a real demo: the sheet in the widget, the booking page, the week on the board."""

import re
from collections.abc import Awaitable, Callable

from playwright.async_api import Browser, Page, expect

Window = Callable[[Browser, str], Awaitable[Page]]
Keep = Callable[[Page, str], Awaitable[None]]

#: Where the calendar file of one call is; the page of the same token books, moves and cancels. The other address that
#: the chat names opens that file alone.
_FILE = re.compile(r"(https?://\S+)/call/([\w-]+)\.ics\?call=")


async def taken(browser: Browser, urls: list[str], window: Window, keep: Keep) -> None:
    """Lena books with Vera in the chat of her application; then look at her page and at Vera's week."""
    client = await window(browser, urls[0])
    await client.get_by_role("button", name="Open chat").click()
    await client.get_by_role("button", name="Book a call").click()
    await expect(client.get_by_role("radio").first).to_be_visible()
    await keep(client, "widget-call")
    await client.get_by_role("radio").first.check()
    await client.get_by_role("button", name="Book this time", exact=True).click()
    await client.get_by_role("button", name=re.compile("calendar", re.IGNORECASE)).click()
    await expect(client.get_by_text(_FILE)).to_be_visible()
    found = _FILE.search(await client.get_by_text(_FILE).inner_text())
    if found is None:
        raise RuntimeError("the chat gave no calendar file")
    await keep(await window(browser, f"{found[1]}/book/{found[2]}?move=1"), "booking")
    vera = await window(browser, urls[1])
    await vera.goto(f"{found[1]}/board/calls")
    if await vera.locator(".held-call").count() == 0:  # the first free time is in the week that follows
        await vera.get_by_role("link", name="Week after").click()
    await expect(vera.locator(".held-call").first).to_be_visible()
    await keep(vera, "calls")

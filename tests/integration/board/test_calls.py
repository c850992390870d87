"""A call that a client books on their page, seen in the week of our people without a reload."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from adapters.message import Channel
from bot.web.desk import Site
from tests.builders import story_desk
from tests.contract.web.served import ServedBoard, board_of_story
from tests.harness import Story
from tests.integration.board.conftest import NewWindow

pytestmark = pytest.mark.asyncio(loop_scope="session")

HERE = "http://127.0.0.1:8080"


@pytest_asyncio.fixture(loop_scope="session")
async def board(tmp_path: Path) -> AsyncIterator[ServedBoard]:
    async with board_of_story(tmp_path, desk=story_desk(more="\n[calls]\n"), site=Site(public_url=HERE)) as served:
        yield served


async def test_what_is_booked_on_the_page_stands_in_the_week_at_once(
    story: Story, board: ServedBoard, sign_in: NewWindow, browser: Browser
) -> None:
    await story.receives(Channel.EMAIL, sender="lena", text="/call")
    link = story.expect_message("lena", Channel.EMAIL, containing="/book/").rpartition("/book/")[2].split()[0]
    vera = await (await sign_in("vera")).go("/board/calls")
    week = vera.page.get_by_role("table", name="Calls")
    await expect(week).to_contain_text("Vera Kova")
    await vera.page.evaluate("window.stayed = true")

    client = await browser.new_context(java_script_enabled=False)
    try:
        page = await client.new_page()
        await page.goto(f"{board.address}/book/{link}")
        await page.get_by_role("button", name="09:30 (12:30 for Vera)").click()
        await expect(page.get_by_role("status")).to_contain_text("Booked: Troubleshooting with Vera")
        await expect(page.get_by_role("region", name="Your call")).to_contain_text("09:30–10:00 (12:30–13:00 for Vera)")
    finally:
        await client.close()

    await expect(week).to_contain_text("12:30–13:00 Acme")
    assert await vera.page.evaluate("window.stayed")
    await vera.page.get_by_role("link", name="12:30–13:00 Acme").click()
    await expect(vera.page.get_by_role("region", name="Calls")).to_contain_text("Troubleshooting")

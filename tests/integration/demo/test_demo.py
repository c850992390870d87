"""What whoever starts the demo does with it: chat as a client, answer as the manager, look on as the lead, kill it."""

import re
import signal
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Page, expect

from bot.app.demo.rehearsing import ZONE, tuesday
from bot.now import wall_now
from sla.duration import moment
from tests.integration.demo.conftest import Chat, Demo, Open

pytestmark = pytest.mark.timeout(360)


async def chat(window: Open, demo: Demo) -> Chat:
    page = await window(demo.page)
    await page.get_by_role("button", name="Open chat").click()
    return Chat(page)


async def open_ticket(board: Page, words: str) -> None:
    await board.get_by_role("table", name="Tickets").get_by_role("link", name=words).click()
    await expect(board.get_by_role("log", name="Transcript")).to_contain_text(words)


async def test_a_client_is_answered_and_handed_over_and_the_lead_hears_of_a_breach(demo: Demo, window: Open) -> None:
    await demo.start(speed=60, is_begun=True)
    client = await chat(window, demo)
    await client.say("The totals of our report are wrong")
    await expect(client.log).to_contain_text("Vera answers by")

    vera = await window(demo.manager)
    await open_ticket(vera, "The totals of our report are wrong")
    left = vera.get_by_label("Promises").locator(".left").first
    before = await left.inner_text()
    await expect(left).not_to_have_text(before)

    await vera.get_by_role("textbox", name="Reply").fill("I am looking at it now")
    await vera.get_by_role("button", name="Send reply").click()
    await expect(client.words("I am looking at it now")).to_be_visible()

    await vera.get_by_role("button", name="Hand over", exact=True).click()
    to = vera.get_by_role("dialog").get_by_role("combobox")
    await to.select_option(await to.locator("option", has_text="Oleg").get_attribute("value"))
    await vera.get_by_role("button", name="Hand it over").click()
    await expect(vera.get_by_role("list").filter(has_text="handed it over to Oleg Hnatiuk").first).to_be_visible()
    his = await window(demo.channels("slack:T1/U2"))
    await expect(his.get_by_role("article").filter(has_text="The totals of our report are wrong").first).to_be_visible()

    dana = await window(demo.lead)
    await dana.get_by_role("link", name="Alerts").click()
    await expect(dana.get_by_role("listitem").filter(has_text="T-1 (Acme): first response is overdue")).to_be_visible()
    hers = await window(demo.channels("slack:T1/U5"))
    alert = hers.get_by_role("article").filter(has_text="T-1 (Acme): first response is overdue")
    await alert.get_by_role("button", name="Acknowledge").click()
    await expect(hers.get_by_text("Only Dana Orlyk sees this")).to_be_visible()
    await expect(dana.get_by_role("listitem").filter(has_text="looked after").first).to_be_visible()

    assert await demo.stop() == 0


async def test_a_demo_killed_in_the_middle_of_a_send_loses_and_doubles_nothing(demo: Demo, window: Open) -> None:
    await demo.start(speed=2)
    client = await chat(window, demo)
    await client.say("Before")
    await expect(client.log).to_contain_text("Vera answers by")
    await client.say("In the middle")
    await demo.stop(signal.SIGKILL)
    await client.say("While it was down")
    await expect(client.log).to_contain_text("sending…")

    await demo.start(speed=2)

    await expect(client.log).not_to_contain_text("sending…")
    await client.page.reload()
    await client.page.get_by_role("button", name=re.compile("Open chat")).click()
    vera = await window(demo.manager)
    await open_ticket(vera, "Before")
    for text in ("Before", "In the middle", "While it was down"):
        await expect(client.words(text)).to_have_count(1)
        await expect(vera.get_by_role("log", name="Transcript").get_by_text(text, exact=True)).to_have_count(1)
    await expect(client.log.get_by_text("Vera answers by")).to_have_count(1)
    # What our own people saw before the kill stands there again.
    hers = await window(demo.channels("slack:T1/U1"))
    await expect(hers.get_by_role("article").filter(has_text="Urgent: no postback").first).to_be_visible()
    assert await demo.stop() == 0


async def test_every_channel_can_be_played_from_both_sides(demo: Demo, window: Open) -> None:
    await demo.start(speed=1)
    bill = await window(demo.channels("email:bill@initech.test"))
    await expect(bill.get_by_role("log")).to_contain_text("Our webhook gets 403")
    await expect(bill.get_by_role("log")).to_contain_text("Tara answers by")

    tara = await window(demo.channels("slack:T1/U4"))
    card = tara.get_by_role("article").filter(has_text="Our webhook gets 403")
    await card.get_by_role("button", name="Give ETA").click()
    form = tara.get_by_role("form", name=re.compile("Give ETA"))
    await form.get_by_role("textbox").first.fill("yesterday at noon")
    await form.get_by_role("button", name="Give ETA").click()
    await expect(form.get_by_role("alert")).to_contain_text("write 15:00")
    await expect(form.get_by_role("textbox").first).to_have_value("yesterday at noon")
    await form.get_by_role("textbox").first.fill("16:30")
    await form.get_by_role("button", name="Give ETA").click()
    await expect(form).to_have_count(0)
    promised_at = moment(tuesday(wall_now())).astimezone(ZONE).replace(hour=16, minute=30)
    his_time = promised_at.astimezone(ZoneInfo("America/Chicago"))  # where Bill is, in summer as in winter
    await expect(bill.get_by_role("log")).to_contain_text(f"by {his_time:%H:%M} (your time)")

    await bill.get_by_role("button", name="Take Email down").click()
    await expect(bill.get_by_role("status").filter(has_text="Email is away")).to_be_visible()
    await bill.get_by_role("textbox", name="Message").fill("One more thing")
    await bill.get_by_role("button", name="Send", exact=True).click()
    await expect(bill.get_by_text("1 so far")).to_be_visible()
    await expect(bill.get_by_role("log")).not_to_contain_text("One more thing")
    await bill.get_by_role("button", name="Bring Email back").click()
    await expect(bill.get_by_role("log").get_by_text("One more thing", exact=True)).to_have_count(1)
    assert await demo.stop() == 0


async def test_threads_and_buttons_of_both_sides_work_and_are_there_after_a_restart(demo: Demo, window: Open) -> None:
    await demo.start(speed=1)
    hers = await window(demo.channels("slack:T1/C123"))
    await hers.get_by_role("link", name="Reply in the thread").click()
    await hers.get_by_role("textbox", name="Message").fill("The new address follows")
    await hers.get_by_role("button", name="Send", exact=True).click()
    thread = hers.get_by_role("group", name="Thread")
    await expect(thread.get_by_text("The new address follows", exact=True)).to_have_count(1)
    await thread.get_by_role("button", name="Status").click()
    await expect(hers.get_by_role("status").filter(has_text="Vera looks after it")).to_be_visible()

    vera = await window(demo.channels("slack:T1/U1"))
    card = vera.get_by_role("article").filter(has_text="our office moves").first
    await card.get_by_role("link", name="Reply in the thread").click()
    await expect(vera.get_by_role("group", name="Thread")).to_contain_text("The new address follows")
    await vera.get_by_role("textbox", name="Message").fill("We wait for it")
    await vera.get_by_role("button", name="Send", exact=True).click()
    await expect(vera.get_by_text("taken ✓")).to_be_visible()
    await expect(thread.get_by_text("We wait for it", exact=True)).to_have_count(1)
    assert await demo.stop() == 0

    await demo.start(speed=1)
    await hers.reload()
    await expect(thread.get_by_text("We wait for it", exact=True)).to_have_count(1)
    await thread.get_by_role("button", name="Status").click()
    await expect(hers.get_by_role("status").filter(has_text="Vera looks after it")).to_be_visible()
    assert await demo.stop() == 0


async def test_a_second_demo_is_refused_with_one_sentence(demo: Demo) -> None:
    await demo.start(speed=1)
    for options, sentence in (
        (("--port", str(demo.port)), f"127.0.0.1:{demo.port} cannot be listened on"),
        (("--port", "0"), "is in use by process"),
        (("--port", "0", "--fresh"), "is in use by process"),
    ):
        second = await demo.launch(*options)
        assert await second.ends(within=90) == 2
        said = await second.stderr.read()
        assert sentence in said.decode()
        assert said.count(b"\n") == 1
    assert await demo.stop() == 0


async def test_a_demo_goes_on_where_it_stopped_unless_it_is_to_begin_anew(demo: Demo, window: Open) -> None:
    await demo.start(speed=1)
    assert demo.page.startswith((demo.folder / "var/demo/attachments/address").read_text())
    client = await chat(window, demo)
    await client.say("Remember this")
    await expect(client.log).to_contain_text("Vera answers by")
    assert await demo.stop() == 0

    await demo.start(speed=1)
    board = await window(demo.manager)
    await expect(board.get_by_role("link", name="Remember this")).to_be_visible()
    assert await demo.stop() == 0

    await demo.start("--fresh", speed=1)
    board = await window(demo.manager)
    await expect(board.get_by_role("link", name="Urgent: no postback")).to_be_visible()
    await expect(board.get_by_role("link", name="Remember this")).to_have_count(0)
    assert await demo.stop() == 0

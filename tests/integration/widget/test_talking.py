"""The widget as people use it: write, read, come back, on two devices, in their language."""

import re

import pytest
from playwright.async_api import expect

from tests.contract.inapp.desk import conversation
from tests.integration.widget.conftest import Host, NewWindow, Window

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_person_writes_and_is_answered(window: Window, host: Host) -> None:
    await window.open()
    await expect(window.page.get_by_role("dialog", name="Vera Kova, your manager")).to_be_visible()
    await expect(window.panel).to_contain_text("your manager · here until 17:00 your time")
    await expect(window.box).to_be_focused()

    await window.box.press_sequentially("Nothing reaches our tracker")
    await window.box.press("Enter")
    await expect(window.messages).to_have_text(["Nothing reaches our tracker"])
    await expect(window.log).to_contain_text("sent")
    await expect(window.box).to_have_value("")
    await host.desk.reply(conversation(), "Got it. Vera answers by 12:10 (your time).", kind="auto")
    await host.desk.reply(conversation(), "Found it: one node is stuck.")

    await expect(window.messages).to_have_text(
        ["Nothing reaches our tracker", "Got it. Vera answers by 12:10 (your time).", "Found it: one node is stuck."]
    )
    await expect(window.log).to_contain_text("Vera · ")
    assert host.desk.texts(conversation()) == [
        "Nothing reaches our tracker",
        "Got it. Vera answers by 12:10 (your time).",
        "Found it: one node is stuck.",
    ]


async def test_a_reload_keeps_the_history_and_the_draft(window: Window, host: Host) -> None:
    await window.open()
    await window.say("Before the reload")
    await expect(window.log).to_contain_text("sent")
    await window.box.fill("Half a thought")

    await window.page.reload()
    await window.open()
    await expect(window.messages).to_have_text(["Before the reload"])
    await expect(window.box).to_have_value("Half a thought")
    assert len(host.desk.raws) == 1


async def test_a_second_device_shows_the_same_and_stays_in_step(
    window: Window, new_window: NewWindow, host: Host
) -> None:
    await window.open()
    await window.say("Written on the laptop")
    phone = await (await (await new_window(viewport={"width": 390, "height": 844})).go()).open()
    await expect(phone.messages).to_have_text(["Written on the laptop"])
    await phone.say("Written on the phone")
    await host.desk.reply(conversation(), "Read on both")
    for each in (window, phone):
        await expect(each.messages).to_have_text(["Written on the laptop", "Written on the phone", "Read on both"])


async def test_what_comes_while_the_chat_is_closed_is_counted_on_the_launcher(window: Window, host: Host) -> None:
    await host.desk.reply(conversation(), "One")
    await host.desk.reply(conversation(), "Two")
    await host.desk.reply(conversation(), "We wait for you", kind="auto")
    await expect(window.page.get_by_role("button", name="Open chat, 2 unread")).to_be_visible()
    assert ["unread", 2] in await window.page.evaluate("told")

    await window.open()
    await window.page.get_by_role("button", name="Close chat").click()
    await expect(window.page.get_by_role("button", name="Open chat", exact=True)).to_be_visible()
    await window.page.reload()
    await expect(window.page.get_by_role("button", name="Open chat", exact=True)).to_be_visible()
    assert [notice.external_id for notice in host.desk.seen] == ["out-2"]


async def test_the_keyboard_is_enough(window: Window) -> None:
    await window.page.get_by_role("button", name="Run report").focus()
    await window.page.keyboard.press("Tab")
    await expect(window.launcher).to_be_focused()
    await window.page.keyboard.press("Enter")
    await expect(window.box).to_be_focused()
    await window.page.keyboard.type("Line one")
    await window.page.keyboard.press("Shift+Enter")
    await window.page.keyboard.type("line two")
    await window.page.keyboard.press("Enter")
    await expect(window.messages).to_have_text([re.compile("Line one\nline two")], use_inner_text=True)
    await window.page.keyboard.press("Escape")
    await expect(window.panel).to_be_hidden()
    await expect(window.launcher).to_be_focused()


async def test_a_full_screen_chat_keeps_the_focus_inside(new_window: NewWindow) -> None:
    phone = await (await (await new_window(viewport={"width": 390, "height": 844})).go()).open()
    box = await phone.panel.bounding_box()
    assert box is not None
    assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, 390, 844)
    reached = set()
    for _ in range(8):
        await phone.page.keyboard.press("Tab")
        reached.add(await phone.page.evaluate("document.activeElement.tagName"))
    assert reached == {"MAITRED-CHAT"}
    await phone.page.get_by_role("button", name="Close chat").click()
    await expect(phone.launcher).to_be_focused()


async def test_a_message_can_be_worded_anew(window: Window, host: Host) -> None:
    await window.open()
    await window.say("It is on fir")
    await expect(window.messages).to_have_text(["It is on fir"])
    await window.log.get_by_role("button", name="Edit").click()
    await expect(window.box).to_have_value("It is on fir")
    await window.say("It is on fire")
    await expect(window.messages).to_have_text(["It is on fire"])
    await expect(window.log).to_contain_text("edited")
    assert host.desk.texts(conversation()) == ["It is on fire"]


async def test_a_message_that_is_too_long_is_told_before_it_is_sent(window: Window, host: Host) -> None:
    await window.open()
    await window.say("x" * 20_001)
    await expect(window.page.get_by_role("alert")).to_contain_text("20000 characters at most")
    await expect(window.box).not_to_have_value("")
    assert host.desk.raws == {}


async def test_a_visitor_is_not_connected_before_they_open_the_chat_and_is_known_after_a_reload(
    new_window: NewWindow, host: Host
) -> None:
    visitor = await (await new_window()).go(None)
    await expect(visitor.launcher).to_be_visible()
    assert await visitor.page.evaluate("Object.keys(localStorage).length") == 0
    await visitor.open()
    await visitor.say("Do you have a plan for charities?")
    await expect(visitor.messages).to_have_text(["Do you have a plan for charities?"])
    await visitor.page.reload()
    await visitor.open()
    await expect(visitor.messages).to_have_text(["Do you have a plan for charities?"])
    assert await visitor.page.context.cookies() == []
    (said,) = host.desk.said
    assert said.sender.address.startswith("anon-")


@pytest.mark.parametrize(
    ("locale", "opens", "direction"),
    [
        pytest.param("de", "Chat öffnen", "ltr", id="German"),
        pytest.param("uk", "Відкрити чат", "ltr", id="Ukrainian"),
        pytest.param("es-MX", "Abrir el chat", "ltr", id="Spanish of Mexico"),
        pytest.param("he", "Open chat", "rtl", id="Hebrew, for which we have no words yet"),
    ],
)
async def test_the_chat_speaks_the_language_of_the_page(
    locale: str, opens: str, direction: str, new_window: NewWindow, host: Host
) -> None:
    host.language = locale
    window = await (await new_window()).go()
    await window.page.get_by_role("button", name=opens).click()
    await expect(window.page.locator("maitred-chat")).to_have_attribute("dir", direction)
    await expect(window.panel).to_be_visible()
    assert host.desk.greeted[-1][2:] == (locale, "Europe/Lisbon")


async def test_the_host_page_may_sign_a_person_out_and_another_in(window: Window, host: Host) -> None:
    await window.open()
    await window.say("Lena's secret")
    await expect(window.messages).to_have_text(["Lena's secret"])
    await window.box.fill("Lena's draft")
    await window.page.evaluate("Maitred('shutdown')")
    await expect(window.page.locator("maitred-chat")).to_have_count(0)
    assert await window.page.evaluate("Object.keys(localStorage).length") == 0

    await window.page.evaluate("Maitred('on', 'open', () => told.push('open'))")
    await window.page.evaluate("async () => Maitred('identify', await (await fetch('/token')).text())")
    await window.open()
    await expect(window.box).to_have_value("")
    await expect(window.messages).to_have_text(["Lena's secret"])  # the same person again: the desk remembers
    assert "open" in await window.page.evaluate("told")
    assert len(host.desk.raws) == 1

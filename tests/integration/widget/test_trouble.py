"""What people notice of a server that dies, a network that goes, a token that ends: nothing lost, nothing twice."""

from datetime import timedelta

import pytest
from playwright.async_api import FilePayload, expect

from tests.contract.inapp.desk import conversation
from tests.integration.widget.conftest import Host, NewWindow, Window

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize(
    "is_kept", [pytest.param(True, id="after it was stored"), pytest.param(False, id="before it was stored")]
)
async def test_a_server_killed_in_the_middle_of_a_send_loses_and_doubles_nothing(
    is_kept: bool,  # noqa: FBT001
    window: Window,
    host: Host,
) -> None:
    await window.open()
    await window.say("Before")
    await expect(window.log).to_contain_text("sent")
    host.desk.may_return.clear()
    if not is_kept:
        host.desk.fails = 1
    await window.say("In the middle")
    await expect(window.log).to_contain_text("In the middle")
    await host.desk.heard.until(2)
    await host.abort()
    await window.say("While it was down")
    await expect(window.log).to_contain_text("sending…")

    await host.start()

    await expect(window.messages).to_have_text(["Before", "In the middle", "While it was down"])
    await expect(window.log).not_to_contain_text("sending…")
    assert host.desk.texts(conversation()) == ["Before", "In the middle", "While it was down"]


async def test_a_reload_while_the_server_is_down_sends_the_same_message_again_once(
    window: Window, new_window: NewWindow, host: Host
) -> None:
    await window.open()
    await window.say("Before")
    await expect(window.log).to_contain_text("sent")
    host.desk.may_return.clear()
    await window.say("In the middle")
    await host.desk.heard.until(2)
    await host.abort()
    await host.start()
    second_tab = await (await new_window(beside=window)).go()
    await window.page.reload()

    for each in (window, second_tab):
        await each.open()
        await expect(each.messages).to_have_text(["Before", "In the middle"])
        await expect(each.log).not_to_contain_text("sending…")
    assert host.desk.texts(conversation()) == ["Before", "In the middle"]
    assert await window.page.evaluate("Object.keys(localStorage).filter((key) => key.includes('unsent'))") == []


async def test_what_is_written_offline_is_sent_in_order_when_the_network_is_back(window: Window, host: Host) -> None:
    await window.open()
    await window.say("Online")
    await expect(window.log).to_contain_text("sent")
    await window.page.context.set_offline(True)
    await expect(window.page.get_by_role("status")).to_contain_text("No connection")
    for text in ("One", "Two", "Three"):
        await window.say(text)
    await host.desk.reply(conversation(), "Written meanwhile")
    assert host.desk.texts(conversation()) == ["Online", "Written meanwhile"]

    await window.page.context.set_offline(False)

    await expect(window.messages).to_have_text(["Online", "Written meanwhile", "One", "Two", "Three"])
    await expect(window.page.get_by_role("status")).to_be_empty()
    assert host.desk.texts(conversation()) == ["Online", "Written meanwhile", "One", "Two", "Three"]


async def test_a_message_nobody_confirms_is_called_not_sent_and_retried_as_the_same(window: Window, host: Host) -> None:
    await window.page.clock.install()
    await window.go()
    await window.open()
    await expect(window.panel).to_contain_text("Vera Kova")
    host.desk.fails = 1_000
    await window.say("Anybody?")
    await window.page.clock.run_for(11_000)
    await expect(window.log).to_contain_text("not sent")

    await window.log.get_by_role("button", name="Retry").click()
    await expect(window.log).not_to_contain_text("not sent")
    host.desk.fails = 0  # not before the click: a line that comes back delivers by itself, and takes the button away

    await expect(window.log).not_to_contain_text("sending…")
    await expect(window.messages).to_have_text(["Anybody?"])
    assert host.desk.texts(conversation()) == ["Anybody?"]


async def test_a_desk_that_restarts_in_peace_is_not_noticed(window: Window, host: Host) -> None:
    await window.open()
    await window.say("Before")
    await expect(window.log).to_contain_text("sent")
    await host.start_anew()
    await host.desk.reply(conversation(), "After")
    await expect(window.messages).to_have_text(["Before", "After"])
    await expect(window.page.get_by_role("status")).to_be_empty()


async def test_a_token_that_ends_is_renewed_by_the_page_and_the_draft_is_kept(
    new_window: NewWindow, host: Host
) -> None:
    window = await (await (await new_window()).go(extra="&refresh")).open()
    await window.say("Before")
    await expect(window.log).to_contain_text("sent")
    await window.box.fill("A long draft")
    host.now.at += timedelta(hours=2)
    await host.desk.greetings.until(2)
    await expect(window.box).to_have_value("A long draft")
    await window.page.get_by_role("button", name="Send").click()
    await expect(window.messages).to_have_text(["Before", "A long draft"])
    assert host.desk.texts(conversation()) == ["Before", "A long draft"]


async def test_a_ticket_for_files_that_ran_out_is_renewed_without_a_word(window: Window, host: Host) -> None:
    await window.open()
    await window.say("Before")
    await expect(window.log).to_contain_text("sent")
    host.now.at += timedelta(minutes=30)
    chosen: FilePayload = {"name": "log.txt", "mimeType": "text/plain", "buffer": b"late"}
    await window.page.locator("maitred-chat input[type=file]").set_input_files(chosen)
    await window.say("A file")
    await expect(window.log.get_by_role("button", name="Download log.txt")).to_be_visible()
    assert host.desk.texts(conversation()) == ["Before", "A file"]


async def test_a_token_that_ends_without_another_is_said_in_words(window: Window, host: Host) -> None:
    await window.open()
    await window.say("Before")
    await expect(window.log).to_contain_text("sent")
    host.now.at += timedelta(hours=2)
    await expect(window.page.get_by_role("alert")).to_contain_text("Please reload the page")
    await window.say("After")
    await window.page.reload()
    await window.open()
    await expect(window.messages).to_have_text(["Before", "After"])

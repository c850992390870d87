"""Words and files that would like to be more than that."""

from pathlib import Path

import pytest
from playwright.async_api import FilePayload, expect

from tests.contract.inapp.desk import conversation
from tests.integration.widget.conftest import Host, NewWindow, Window

pytestmark = pytest.mark.asyncio(loop_scope="session")

CORPUS = tuple((Path(__file__).parents[2] / "fixtures/inapp/hostile.txt").read_text("utf-8").splitlines())
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc0000003010100c9fe"
    "92ef0000000049454e44ae426082"
)


async def test_no_words_become_markup_or_script(window: Window, host: Host) -> None:
    for text in CORPUS:
        await host.desk.reply(conversation(), text)
    await window.open()
    await window.say(CORPUS[0])
    await expect(window.messages).to_have_count(len(CORPUS) + 1)
    assert await window.messages.all_inner_texts() == [*CORPUS, CORPUS[0]]
    assert (
        await window.log.locator("script, iframe, img, svg:not([aria-hidden]), form, style, object, embed").count() == 0
    )
    for link in await window.log.locator("a").all():
        assert str(await link.get_attribute("href")).startswith(("http://", "https://", "mailto:"))
        assert await link.get_attribute("rel") == "noopener nofollow noreferrer"
        await link.hover()
    assert await window.page.title() == "Acme"


async def test_hostile_names_are_only_names(window: Window, host: Host) -> None:
    host.desk.subtitle = CORPUS[0]
    await host.start_anew()
    await window.page.reload()
    await window.open()
    await expect(window.panel).to_contain_text(CORPUS[0])


@pytest.mark.parametrize(
    ("text", "links"),
    [
        pytest.param("see https://acme.test/a?b=1&c=2.", ["https://acme.test/a?b=1&c=2"], id="an address, then a stop"),
        pytest.param("(http://acme.test/x)", ["http://acme.test/x"], id="in brackets"),
        pytest.param("mailto:vera@desk.test!", ["mailto:vera@desk.test"], id="a mail address"),
        pytest.param("javascript:alert(1) data:text/html,x ftp://x.test //x.test", [], id="other schemes"),
        pytest.param("https:// http:/x", [], id="no address at all"),
    ],
)
async def test_only_plain_addresses_become_links(text: str, links: list[str], window: Window, host: Host) -> None:
    await host.desk.reply(conversation(), text)
    await window.open()
    await expect(window.messages).to_have_text([text])
    found = [await link.get_attribute("href") for link in await window.log.locator("a").all()]
    assert found == links


async def test_a_picture_is_sent_shown_and_kept_and_a_page_is_only_downloaded(
    window: Window, new_window: NewWindow, host: Host
) -> None:
    await window.open()
    files: list[FilePayload] = [
        {"name": "shot.png", "mimeType": "image/png", "buffer": PNG},
        {"name": "<img onerror=alert(1)>.svg", "mimeType": "image/svg+xml", "buffer": b"<svg onload='alert(1)'/>"},
    ]
    await window.page.locator("maitred-chat input[type=file]").set_input_files(files)
    await expect(window.page.get_by_role("button", name="Remove shot.png")).to_be_visible()
    await window.say("Two files")
    await expect(window.log.get_by_role("img", name="shot.png")).to_be_visible()

    other = await (await (await new_window()).go()).open()
    await expect(other.log.get_by_role("img", name="shot.png")).to_be_visible()
    async with other.page.expect_download() as download:
        await other.log.get_by_role("button", name="Download <img onerror=alert(1)>.svg").click()
    assert (await (await download.value).path()).read_bytes() == files[1]["buffer"]
    assert [each.size for each in host.desk.said[0].attachments] == [len(PNG), 24]


async def test_a_file_can_be_pasted_and_taken_away_again(window: Window, host: Host) -> None:
    await window.open()
    await window.box.evaluate(
        """box => {
            const held = new DataTransfer();
            held.items.add(new File(["pasted"], "pasted.txt", {type: "text/plain"}));
            box.dispatchEvent(new ClipboardEvent("paste", {clipboardData: held, bubbles: true, cancelable: true}));
        }"""
    )
    await window.page.get_by_role("button", name="Remove pasted.txt").click()
    await window.panel.evaluate(
        """panel => {
            const held = new DataTransfer();
            held.items.add(new File(["dropped"], "dropped.txt", {type: "text/plain"}));
            panel.dispatchEvent(new DragEvent("drop", {dataTransfer: held, bubbles: true, cancelable: true}));
        }"""
    )
    await expect(window.page.get_by_role("button", name="Remove dropped.txt")).to_be_visible()
    await window.say("With a file")
    await expect(window.log).to_contain_text("dropped.txt")
    (said,) = host.desk.said
    assert [each.name for each in said.attachments] == ["dropped.txt"]

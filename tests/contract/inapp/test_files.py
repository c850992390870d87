"""Files up and down: only one's own, only so large, and never as a page."""

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta

import pytest
from aiohttp import ClientResponse

from tests.contract.inapp.desk import MemoryDesk, Served, Wall, config_for, conversation, served, token
from tests.contract.inapp.page import Site

Headers = Mapping[str, str]
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


async def _ticket(site: Site, held: str) -> str:
    async with site.page(token=held) as page:
        return str((await page.hear("welcome"))["ticket"])


async def _upload(site: Site, ticket: str, content: bytes = PNG, headers: Headers | None = None) -> ClientResponse:
    sent = {
        "Origin": site.origin,
        "Authorization": f"Bearer {ticket}",
        "Content-Type": "image/png",
        "X-File-Name": "shot.png",
        **(headers or {}),
    }
    return await site.session.post(site.at("/inapp/files"), data=content, headers=sent)


async def _download(site: Site, ticket: str, digest: str, **headers: str) -> ClientResponse:
    sent = {"Authorization": f"Bearer {ticket}", **headers}
    return await site.session.get(site.at(f"/inapp/files/{digest}"), headers=sent)


async def _sent(site: Site, desk: MemoryDesk, headers: Headers | None = None) -> str:
    """Upload a file, send it, and give its digest."""
    async with site.page(token=token()) as page:
        ticket = (await page.hear("welcome"))["ticket"]
        note = (await (await _upload(site, ticket, headers=headers)).json())["file"]
        await page.say("", files=(note,))
        await page.hear("ack")
    return str(desk.said[-1].attachments[0].digest)


async def test_a_file_goes_up_is_sent_and_comes_down_again(desk: MemoryDesk, life: Served, site: Site) -> None:
    digest = await _sent(site, desk)
    assert desk.said[0].text == ""
    assert (desk.said[0].attachments[0].name, desk.said[0].attachments[0].size) == ("shot.png", len(PNG))

    answer = await _download(site, await _ticket(site, token()), digest)
    assert await answer.read() == PNG
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Content-Disposition"] == "inline; filename*=UTF-8''shot.png"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "type_", ["text/html", "image/svg+xml", "application/xhtml+xml", "text/javascript", "nonsense"]
)
async def test_what_is_not_a_plain_picture_is_never_shown_as_a_page(
    type_: str, desk: MemoryDesk, life: Served, site: Site
) -> None:
    headers = {"Content-Type": type_, "X-File-Name": "%2E%2E/%D1%84%D0%B0%D0%B9%D0%BB%0D%0A.html"}
    digest = await _sent(site, desk, headers)
    answer = await _download(site, await _ticket(site, token()), digest)
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert desk.said[0].attachments[0].name == "файл .html"


async def test_nobody_is_handed_a_file_of_another_conversation(desk: MemoryDesk, life: Served, site: Site) -> None:
    digest = await _sent(site, desk)
    stranger = await _ticket(site, token("a stranger"))
    assert (await _download(site, stranger, digest)).status == 404
    assert (await _download(site, stranger, "0" * 64)).status == 404
    assert (await _download(site, stranger, "..%2f..%2fetc")).status == 404

    own = await _ticket(site, token())
    note = (await (await _upload(site, own)).json())["file"]
    async with site.page(token=token("a stranger")) as page:
        await page.say("mine now", files=(note,))
        assert (await page.hear("refused"))["reason"] == "file"


async def test_a_ticket_is_wanted_and_does_not_last(desk: MemoryDesk, life: Served, now: Wall, site: Site) -> None:
    digest = await _sent(site, desk)
    ticket = await _ticket(site, token())
    assert (await _download(site, "", digest)).status == 401
    assert (await _download(site, token(), digest)).status == 401
    assert (await _upload(site, token())).status == 401
    now.at += timedelta(minutes=11)
    assert (await _download(site, ticket, digest)).status == 401
    assert (await _upload(site, ticket)).status == 401


async def test_a_file_that_is_too_large_is_refused_whether_it_says_so_or_not(
    desk: MemoryDesk, now: Wall, site: Site
) -> None:
    async with served(desk, config_for(site.port, largest_file=1_000), now, site.port):
        ticket = await _ticket(site, token())
        assert (await _upload(site, ticket, bytes(1_001))).status == 413
        headers = {"Origin": site.origin, "Authorization": f"Bearer {ticket}"}

        async def trickle() -> AsyncIterator[bytes]:
            for _ in range(11):
                yield bytes(100)

        answer = await site.session.post(site.at("/inapp/files"), data=trickle(), headers=headers)
        assert (answer.status, await answer.json()) == (413, {"reason": "too_large"})
        assert (await _upload(site, ticket, bytes(1_000))).status == 200
    assert len(desk.bytes_of) == 1


async def test_uploads_without_end_are_slowed(life: Served, site: Site) -> None:
    ticket = await _ticket(site, token())
    statuses = [(await _upload(site, ticket)).status for _ in range(50)]
    assert set(statuses[:30]) == {200}
    assert 429 in statuses


@pytest.mark.parametrize("origin", ["https://evil.test", "null"])
async def test_a_foreign_page_may_neither_send_nor_read(
    origin: str, desk: MemoryDesk, life: Served, site: Site
) -> None:
    digest = await _sent(site, desk)
    ticket = await _ticket(site, token())
    address = site.at("/inapp/files")
    permit = await site.session.options(address, headers={"Origin": origin, "Access-Control-Request-Method": "POST"})
    upload = await _upload(site, ticket, headers={"Origin": origin})
    download = await _download(site, ticket, digest, Origin=origin)
    for answer in (permit, upload, download):
        assert answer.status == 403
        assert "Access-Control-Allow-Origin" not in answer.headers


async def test_a_page_on_the_list_may_ask_from_its_own_origin(life: Served, site: Site) -> None:
    answer = await site.session.options(site.at("/inapp/files"), headers={"Origin": "https://app.acme.test"})
    assert answer.status == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "https://app.acme.test"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert conversation().key == "inapp:web:user-17"

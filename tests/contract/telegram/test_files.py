"""Files on their way to Telegram: beside which words, how many at once, and that none is handed over twice."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from adapters.card import Card, OutboundCard
from adapters.errors import PermanentError, TemporaryError, UncertainError
from adapters.message import Attachment, Button, Untrusted
from adapters.telegram.config import Config
from adapters.telegram.gate import Gate
from adapters.telegram.pacing import Budgets, PacedWeb
from adapters.telegram.places import Moves
from adapters.telegram.posts import Posts
from adapters.telegram.speaking import Speaker
from adapters.telegram.timings import Timings
from adapters.telegram.topics import Topics
from adapters.telegram.uploads import LARGEST_FILE
from adapters.telegram.web import Web
from tests.contract.telegram.desk import LONG, Desk
from tests.peers.relay import relay_to
from tests.peers.telegram_adapter import HASTE, KeptFiles, wall
from tests.peers.telegram_server import Fault

STATUS = (Button("client.status", "Status", "T-12"),)


def made(desk: Desk, files: KeptFiles, *, patience_s: float) -> tuple[Posts, Web]:
    """What sends, with less patience than the adapter has."""
    web, memory = Web(Config(desk.telegram.token, api_url=desk.telegram.url)), desk.kept.memory
    paced = PacedWeb(web, wall, memory.paces, Budgets(HASTE))
    speaker = Speaker(paced, Topics(paced, memory.topics, wall), Moves())
    return Posts(speaker, memory, files, wall, patience_s=patience_s), web


async def test_a_file_has_its_words_under_it(desk: Desk) -> None:
    receipt = await desk.adapter.send(desk.words("Here <it> is.", attachments=(desk.file(),), buttons=STATUS))
    (shown,) = desk.shown()
    assert (shown.kind, shown.file, shown.file_name) == ("document", b"%PDF-1.7", "report.pdf")
    assert (shown.text, shown.labels) == ("Here <it> is.", ["Status"])
    assert receipt.external_id == shown.external_id


async def test_a_picture_is_shown_as_one(desk: Desk) -> None:
    await desk.adapter.send(desk.words("", attachments=(desk.photo(),)))
    (shown,) = desk.shown()
    assert (shown.kind, shown.text) == ("photo", "")


async def test_a_picture_that_telegram_cannot_show_goes_as_a_file(desk: Desk) -> None:
    desk.telegram.fail("sendPhoto", Fault(status=400, description="Bad Request: PHOTO_INVALID_DIMENSIONS"))
    await desk.adapter.send(desk.words("See.", attachments=(desk.photo(),)))
    (shown,) = desk.shown()
    assert (shown.kind, shown.text) == ("document", "See.")


async def test_several_of_a_kind_are_an_album_and_the_rest_comes_after_it(desk: Desk) -> None:
    files = (desk.photo("a.png"), desk.photo("b.png"), desk.file("c.pdf"))
    receipt = await desk.adapter.send(desk.words("Here they are.", attachments=files))
    text, first, second, third = desk.shown()
    assert (text.kind, text.text) == ("text", "Here they are.")
    assert first.album == second.album is not None
    assert [one.kind for one in (first, second, third)] == ["photo", "photo", "document"]
    assert receipt.external_id == text.external_id


async def test_the_words_of_an_album_stand_under_it(desk: Desk) -> None:
    files = tuple(desk.file(f"{number}.pdf") for number in range(3))
    receipt = await desk.adapter.send(desk.words("Three of them.", attachments=files))
    shown = desk.shown()
    assert [one.text for one in shown] == ["Three of them.", "", ""]
    assert len({one.album for one in shown}) == 1
    assert receipt.external_id == shown[0].external_id
    assert await desk.adapter.reconcile(desk.words("Three of them.", attachments=files)) is not None


async def test_more_than_ten_are_two_albums(desk: Desk) -> None:
    files = tuple(desk.file(f"{number}.pdf") for number in range(12))
    await desk.adapter.send(desk.words("Twelve.", attachments=files))
    assert [len(call.arguments["media"]) for call in desk.telegram.asked("sendMediaGroup")] == [10, 2]
    assert [one.file_name for one in desk.shown()[1:]] == [f"{number}.pdf" for number in range(12)]


async def test_words_that_are_too_long_to_stand_under_a_file_come_before_it(desk: Desk) -> None:
    words = "word " * 300
    await desk.adapter.send(desk.words(words, attachments=(desk.file(),)))
    text, shown = desk.shown()
    assert text.text == words.strip()
    assert (shown.kind, shown.text) == ("document", "")


async def test_a_file_whose_bytes_we_do_not_have_is_named(desk: Desk) -> None:
    lost = Attachment(Untrusted("big.iso"), "application/octet-stream", 9, note="too large")
    await desk.adapter.send(desk.words("Here it is.", attachments=(lost,)))
    assert desk.texts() == ["Here it is.\nbig.iso (too large)"]


async def test_a_file_that_is_too_large_for_telegram_is_a_failure_before_anything_is_said(desk: Desk) -> None:
    large = Attachment(Untrusted("film.mp4"), "video/mp4", LARGEST_FILE + 1, "f" * 64)
    with pytest.raises(PermanentError, match=r"film.mp4 is too large: Telegram takes files of up to 50 MB"):
        await desk.adapter.send(desk.words("Here it is.", attachments=(desk.file(), large)))
    assert desk.shown() == []


async def test_a_file_that_is_no_longer_kept_is_a_failure_before_anything_is_said(desk: Desk) -> None:
    gone = Attachment(Untrusted("report.pdf"), "application/pdf", 8, "f" * 64)
    with pytest.raises(PermanentError, match="no longer kept"):
        await desk.adapter.send(desk.words(LONG, attachments=(desk.file(), gone)))
    assert desk.shown() == []


@pytest.mark.parametrize("is_restarted", [pytest.param(False, id="one life"), pytest.param(True, id="a restart")])
async def test_files_that_did_not_arrive_with_their_words_are_sent_after_them(
    desk: Desk,
    is_restarted: bool,  # noqa: FBT001 - a case
) -> None:
    message = desk.words(LONG, attachments=(desk.file(), desk.photo()))
    desk.telegram.fail("sendPhoto", Fault(cut="before"))
    with pytest.raises(UncertainError):
        await desk.adapter.send(message)
    if is_restarted:
        await desk.restarts()
    assert await desk.adapter.reconcile(message) is None
    await desk.adapter.send(message)
    shown = desk.shown()
    assert "\n".join(one.text for one in shown[:-2]) == LONG
    assert [one.kind for one in shown[-2:]] == ["document", "photo"]


async def test_what_a_client_sent_is_relayed_with_its_files(desk: Desk) -> None:
    relay = OutboundCard(
        "relay-1",
        desk.at(desk.vera),
        Card("Lena:", quote=Untrusted("see t.me/x")),
        wall(),
        attachments=(desk.photo("a.png"), desk.photo("b.png")),
    )
    receipt = await desk.adapter.send(relay)
    first, second = desk.shown(desk.vera)
    assert first.html == "<b>Lena:</b>\n<blockquote>see t\N{WORD JOINER}.me/x</blockquote>"
    assert (second.text, second.album) == ("", first.album)
    assert receipt.external_id == first.external_id


async def test_a_file_that_telegram_would_not_take_does_not_keep_a_relay_back(desk: Desk) -> None:
    large = Attachment(Untrusted("film.mp4"), "video/mp4", LARGEST_FILE + 1, "f" * 64)
    card = Card("Lena:", quote=Untrusted("a film"))
    await desk.adapter.send(OutboundCard("relay-1", desk.at(desk.vera), card, wall(), attachments=(large,)))
    assert "film\N{WORD JOINER}.mp4 (video/mp4)" in desk.shown(desk.vera)[0].text


async def test_words_under_a_file_are_changed_there(desk: Desk) -> None:
    receipt = await desk.adapter.send(desk.words("Here it is.", attachments=(desk.file(),)))
    await desk.adapter.edit(receipt.external_id, desk.words("Here it was.", key="edit-1"))
    (shown,) = desk.shown()
    assert (shown.kind, shown.text) == ("document", "Here it was.")
    longer = "\n".join(f"line {number}" for number in range(400))
    await desk.adapter.edit(receipt.external_id, desk.words(longer, key="edit-2"))
    assert "\n".join(desk.texts()) == longer


@dataclass
class SlowFiles(KeptFiles):
    """Files that come when a test says so."""

    may_come: asyncio.Event = field(default_factory=asyncio.Event)
    reads: int = 0

    async def read(self, digest: str) -> bytes:
        self.reads += 1
        await self.may_come.wait()
        return await super().read(digest)


async def test_a_file_that_takes_longer_than_a_send_goes_on_meanwhile_and_is_brought_once(desk: Desk) -> None:
    message = desk.words("Here it is.", attachments=(desk.file(),))
    files = SlowFiles(desk.files.content)
    posts, web = made(desk, files, patience_s=0.05)
    for _ in range(2):
        with pytest.raises(TemporaryError, match="on their way"):
            await posts.send(message)
    assert desk.shown() == []
    with pytest.raises(TemporaryError, match="on their way"):
        await posts.finish(message)

    files.may_come.set()
    receipt = None
    while receipt is None:  # each look waits a little, and the upload ends only meanwhile
        with suppress(TemporaryError):
            receipt = await posts.finish(message)
    assert receipt.external_id == desk.shown()[0].external_id
    assert files.reads == 1
    assert len(desk.telegram.asked("sendDocument")) == 1
    await posts.close()
    await web.close()


async def test_an_upload_ends_only_while_its_send_waits_so_a_kill_repeats_at_most_that_one(desk: Desk) -> None:
    people = [desk.telegram.person(name) for name in ("Bill", "Carmen", "Dmytro", "Eva")]
    for one in people:
        one.starts()
    rows = [desk.words("Here.", one, key=one.name, attachments=(desk.file(f"{one.name}.pdf"),)) for one in people]

    async def life(*, patience_s: float) -> tuple[Posts, Web]:
        posts, web = made(desk, desk.files, patience_s=patience_s)
        for row in rows:
            with pytest.raises(TemporaryError, match="on their way"):
                await posts.send(row)
        await desk.adapter.send(desk.words("Meanwhile.", key=f"meanwhile {patience_s}"))
        return posts, web

    async def dies(posts: Posts, web: Web) -> None:
        await posts.close()
        await web.close()

    def shown() -> list[int]:
        return [len(desk.shown(one)) for one in people]

    await dies(*await life(patience_s=0))
    assert shown() == [0, 0, 0, 0], "what nobody waits for is not there"
    posts, web = await life(patience_s=0)
    desk.telegram.fail("sendDocument", Fault(cut="after"))
    patient, line = made(desk, desk.files, patience_s=60)
    with pytest.raises(UncertainError):
        await patient.send(rows[1])
    await dies(posts, web)
    assert shown() == [0, 1, 0, 0], "one is in doubt, and no other"
    for row in rows:
        await patient.send(row)
    assert shown() == [1, 2, 1, 1]
    await dies(patient, line)


async def test_a_connection_that_breaks_before_all_of_a_file_is_there_leaves_no_doubt(desk: Desk) -> None:
    async with relay_to(urlsplit(desk.telegram.url).port or 0) as relay:
        web = Web(Config(desk.telegram.token, api_url=f"http://127.0.0.1:{relay.port}"))
        files = {"document": ("a.pdf", b"%PDF-1.7" + bytes(2**24))}
        call = asyncio.create_task(web.call("sendDocument", {"chat_id": desk.lena.id}, files=files, gate=Gate()))
        await relay.heard_from_client(b"%PDF-1.7")
        relay.cut()
        with pytest.raises(TemporaryError, match="before all of a file"):
            await call
        await web.close()
    assert desk.shown() == []


async def test_a_file_without_content_is_refused_for_good(desk: Desk) -> None:
    empty = desk.file("a.csv", b"", "text/csv")
    with pytest.raises(PermanentError, match="non-empty"):
        await desk.adapter.send(desk.words("Here it is.", attachments=(empty,)))
    assert desk.shown() == []


async def test_a_slow_file_lets_everybody_else_have_their_turn(desk: Desk) -> None:
    desk.files = slow = SlowFiles(desk.files.content)
    await desk.restarts(Timings())
    async with asyncio.timeout(60):
        with pytest.raises(TemporaryError, match="on their way") as put_off:
            await desk.adapter.send(desk.words("Here it is.", attachments=(desk.file(),)))
    assert put_off.value.retry_after == timedelta(seconds=3)
    slow.may_come.set()


async def test_files_that_are_too_large_together_go_one_after_the_other(desk: Desk) -> None:
    half = LARGEST_FILE // 2
    files = tuple(replace(desk.file(f"{number}.pdf"), size=half) for number in range(3))
    await desk.adapter.send(desk.words("", attachments=files))
    assert [call.method for call in desk.telegram.calls if call.method.startswith("send")] == [
        "sendMediaGroup",
        "sendDocument",
    ]


async def test_an_upload_that_nobody_waits_for_any_more_ends_with_the_channel(desk: Desk) -> None:
    files = SlowFiles(desk.files.content)
    posts, web = made(desk, files, patience_s=0.01)
    with pytest.raises(TemporaryError):
        await posts.send(desk.words("Here it is.", attachments=(desk.file(),)))
    await posts.close()
    await web.close()
    assert desk.shown() == []


async def test_an_album_in_a_hurry_is_tried_again_with_its_words(desk: Desk) -> None:
    message = desk.words("Two.", attachments=(desk.file("a.pdf"), desk.file("b.pdf")))
    desk.telegram.fail("sendMediaGroup", Fault(status=500, description="Internal Server Error"))
    with pytest.raises(TemporaryError):
        await desk.adapter.send(message)
    await desk.adapter.send(message)
    assert [one.text for one in desk.shown()] == ["Two.", ""]

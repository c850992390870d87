"""Files that people send: fetched from Telegram alone, once, and never in the way of what they wrote."""

import hashlib
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from adapters.errors import DeskAwayError, PermanentError, TemporaryError, UnfinishedError
from adapters.message import Attachment, Channel, InboundEdit, InboundMessage
from adapters.port import Raw
from adapters.telegram.convert import inbound_from_raw
from adapters.telegram.downloads import Downloads
from adapters.telegram.web import Web
from tests.integration.telegram.ways_in import config_of
from tests.peers.telegram_adapter import KeptInMemory
from tests.peers.telegram_server import Fault, TelegramServer

AT = datetime(2026, 3, 27, 9, 30, tzinfo=UTC)


class Keeping:
    """Keeps bytes in memory, or fails."""

    def __init__(self) -> None:
        self.kept: list[bytes] = []
        self.failures: list[Exception] = []

    async def __call__(self, chunks: AsyncIterator[bytes]) -> tuple[str, int]:
        if self.failures:
            raise self.failures.pop(0)
        content = b"".join([chunk async for chunk in chunks])
        self.kept.append(content)
        return hashlib.sha256(content).hexdigest(), len(content)


@pytest.fixture
async def web(telegram: TelegramServer) -> AsyncIterator[Web]:
    made = Web(config_of(telegram))
    yield made
    await made.close()


def downloads_of(web: Web, kept: KeptInMemory | None = None) -> Downloads:
    return Downloads(web, (kept or KeptInMemory()).memory.fetched)


def last_update(telegram: TelegramServer) -> Raw:
    update = telegram.line.emitted[-1]
    return Raw(Channel.TELEGRAM, "desk", f"1:{update['update_id']}", json.dumps(update).encode(), AT)


def attachment_of(raw: Raw) -> Attachment:
    (said,) = inbound_from_raw(raw)
    assert isinstance(said, InboundMessage)
    (attachment,) = said.attachments
    return attachment


async def test_a_file_is_fetched_and_named_by_its_bytes(telegram: TelegramServer, web: Web) -> None:
    telegram.person("Lena").sends_document(b"%PDF-1.7 ...", name="invoice.pdf", kind="application/pdf")
    raw, keep = last_update(telegram), Keeping()
    with pytest.raises(UnfinishedError):
        inbound_from_raw(raw)
    whole = await downloads_of(web).completed(raw, keep, is_last=False)
    found = attachment_of(whole)
    assert keep.kept == [b"%PDF-1.7 ..."]
    assert (found.name, found.type, found.size) == ("invoice.pdf", "application/pdf", 12)
    assert found.digest == hashlib.sha256(b"%PDF-1.7 ...").hexdigest()
    assert json.loads(whole.payload)["message"] == json.loads(raw.payload)["message"]


async def test_a_photo_is_fetched_once_in_its_largest_size(telegram: TelegramServer, web: Web) -> None:
    telegram.person("Lena").sends_photo(b"\xff\xd8 picture")
    keep = Keeping()
    await downloads_of(web).completed(last_update(telegram), keep, is_last=False)
    assert keep.kept == [b"\xff\xd8 picture"]
    assert len(telegram.asked("getFile")) == 1


@pytest.mark.parametrize(
    ("method", "fault"),
    [
        pytest.param("getFile", Fault(status=500), id="Telegram fails to say where"),
        pytest.param("getFile", Fault(cut="after"), id="the line is cut"),
        pytest.param("file", Fault(status=500), id="the file's host fails"),
        pytest.param("file", Fault(cut="before"), id="the file's line is cut"),
    ],
)
async def test_what_fails_for_now_is_tried_again_and_given_up_at_last(
    telegram: TelegramServer, web: Web, method: str, fault: Fault
) -> None:
    telegram.person("Lena").sends_document(b"abc", name="a.txt", kind="text/plain")
    raw, keep, downloads = last_update(telegram), Keeping(), downloads_of(web)
    telegram.fail(method, fault, times=2)
    with pytest.raises(TemporaryError):
        await downloads.completed(raw, keep, is_last=False)
    whole = await downloads.completed(raw, keep, is_last=True)
    assert attachment_of(whole).note == "could not be fetched from Telegram"
    telegram.mend()
    assert attachment_of(await downloads_of(web).completed(raw, keep, is_last=False)).digest is not None


async def test_other_words_beside_a_file_do_not_fetch_it_again(telegram: TelegramServer, web: Web) -> None:
    lena, keep, kept = telegram.person("Lena"), Keeping(), KeptInMemory()
    said = lena.sends_document(b"%PDF-1.7 ...", name="invoice.pdf", kind="application/pdf", caption="March")
    first = attachment_of(await downloads_of(web, kept).completed(last_update(telegram), keep, is_last=False))
    lena.edits(said, "April, sorry")
    again = downloads_of(web, kept)  # the process is another one by now
    (edit,) = inbound_from_raw(await again.completed(last_update(telegram), keep, is_last=False))
    assert isinstance(edit, InboundEdit)
    assert (edit.text, edit.attachments) == ("April, sorry", (first,))
    assert (len(telegram.asked("getFile")), keep.kept) == (1, [b"%PDF-1.7 ..."])
    lena.edits(said, "April, sorry", document=b"%PDF-1.7 April", name="april.pdf")
    (edit,) = inbound_from_raw(await again.completed(last_update(telegram), keep, is_last=False))
    assert isinstance(edit, InboundEdit)
    assert edit.attachments[0].digest == hashlib.sha256(b"%PDF-1.7 April").hexdigest()
    assert len(telegram.asked("getFile")) == 2


async def test_a_desk_that_cannot_look_up_what_it_has_is_asked_again_and_the_file_fetched_at_last(
    telegram: TelegramServer, web: Web
) -> None:
    telegram.person("Lena").sends_document(b"abc", name="a.txt", kind="text/plain")
    kept, keep = KeptInMemory(is_away=True), Keeping()
    downloads, raw = downloads_of(web, kept), last_update(telegram)
    with pytest.raises(DeskAwayError):
        await downloads.completed(raw, keep, is_last=False)
    assert attachment_of(await downloads.completed(raw, keep, is_last=True)).digest is not None


async def test_a_file_that_is_gone_says_so(telegram: TelegramServer, web: Web) -> None:
    telegram.person("Lena").sends_document(b"abc", name="a.txt", kind="text/plain")
    telegram.fail("getFile", Fault(status=400, description="Bad Request: wrong file_id or the file is gone"))
    whole = await downloads_of(web).completed(last_update(telegram), Keeping(), is_last=False)
    assert attachment_of(whole).note == "Telegram has it no longer"


async def test_no_redirect_is_followed_with_the_token(telegram: TelegramServer, web: Web) -> None:
    telegram.person("Lena").sends_document(b"abc", name="a.txt", kind="text/plain")
    telegram.fail("file", Fault(status=302))
    whole = await downloads_of(web).completed(last_update(telegram), Keeping(), is_last=False)
    assert attachment_of(whole).note == "Telegram does not give the file to the bot"


async def test_a_file_whose_size_was_not_told_and_is_too_large_says_so(telegram: TelegramServer, web: Web) -> None:
    telegram.person("Lena").sends_document(b"abc", name="a.txt", kind="text/plain")
    telegram.fail("getFile", Fault(status=400, description="Bad Request: file is too big"))
    whole = await downloads_of(web).completed(last_update(telegram), Keeping(), is_last=False)
    assert attachment_of(whole).note == "too large to fetch; it stays in Telegram"


async def test_while_the_desk_is_away_nothing_is_given_up(telegram: TelegramServer, web: Web) -> None:
    telegram.person("Lena").sends_document(b"abc", name="a.txt", kind="text/plain")
    keep = Keeping()
    keep.failures.append(DeskAwayError("disk full"))
    downloads, raw = downloads_of(web), last_update(telegram)
    with pytest.raises(DeskAwayError):
        await downloads.completed(raw, keep, is_last=False)
    assert attachment_of(await downloads.completed(raw, keep, is_last=False)).digest is not None


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../x", "a/../../x", "a\\..\\x"])
async def test_nothing_is_fetched_from_a_place_that_is_no_file_of_telegrams(
    telegram: TelegramServer, web: Web, path: str
) -> None:
    with pytest.raises(PermanentError):
        [chunk async for chunk in web.fetch(path)]

"""From a kept mail to a letter beside it: files kept by their digests, and mails that cannot be read."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from hashlib import sha256

import pytest

from adapters.email.convert import inbound_from_raw
from adapters.email.envelope import Envelope, sealed
from adapters.email.letter import Letter
from adapters.email.parse import letter_from_bytes
from adapters.email.reading import NOT_KEPT, completed
from adapters.errors import DeskAwayError, MalformedError, TemporaryError, UnfinishedError, UnsupportedError
from adapters.message import Channel, InboundMessage
from adapters.port import Raw
from tests.unit.email.bombs import nested_parts
from tests.unit.email.corpus import AT, FOLDER, US

WITH_FILE = (FOLDER / "files/plain.eml").read_bytes()


class Desktop:
    """Reads mails where it stands, as the child does; told to, it has none to give."""

    def __init__(self, *, is_away: bool = False) -> None:
        self.is_away = is_away
        self.read_so_far = 0

    async def read(self, mail: bytes) -> tuple[Letter, Sequence[bytes]]:
        self.read_so_far += 1
        if self.is_away:
            raise TemporaryError("no process to read mail in")
        return letter_from_bytes(mail)


class Shelf:
    """Keeps files; told to, it is full."""

    def __init__(self, *, is_full: bool = False) -> None:
        self.is_full = is_full
        self.kept: dict[str, bytes] = {}

    async def __call__(self, chunks: AsyncIterator[bytes]) -> tuple[str, int]:
        if self.is_full:
            raise DeskAwayError("the disk is full")
        content = b"".join([chunk async for chunk in chunks])
        digest = sha256(content).hexdigest()
        self.kept[digest] = content
        return digest, len(content)


def raw(mail: bytes, note: str = "") -> Raw:
    return Raw(Channel.EMAIL, "desk", sha256(mail).hexdigest(), sealed(Envelope(AT, "INBOX", mail, note)), AT)


def message_from(whole: Raw) -> InboundMessage:
    (message,) = inbound_from_raw(whole, US)
    assert isinstance(message, InboundMessage)
    return message


async def test_a_mail_is_unfinished_until_it_was_read() -> None:
    with pytest.raises(UnfinishedError):
        inbound_from_raw(raw(WITH_FILE), US)


async def test_a_mail_that_its_server_could_not_give_is_a_dead_letter_whose_sender_is_known() -> None:
    head = WITH_FILE.replace(b"\r\n", b"\n").partition(b"\n\n")[0] + b"\n\n"
    reason = "the mail server could not give this mail: number 7 in INBOX"
    kept = replace(raw(head), payload=sealed(Envelope(AT, "INBOX", head, unreadable=reason)))
    with pytest.raises(MalformedError, match="number 7 in INBOX") as error:
        inbound_from_raw(await completed(kept, Shelf(), Desktop(), is_last=False), US)
    instead = error.value.instead
    assert isinstance(instead, InboundMessage)
    assert instead.sender.address.startswith("lena@acme.test")
    assert instead.attachments == ()


async def test_a_mail_is_read_and_its_files_are_kept() -> None:
    shelf = Shelf()
    message = message_from(await completed(raw(WITH_FILE), shelf, Desktop(), is_last=False))
    (file,) = message.attachments
    assert message.text == "Payroll failed\n\nSee the file."
    assert message.at == AT
    assert shelf.kept[file.digest or ""] == b"a,b"


async def test_a_mail_that_was_read_is_not_read_again() -> None:
    reader = Desktop()
    whole = await completed(raw(WITH_FILE), Shelf(), reader, is_last=False)
    assert await completed(whole, Shelf(), reader, is_last=False) is whole
    assert reader.read_so_far == 1


async def test_what_was_wrong_with_fetching_is_told() -> None:
    whole = await completed(raw(WITH_FILE, "larger than 25 MB"), Shelf(), Desktop(), is_last=False)
    assert message_from(whole).text.endswith("[larger than 25 MB]")


async def test_a_file_of_a_mail_that_was_not_fetched_whole_is_not_kept_as_if_it_were() -> None:
    shelf = Shelf()
    (file,) = message_from(await completed(raw(WITH_FILE, "too large"), shelf, Desktop(), is_last=False)).attachments
    assert (file.digest, file.note) == (None, "not fetched whole; it stays in the mail")
    assert shelf.kept == {}


async def test_a_mail_that_its_server_cannot_give_is_a_dead_letter() -> None:
    whole = await completed(raw(b"", "the server cannot give it"), Shelf(), Desktop(), is_last=False)
    with pytest.raises(MalformedError, match="the server cannot give it"):
        inbound_from_raw(whole, US)


async def test_a_file_that_cannot_be_kept_is_tried_again_and_then_told_of() -> None:
    with pytest.raises(DeskAwayError):
        await completed(raw(WITH_FILE), Shelf(is_full=True), Desktop(), is_last=False)
    (file,) = message_from(await completed(raw(WITH_FILE), Shelf(is_full=True), Desktop(), is_last=True)).attachments
    assert (file.digest, file.note) == (None, NOT_KEPT)


async def test_a_mail_that_cannot_be_read_is_a_dead_letter_whose_sender_is_answered() -> None:
    whole = await completed(raw(nested_parts(1_000)), Shelf(), Desktop(), is_last=False)
    with pytest.raises(MalformedError, match="parts within parts") as caught:
        inbound_from_raw(whole, US)
    stub = caught.value.instead
    assert stub is not None
    assert stub.sender.address == "lena@acme.test (unverified)"
    assert stub.text == "Bomb\n\n[this mail could not be read: it is kept, and our admins look at it]"


async def test_a_machines_mail_that_cannot_be_read_answers_nobody() -> None:
    mail = b"Auto-Submitted: auto-replied\r\n" + nested_parts(1_000)
    whole = await completed(raw(mail), Shelf(), Desktop(), is_last=False)
    with pytest.raises(UnsupportedError, match="written by a machine"):
        inbound_from_raw(whole, US)


async def test_without_a_child_a_mail_waits_and_then_is_a_dead_letter() -> None:
    with pytest.raises(TemporaryError):
        await completed(raw(WITH_FILE), Shelf(), Desktop(is_away=True), is_last=False)
    whole = await completed(raw(WITH_FILE), Shelf(), Desktop(is_away=True), is_last=True)
    with pytest.raises(MalformedError, match="no process"):
        inbound_from_raw(whole, US)


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"{", id="half an object"),
        pytest.param(b"{}", id="an empty one"),
        pytest.param(b'{"at": "2026-03-02", "letter": {}}', id="a letter without anything"),
        pytest.param(b'{"unreadable": "x", "letter": []}', id="a letter that is none"),
        pytest.param(b"{" * 100_000, id="a deep one"),
    ],
)
def test_a_payload_that_is_no_letter_of_ours_is_malformed(payload: bytes) -> None:
    with pytest.raises(MalformedError):
        inbound_from_raw(Raw(Channel.EMAIL, "desk", "x", payload, AT), US)


async def test_an_envelope_that_is_none_of_ours_is_malformed() -> None:
    whole = await completed(
        Raw(Channel.EMAIL, "desk", "x", b"From: lena\r\n\r\nx", AT), Shelf(), Desktop(), is_last=False
    )
    with pytest.raises(MalformedError, match="no envelope"):
        inbound_from_raw(whole, US)

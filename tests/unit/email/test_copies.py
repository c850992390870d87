"""Mails that go to others as well, and what a mail server says of their copies."""

from datetime import UTC, datetime
from email import message_from_bytes

import pytest

from adapters.email.classify import Ourselves, notices_from_report
from adapters.email.letter import Letter, Report, Returned
from adapters.email.letters import Sender, Words, letter_from_words
from adapters.email.threading import Signer
from adapters.message import Identity

AT = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
SIGNER = Signer(b"a key of this desk")
US = Ourselves(("support@desk.test",), frozenset(), SIGNER)
THREAD = "0123456789abcdef"
LENA = "lena@acme.test"


def words(*copies: str) -> Words:
    return Words("say:1", f"{LENA}#{THREAD}", "Done.", "<p>Done.</p>", "Payroll", AT, copies=copies)


def test_a_copy_is_named_in_the_mail_and_on_its_envelope() -> None:
    letter = letter_from_words(words("max@acme.test"), Sender("support@desk.test", "Desk", SIGNER), {})
    mail = message_from_bytes(letter.content)
    assert (mail["To"], mail["Cc"]) == (LENA, "max@acme.test")
    assert (letter.to, letter.copies) == (LENA, ("max@acme.test",))


@pytest.mark.parametrize("copy", ["", "no address", "a@b.test\r\nBcc: evil@evil.test", LENA])
def test_what_is_no_other_address_gets_no_copy(copy: str) -> None:
    letter = letter_from_words(words(copy), Sender("support@desk.test", "Desk", SIGNER), {})
    assert message_from_bytes(letter.content)["Cc"] is None
    assert letter.copies == ()


def returned(address: str) -> tuple[str, Identity | None]:
    """What is told of a mail to Lena with a copy to Max that a server returns for an address."""
    name = SIGNER.message_id(LENA, THREAD, "say:1")
    report = Report(
        "delivery", (Returned(address, "failed", "5.1.1"),), f"{name}@desk.test", (LENA,), ("max@acme.test",)
    )
    (notice,) = notices_from_report(report, Letter({}), US, AT)
    return notice.conversation.address, notice.to


@pytest.mark.parametrize(
    ("address", "to"),
    [
        pytest.param(LENA, None, id="whom it was for"),
        pytest.param("lena.moro@elsewhere.test", None, id="where theirs is passed on to"),
        pytest.param("Max@acme.test", "max@acme.test", id="whoever had a copy"),
    ],
)
def test_a_mail_that_comes_back_says_whose_copy_it_was(address: str, to: str | None) -> None:
    where, whose = returned(address)
    assert where == f"{LENA}#{THREAD}"
    assert (whose.address if whose else None) == to

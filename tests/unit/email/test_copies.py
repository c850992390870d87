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
    ("status", "why", "is_address"),
    [
        pytest.param("5.1.1", "550 5.1.1 no such user", True, id="nobody there"),
        pytest.param("5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound", True, id="nobody there, at Microsoft"),
        pytest.param("5.2.1", "550 5.2.1 The email account that you tried to reach is disabled", True, id="closed"),
        pytest.param("5.4.4", "host not found", True, id="no such domain"),
        pytest.param("5.4.1", "550 5.4.1 Recipient address rejected: Access denied", True, id="unknown at Microsoft"),
        pytest.param("5.0.0", "550 unknown user", True, id="no more is said"),
        pytest.param("", "", True, id="nothing is said"),
        pytest.param("5.5.0", "550 5.5.0 mailbox unavailable", True, id="unknown at Hotmail"),
        pytest.param("5.7.1", "550 5.7.1 RESOLVER.RST.NotAuthorized", False, id="a policy"),
        pytest.param("5.7.26", "550-5.7.26 Your email has been blocked", False, id="our mail proves nothing"),
        pytest.param("5.0.0", "550 5.7.1 rejected as spam", False, id="a policy behind another status"),
        pytest.param("5.0.0", "550 Client host blocked using Spamhaus", False, id="we are on a list"),
        pytest.param("5.2.2", "552 5.2.2 mailbox full", False, id="full"),
        pytest.param("5.0.0", "552 Mailbox full", False, id="full, in words"),
        pytest.param("5.2.3", "552 5.2.3 too large for this mailbox", False, id="larger than they take"),
        pytest.param("5.3.4", "552 5.3.4 message too big", False, id="larger than their server takes"),
        pytest.param("5.1.8", "550 5.1.8 Bad sender's domain", False, id="our own address"),
        pytest.param("5.6.1", "554 5.6.1 media not supported", False, id="what stands in it"),
        pytest.param("5.4.6", "554 5.4.6 hops exceeded", False, id="it went in a circle"),
        pytest.param("4.4.7", "delivery expired", False, id="given up by their server"),
    ],
)
def test_only_what_is_about_the_address_says_something_of_it(status: str, why: str, *, is_address: bool) -> None:
    name = SIGNER.message_id(LENA, THREAD, "say:1")
    report = Report("delivery", (Returned(LENA, "failed", status, why),), f"{name}@desk.test", (LENA,))
    (notice,) = notices_from_report(report, Letter({}), US, AT)
    assert (notice.state, notice.is_address) == ("failed", is_address)


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

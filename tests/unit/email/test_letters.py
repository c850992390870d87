"""A mail of ours: found again by its answers, the same on each attempt, and nobody's words become a header."""

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.card import Card, Promise
from adapters.email import drawing
from adapters.email.letters import Letter, Sender, Words, letter_from_words
from adapters.email.threading import Signer
from adapters.message import Attachment, Invite, Untrusted

SIGNER = Signer(b"k" * 32)
DESK = Sender("support@desk.test", "Desk", SIGNER)
THREAD = "0f3a5b7c9d1e2f40"
WORDS = Words(
    key="reply:7",
    address=f"lena@acme.test#{THREAD}",
    text="We are on it.",
    html=drawing.paragraphs("We are on it."),
    subject="Payroll failed",
    at=datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
    author="Vera Kova",
    answers="first@acme.test 12345678",
    is_reply=True,
)


def composed(words: Words = WORDS, sender: Sender = DESK, files: dict[str, bytes] | None = None) -> Letter:
    return letter_from_words(words, sender, files or {})


def read(letter: Letter) -> EmailMessage:
    mail = message_from_bytes(letter.content, policy=default)
    assert isinstance(mail, EmailMessage)
    return mail


def test_an_answer_stands_in_its_thread() -> None:
    letter = composed()
    mail = read(letter)

    assert mail["From"] == '"Vera Kova (Desk)" <support@desk.test>'
    assert mail["To"] == "lena@acme.test"
    assert mail["Subject"] == "Re: Payroll failed"
    assert mail["In-Reply-To"] == mail["References"] == "<first@acme.test>"
    assert mail["Date"] == "Mon, 02 Mar 2026 09:30:00 +0000"
    assert mail["Message-ID"] == f"<{letter.name}>"
    assert mail["Auto-Submitted"] is None
    assert mail["Precedence"] is None
    assert mail["X-Loop"] is None


def test_nobody_is_written_to_where_a_mail_named_nobody() -> None:
    with pytest.raises(ValueError, match="none that mail can be sent to"):
        composed(replace(WORDS, address=f"nobody@invalid#{THREAD}"))


@pytest.mark.parametrize(
    ("address", "written"),
    [
        pytest.param("lena@müller.test", "lena@xn--mller-kva.test", id="letters of its own"),
        pytest.param("lena@acme.test.", "lena@acme.test", id="a dot at the end"),
    ],
)
def test_a_server_is_named_as_servers_know_it(address: str, written: str) -> None:
    mail = read(composed(replace(WORDS, address=f"{address}#{THREAD}", copies=(address.replace("lena", "max"),))))
    assert (mail["To"], mail["Cc"]) == (written, written.replace("lena", "max"))


def test_its_tokens_are_known_again_and_count_for_its_reader_alone() -> None:
    letter = composed()
    token = read(letter)["Reply-To"].addresses[0].username.partition("+")[2]
    bounced = letter.envelope_from.partition("@")[0].partition("+")[2]

    assert SIGNER.thread_of_reply(token, "lena@acme.test") == THREAD
    assert SIGNER.thread_of_reply(token, "mallory@evil.test") is None
    sent = SIGNER.sent(bounced, ["lena@acme.test"], "bounce")
    assert sent is not None
    assert f"{sent.name}@desk.test" == letter.name


def test_each_attempt_is_the_same_mail() -> None:
    first, again = read(composed()), read(composed())

    for name in ("Message-ID", "Date", "Subject", "Reply-To", "References"):
        assert first[name] == again[name]
    assert composed(replace(WORDS, key="reply:8")).name != composed().name


def test_a_machines_mail_says_that_it_is_one() -> None:
    mail = read(composed(replace(WORDS, automatic=True)))

    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["X-Auto-Response-Suppress"] == "All"
    assert mail["Precedence"] == "bulk"
    assert mail["X-Loop"] == "maitred support@desk.test"
    assert mail["From"] == "Desk <support@desk.test>"
    assert read(composed(replace(WORDS, automatic=True, answers=None)))["Auto-Submitted"] == "auto-generated"


def test_plain_words_come_first_and_the_drawn_ones_show_nothing_from_outside() -> None:
    text = "See https://desk.test/x?a=1&b=2.\n\n<script>alert(1)</script>\nЯкщо ні, відпишіть."
    mail = read(composed(replace(WORDS, text=text, html=drawing.paragraphs(text))))

    plain, drawn = mail.iter_parts()
    assert (plain.get_content_type(), drawn.get_content_type()) == ("text/plain", "text/html")
    assert plain.get_content().replace("\r\n", "\n").rstrip() == text
    html = drawn.get_content()
    assert '<a href="https://desk.test/x?a=1&amp;b=2">https://desk.test/x?a=1&amp;b=2</a>.' in html
    assert "&lt;script&gt;" in html
    assert "<script" not in html
    assert "src=" not in html


def test_a_long_name_of_the_clients_mail_is_left_whole() -> None:
    name = "A" * 120 + "@prod.outlook.test"
    letter = composed(replace(WORDS, answers=f"{name} 12345678"))

    assert f"In-Reply-To: <{name}>\r\n".encode() in letter.content
    assert read(letter)["References"] == f"<{name}>"


def test_files_come_along_and_those_that_cannot_are_named() -> None:
    files = (
        Attachment(Untrusted("../../pay\r\nroll.csv"), "text/csv", 3, "d1"),
        Attachment(Untrusted("mail.eml"), "message/rfc822", 4, "d2"),
        Attachment(Untrusted("odd.bin"), "not a type", 4, "d2"),
        Attachment(Untrusted("huge.zip"), "application/zip", 9, None, "too large to fetch"),
    )
    mail = read(composed(replace(WORDS, attachments=files), files={"d1": b"a,b", "d2": b"\x00\x01\xff\n"}))

    kept = list(mail.iter_attachments())
    assert [(one.get_filename(), one.get_content_type()) for one in kept] == [
        (".._.._pay roll.csv", "text/csv"),
        ("mail.eml", "application/octet-stream"),
        ("odd.bin", "application/octet-stream"),
    ]
    assert [one.get_payload(decode=True) for one in kept] == [b"a,b", b"\x00\x01\xff\n", b"\x00\x01\xff\n"]
    body = mail.get_body(("plain",))
    assert body is not None
    assert "huge.zip (too large to fetch)" in body.get_content()


def test_without_plus_addresses_everything_comes_to_the_plain_one() -> None:
    plain = replace(DESK, has_plus=False)
    long = replace(DESK, address="a-rather-long-address-of-a-desk@desk.test")
    for sender in (plain, long):
        letter = composed(sender=sender)
        assert read(letter)["Reply-To"] is None
        assert letter.envelope_from == sender.address


def test_the_marker_stands_above_in_both() -> None:
    mail = read(composed(replace(WORDS, marker="Please write above this line")))

    for part in mail.iter_parts():
        assert "##- Please write above this line -##" in part.get_content()


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("lena@acme.test, mallory@evil.test", id="two"),
        pytest.param("lena@acme.test\r\nBcc: mallory@evil.test", id="a header of its own"),
        pytest.param("lena", id="no place"),
        pytest.param("", id="none"),
        pytest.param("lena@acme..test", id="a server of no name"),
    ],
)
def test_what_is_no_address_is_sent_nowhere(address: str) -> None:
    with pytest.raises(ValueError, match="address"):
        composed(replace(WORDS, address=address))


NASTY = st.text(min_size=1, max_size=80) | st.sampled_from(
    [
        "x\r\nBcc: mallory@evil.test",
        "x\n\n<script>",
        "x\u2028Bcc: mallory@evil.test",
        "=?utf-8?q?x=0D=0ABcc:_mallory@evil.test?=",
        '"><mallory@evil.test>',
        "\x00\x0b\x0c\x1c\x85",
        "\ud800",
    ]
)


@given(subject=NASTY, author=NASTY, name=NASTY, answers=NASTY, marker=NASTY)
def test_no_words_become_a_header(subject: str, author: str, name: str, answers: str, marker: str) -> None:
    words = replace(WORDS, text=subject, subject=subject, author=author, answers=f"{answers}@x 12345678", marker=marker)
    words = replace(words, attachments=(Attachment(Untrusted(name), "text/plain", 1, "d"),))
    letter = letter_from_words(words, replace(DESK, name=author), {"d": b"x"})
    mail = read(letter)

    assert set(map(str.lower, mail.keys())) <= {
        *("from", "to", "subject", "date", "message-id", "in-reply-to", "references", "reply-to"),
        *("mime-version", "content-type"),
    }
    assert [one.addr_spec for one in mail["To"].addresses] == ["lena@acme.test"]
    assert [one.addr_spec for one in mail["From"].addresses] == ["support@desk.test"]
    assert letter.content.isascii()


def test_a_card_can_be_read_both_ways() -> None:
    card = Card(
        "T-7 · Acme",
        ("From Lena", "Reply to this mail to answer"),
        Untrusted("<b>Payroll</b>\nfailed"),
        (Promise("First response", "in 58 min", "soon"),),
        tone="soon",
    )

    assert drawing.text_from_card(card) == (
        "T-7 · Acme\n\nFrom Lena\nReply to this mail to answer\nFirst response: in 58 min\n\n> <b>Payroll</b>\n> failed"
    )
    html = drawing.html_from_card(card)
    assert "&lt;b&gt;Payroll&lt;/b&gt;<br>failed" in html
    assert "in 58 min" in html


def test_an_invitation_stands_beside_the_words_and_as_a_file_the_same_on_each_attempt() -> None:
    invite = Invite(
        uid="call-12.1@maitred",
        sequence=1,
        method="REQUEST",
        starts_at=datetime(2026, 3, 5, 10, 0, tzinfo=UTC),
        ends_at=datetime(2026, 3, 5, 10, 30, tzinfo=UTC),
        zone="Europe/Lisbon",
        summary="Call: review · Vera Kova · T-12",
        description="",
        organizer=("Desk", ""),
        attendee=("Lena", "lena@acme.test"),
    )
    words = replace(WORDS, invite=invite)
    mail = read(composed(words))

    shown, file = [part for part in mail.walk() if part.get_content_type() in {"text/calendar", "application/ics"}]
    assert (shown.get_content_type(), shown["Content-Type"].params["method"]) == ("text/calendar", "REQUEST")
    assert (file.get_filename(), file.get_content_disposition()) == ("invite.ics", "attachment")
    told = shown.get_content().encode().replace(b"\r\n", b"\n")
    assert told == file.get_content().replace(b"\r\n", b"\n")
    assert b"ORGANIZER;CN=Desk:mailto:support@desk.test" in told
    body = mail.get_body(("plain",))
    assert body is not None
    assert "We are on it." in body.get_content()
    inner = next(part for part in mail.walk() if part.get_content_type() == "multipart/alternative")
    kinds = [part.get_content_type() for part in inner.iter_parts()]
    assert kinds == ["text/plain", "text/html", "text/calendar"]

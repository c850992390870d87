"""Mails to our own people and their answers: named by a token, heard from them alone, stripped of what we wrote."""

from collections.abc import Sequence
from dataclasses import replace
from email.message import EmailMessage
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.card import Card, OutboundCard
from adapters.email.classify import Ourselves
from adapters.email.convert import inbound_from_raw, payload_from_letter
from adapters.email.letters import Letter, Sender
from adapters.email.memory import Known
from adapters.email.parse import letter_from_bytes
from adapters.email.posting import Posting
from adapters.email.quoting import words_alone
from adapters.email.threading import Signer, thread_from_root
from adapters.errors import UnsupportedError
from adapters.message import Button, Channel, Conversation, DeliveryNotice, InboundMessage, OutboundMessage, Untrusted
from adapters.port import Raw
from tests.unit.email.corpus import AT

SIGNER = Signer(b"a key of this desk")
US = Ourselves(("support@desk.test",), frozenset({"mx.desk.test"}), SIGNER)
VERA, OLEG = "vera@desk.test", "oleg@desk.test"
PLAIN = b"Subject: x\r\n\r\nx"
MARKER = "Please write your answer above this line"


class Away:
    """Nothing is asked about what our own people are sent."""

    async def known(self, conversation: Conversation) -> Known | None:
        raise AssertionError(conversation)

    async def read(self, digest: str) -> bytes:
        raise FileNotFoundError(digest)


def say(name: str, _language: str | None) -> str:
    return {"marker": MARKER, "choices": "Answer with one of these:"}.get(name, name)


async def ping(key: str = "card:1:vera:1", *, has_plus: bool = True) -> Letter:
    card = Card("T-1 · Acme: Payroll failed", ("From Lena",), Untrusted("Payroll failed"))
    posting = Posting(Sender("support@desk.test", "Desk", SIGNER, has_plus), Away(), Away(), say, str)
    return await posting.letter(OutboundCard(key, Conversation(Channel.EMAIL, "desk", VERA), card, AT))


def read(content: bytes) -> EmailMessage:
    letter, _ = letter_from_bytes(content)
    mail = EmailMessage()
    for name in ("reply-to", "message-id", "subject", "auto-submitted"):
        mail[name] = letter.first(name)
    return mail


def answer(
    to: Letter, text: str, *, sender: str = VERA, is_proven: bool = True, names: bool = True, **headers: str
) -> InboundMessage:
    (message,) = heard(to, text, sender=sender, is_proven=is_proven, names=names, **headers)
    assert isinstance(message, InboundMessage)
    return message


def heard(
    to: Letter, text: str, *, sender: str = VERA, is_proven: bool = True, names: bool = True, **headers: str
) -> Sequence[object]:
    mail = EmailMessage()
    verdict = "pass" if is_proven else "fail"
    mail["Authentication-Results"] = f"mx.desk.test; dmarc={verdict} header.from={sender.rpartition('@')[2]}"
    mail["From"], mail["Subject"] = sender, "Re: T-1 · Acme: Payroll failed"
    mail["To"] = read(to.content)["reply-to"] or "support@desk.test"
    mail["Message-ID"] = "<answer@desk.test>"
    if names:
        mail["In-Reply-To"] = f"<{to.name}>"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    content = mail.as_bytes()
    letter, _ = letter_from_bytes(content)
    raw = Raw(Channel.EMAIL, "desk", sha256(content).hexdigest(), payload_from_letter(letter, AT), AT)
    return inbound_from_raw(raw, US)


async def test_an_answer_of_the_person_names_the_very_mail_and_is_theirs() -> None:
    to = await ping()
    message = answer(to, "Looking at it")
    assert message.is_inward
    assert message.conversation == Conversation(Channel.EMAIL, "desk", VERA)
    assert (message.sender.address, message.reply_to, message.doubt) == (VERA, to.name, "")
    assert message.text == "Looking at it"


async def test_the_token_alone_finds_the_mail_where_a_program_forgets_what_it_answers() -> None:
    to = await ping()
    message = answer(to, "Looking at it", names=False)
    assert (message.reply_to, message.text, message.doubt) == (to.name, "Looking at it", "")


async def test_without_plus_addresses_the_name_of_the_mail_does() -> None:
    to = await ping(has_plus=False)
    message = answer(to, "Looking at it")
    assert message.is_inward
    assert (message.reply_to, message.conversation.address) == (to.name, VERA)


async def test_two_mails_to_one_person_are_two() -> None:
    first, second = await ping("card:1:vera:1"), await ping("ping:2")
    assert {answer(one, "Yes", names=False).reply_to for one in (first, second)} == {first.name, second.name}


@pytest.mark.parametrize(
    ("sender", "is_proven", "address"),
    [
        pytest.param(VERA, False, "vera@desk.test (unverified)", id="a forged sender with the right token"),
        pytest.param(OLEG, True, OLEG, id="a colleague"),
        pytest.param("max@elsewhere.test", True, "max@elsewhere.test", id="a stranger"),
        pytest.param("max@elsewhere.test", False, "max@elsewhere.test (unverified)", id="a forged stranger"),
    ],
)
@pytest.mark.parametrize("has_plus", [True, False], ids=["", "without plus addresses"])
async def test_whoever_else_answers_is_in_doubt_and_speaks_for_nobody(
    sender: str,
    is_proven: bool,  # noqa: FBT001 - a row of a table
    address: str,
    has_plus: bool,  # noqa: FBT001 - a row of a table
) -> None:
    to = await ping(has_plus=has_plus)
    message = answer(to, "Send me the file", sender=sender, is_proven=is_proven)
    assert message.is_inward
    assert message.sender.address == address
    assert message.doubt
    assert message.conversation.place == sender
    assert message.conversation.address != sender
    others = answer(to, "Send it", sender="eve@elsewhere.test", is_proven=is_proven)
    assert message.reply_to == others.reply_to != to.name


async def test_whoever_answers_only_what_stands_among_the_references_is_known_as_well() -> None:
    to = await ping(has_plus=False)
    message = answer(to, "Send it", sender="eve@elsewhere.test", names=False, References=f"<a@b.test> <{to.name}>")
    assert message.is_inward
    assert message.doubt


async def test_a_client_who_answers_in_their_own_thread_is_no_answer_to_what_our_people_were_sent() -> None:
    """Somebody of ours sent their own mail on to the client, whose program names both."""
    to, thread = await ping(), thread_from_root("first@acme.test")
    theirs = f"{SIGNER.message_id(OLEG, thread, 'out:1')}@desk.test"
    for text, references in (("Later", f"<{to.name}> <{theirs}>"), ("By token", f"<{to.name}>")):
        token = f"support+{SIGNER.reply_token(OLEG, thread)}@desk.test"
        copy = "" if text == "Later" else token
        (message,) = heard(replace(to, content=PLAIN), text, sender=OLEG, names=False, References=references, Cc=copy)
        assert isinstance(message, InboundMessage)
        assert not message.is_inward
        assert message.conversation.address == f"{OLEG}#{thread}"


@pytest.mark.parametrize("has_plus", [True, False], ids=["", "without plus addresses"])
async def test_what_our_people_were_sent_and_came_back_is_known_by_its_name(
    has_plus: bool,  # noqa: FBT001 - a row of a table
) -> None:
    sent = await ping(has_plus=has_plus)
    told = "Final-Recipient: rfc822; VERA@desk.test\r\nAction: failed\r\nStatus: 5.1.1\r\n"
    parts = [("text/plain", "Gone.\r\n"), ("message/delivery-status", f"Reporting-MTA: dns; x\r\n\r\n{told}")]
    parts.append(("text/rfc822-headers", f"Message-ID: <{sent.name}>\r\nTo: {VERA}\r\n"))
    body = "".join(f"--b\r\nContent-Type: {kind}\r\n\r\n{text}\r\n" for kind, text in parts) + "--b--\r\n"
    kind = "multipart/report; report-type=delivery-status; boundary=b"
    report = f"From: MAILER-DAEMON@x.test\r\nTo: {sent.envelope_from}\r\nContent-Type: {kind}\r\n\r\n{body}"
    letter, _ = letter_from_bytes(report.encode())
    (notice,) = inbound_from_raw(Raw(Channel.EMAIL, "desk", "x", payload_from_letter(letter, AT), AT), US)
    assert isinstance(notice, DeliveryNotice)
    assert (notice.conversation.address, notice.external_id, notice.state) == (VERA, sent.name, "failed")


async def test_an_out_of_office_is_no_answer() -> None:
    to = await ping()
    with pytest.raises(UnsupportedError, match="written by a machine"):
        heard(to, "I am away", auto_submitted="auto-replied")


async def test_what_our_people_are_sent_tells_machines_not_to_answer_and_names_no_thread_of_a_client() -> None:
    mail = read((await ping()).content)
    assert mail["auto-submitted"] == "auto-generated"
    token = mail["reply-to"].partition("+")[2].partition("@")[0]
    assert SIGNER.thread_of_reply(token, VERA) is None
    assert len(f"support+{token}") <= 64


async def test_a_question_lists_in_words_what_could_be_pressed() -> None:
    posting = Posting(Sender("support@desk.test", "Desk", SIGNER), Away(), Away(), say, str)
    where = Conversation(Channel.EMAIL, "desk", VERA)
    buttons = (Button("form.choose", "high", "f:0:0"), Button("form.cancel", "Cancel", "f:0"))
    question = OutboundMessage(
        "word:1",
        where,
        "Urgency · T-1",
        AT,
        automatic=True,
        reply_to="a@b.test 12345678",
        buttons=buttons,
        is_inward=True,
    )
    letter, _ = letter_from_bytes((await posting.letter(question)).content)
    assert "Answer with one of these:\n- high\n- Cancel" in letter.said
    assert letter.first("subject") == "Urgency · T-1"
    assert letter.first("in-reply-to") == "<a@b.test>"


@given(st.binary(max_size=60), st.text(max_size=60))
def test_rubbish_names_no_mail(key: bytes, token: str) -> None:
    assert SIGNER.inward(token, VERA) is None
    assert Signer(b"another" + key).inward(SIGNER.inward_token(VERA, "ping:1"), VERA) is None
    assert SIGNER.inward(SIGNER.reply_token(VERA, ""), VERA) is None
    assert SIGNER.inward(SIGNER.message_id(VERA, "", "ping:1"), VERA) is None


BELOW = f"##- {MARKER} -##\n\nT-1 · Acme: Payroll failed\nThe plan is Premium\n> Payroll failed"
QUOTED = "\n".join(f"> {line}" for line in BELOW.split("\n"))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"Tomorrow\n\n{BELOW}", id="quoted without any sign"),
        pytest.param(f"Tomorrow\n\nOn Tue, 3 Mar 2026 at 12:00, Desk wrote:\n{QUOTED}", id="quoted with a lead"),
        pytest.param(f"On Tue, 3 Mar 2026 at 12:00, Desk wrote:\n\n{QUOTED}\n\nTomorrow", id="answered below"),
        pytest.param(f"Am 03.03.2026 um 12:00 schrieb Desk:\n{QUOTED}\nTomorrow", id="in German, answered below"),
        pytest.param(
            f"Tomorrow\n\n________________________________\nFrom: Desk\nSent: Tuesday\nTo: Vera\nCc: Max\n\n{BELOW}",
            id="Outlook",
        ),
        pytest.param(
            f"Tomorrow\nOn Tue, 3 Mar 2026 at 12:00, Desk <support@desk.test> wrote:\n{QUOTED}", id="no line between"
        ),
        pytest.param(f"Tomorrow\n\nDe : Desk\nEnvoyé : mardi\nÀ : Vera\nObjet : Premium\n\n{BELOW}", id="in French"),
        pytest.param(f"Tomorrow\n\nSubject: Premium\nFrom: Desk\nTo: Vera\nDate: x\n\n{BELOW}", id="subject first"),
        pytest.param(f"Tomorrow\n\nDesk <a@desk.test> schrieb am Mo., 2. März 2026, 09:00:\n\n{BELOW}", id="who first"),
        pytest.param(f"Tomorrow\n\n-----Original Message-----\nFrom: Desk\n{BELOW}", id="an original message"),
        pytest.param(f"Tomorrow\n-- \nVera Kova\n\n{BELOW}", id="with a signature"),
        pytest.param(f"> Payroll failed\n\nTomorrow\n\n{QUOTED}", id="between quoted lines"),
    ],
)
async def test_only_what_was_written_for_the_client_goes_on(text: str) -> None:
    assert words_alone(text) == "Tomorrow"
    assert answer(await ping(), text).text == "Tomorrow"


@pytest.mark.parametrize(
    "said",
    [
        "Hello Lena,\n\nwe rolled back at 10:00, pay by hand.",
        "We rolled back on 2 March 2026.\nPay by hand.",
        "Do this:\n--\nrestart the shop at 10:00\npay by hand",
    ],
)
async def test_nothing_of_an_answer_is_lost_where_no_line_stands_between_it_and_the_quote(said: str) -> None:
    text = f"{said}\nOn Tue, 3 Mar 2026 at 12:00, Desk <support@desk.test> wrote:\n{QUOTED}"
    assert answer(await ping(), text).text == said


@pytest.mark.parametrize("precedence", ["junk", "bulk"])
async def test_a_vacation_note_of_one_of_ours_goes_to_nobody(precedence: str) -> None:
    with pytest.raises(UnsupportedError, match="sent to many"):
        heard(await ping(), "I am in Mallorca until Monday.", precedence=precedence)


@pytest.mark.parametrize("text", [BELOW, QUOTED, f"\n\n{QUOTED}\n", f"On 3 Mar 2026 Desk wrote:\n{BELOW}"])
async def test_an_answer_that_holds_nothing_but_our_own_words_is_empty(text: str) -> None:
    assert answer(await ping(), text).text == ""


@given(st.text(alphabet="ab 1@:>-_#*\n\t", max_size=300))
def test_nothing_below_our_line_ever_goes_on(text: str) -> None:
    assert "Premium" not in words_alone(f"{text}\n{BELOW}")

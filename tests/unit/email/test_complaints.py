"""A reader's complaint to their provider (ARF) names a mail of ours by what only its readers can know."""

import pytest

from adapters.email.classify import Ourselves
from adapters.email.convert import inbound_from_raw, payload_from_letter
from adapters.email.parse import letter_from_bytes
from adapters.email.threading import Signer
from adapters.errors import UnsupportedError
from adapters.message import Channel, DeliveryNotice
from adapters.port import Raw
from tests.unit.email.corpus import AT

SIGNER = Signer(b"a key of this desk")
US = Ourselves(("support@desk.test",), frozenset(), SIGNER)
THREAD = "0123456789abcdef"
LENA, MAX = "lena@acme.test", "max@acme.test"
NAME = f"{SIGNER.message_id(LENA, THREAD, 'say:1')}@desk.test"
OF_LENA = f"Original-Rcpt-To: <{LENA}>\r\n"
TO_LENA = f"To: {LENA}\r\nCc: {MAX}\r\n"


def complaint(fields: str, original: str, name: str = NAME, as_type: str = "text/rfc822-headers") -> list[object]:
    mail = (
        "From: feedback@provider.test\r\nTo: support@desk.test\r\nSubject: FW: Re: Payroll\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=feedback-report; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nThis is an abuse report.\r\n"
        "--b\r\nContent-Type: message/feedback-report\r\n\r\n"
        f"Feedback-Type: abuse\r\nUser-Agent: Somebody/1.0\r\nVersion: 1\r\n{fields}\r\n"
        f"--b\r\nContent-Type: {as_type}\r\n\r\n"
        f"From: support@desk.test\r\n{original}Subject: Re: Payroll\r\nMessage-ID: <{name}>\r\n\r\nx\r\n--b--\r\n"
    )
    letter, _ = letter_from_bytes(mail.encode())
    return list(inbound_from_raw(Raw(Channel.EMAIL, "desk", "x", payload_from_letter(letter, AT), AT), US))


@pytest.mark.parametrize("as_type", ["text/rfc822-headers", "message/rfc822"])
@pytest.mark.parametrize(
    ("fields", "original"),
    [
        pytest.param(OF_LENA, "To: undisclosed-recipients:;\r\n", id="the provider says whose"),
        pytest.param("", TO_LENA, id="the mail itself says whose"),
        pytest.param("", f"To: Lena <{LENA.upper()}>\r\n", id="in large letters"),
    ],
)
def test_it_is_word_of_that_very_mail(fields: str, original: str, as_type: str) -> None:
    (notice,) = complaint(fields, original, as_type=as_type)
    assert isinstance(notice, DeliveryNotice)
    assert (notice.state, notice.external_id, notice.reason) == ("unwanted", NAME, "abuse")
    assert (notice.conversation.address, notice.to) == (f"{LENA}#{THREAD}", None)


def test_whoever_had_a_copy_is_named() -> None:
    (notice,) = complaint(f"Original-Rcpt-To: <{MAX}>\r\n", TO_LENA)
    assert isinstance(notice, DeliveryNotice)
    assert notice.to is not None
    assert (notice.to.address, notice.conversation.address) == (MAX, f"{LENA}#{THREAD}")


@pytest.mark.parametrize(
    ("fields", "original", "name"),
    [
        pytest.param("", "To: undisclosed-recipients:;\r\n", NAME, id="nobody says whose"),
        pytest.param("Original-Rcpt-To: <spy@evil.test>\r\n", "", NAME, id="somebody else's"),
        pytest.param(OF_LENA, "", "made-up@desk.test", id="a name that we never gave"),
    ],
)
def test_what_names_no_mail_of_ours_is_parked(fields: str, original: str, name: str) -> None:
    with pytest.raises(UnsupportedError, match="complaint"):
        complaint(fields, original, name)

"""Mails that were made to hurt whoever parses them, too large to lie in a folder."""

from collections.abc import Callable, Mapping
from typing import Final

_TOP: Final = b"From: Lena <lena@acme.test>\r\nSubject: Bomb\r\nMessage-ID: <bomb@acme.test>\r\nMIME-Version: 1.0\r\n"


def mail(body: bytes, *, more: bytes = b"", type_: bytes = b"text/plain; charset=utf-8") -> bytes:
    return _TOP + more + b"Content-Type: " + type_ + b"\r\n\r\n" + body


def nested_parts(depth: int) -> bytes:
    """A stack overflow in the standard library, from 33 kB on."""
    opened = b"".join(
        b'--b%d\r\nContent-Type: multipart/mixed; boundary="b%d"\r\n\r\n' % (n, n + 1) for n in range(depth)
    )
    return mail(opened, type_=b'multipart/mixed; boundary="b0"')


def nested_mails(depth: int) -> bytes:
    return mail(b"Content-Type: message/rfc822\r\n\r\n" * depth, type_=b"message/rfc822")


def many_parts(count: int) -> bytes:
    """12 seconds for 100,000."""
    return mail(b"--b\r\n\r\nx\r\n" * count, type_=b"multipart/mixed; boundary=b")


def many_files(count: int) -> bytes:
    one = b"--b\r\nContent-Disposition: attachment; filename=f\r\n\r\nx\r\n"
    return mail(one * count, type_=b"multipart/mixed; boundary=b")


def page(body: bytes) -> bytes:
    return mail(body, type_=b"text/html; charset=utf-8")


#: What the limits turn away before anything parses it, and the word by which they say so.
TURNED_AWAY: Final[Mapping[str, tuple[Callable[[], bytes], str]]] = {
    "parts within parts": (lambda: nested_parts(1_000), "parts within parts"),
    "mails within mails": (lambda: nested_mails(1_000), "parts within parts"),
    "a hundred thousand parts": (lambda: many_parts(100_000), "parts"),
    "five thousand files": (lambda: many_files(5_000), "parts"),
    "ten thousand headers": (lambda: mail(b"x", more=b"X-A: b\r\n" * 10_000), "headers"),
    "a megabyte of headers": (lambda: mail(b"x", more=b"X-A: " + b"b" * 1_000_000 + b"\r\n"), "kB of headers"),
    "headers that never end": (lambda: b"X-A: b\r\n " * 100_000, "kB of headers"),
    "a thousand boundaries": (
        lambda: mail(b"".join(b"--b\r\nContent-Type: x; boundary=b%d\r\n\r\n" % n for n in range(1_000))),
        "parts",
    ),
    "fifty megabytes": (lambda: mail(b"x" * 50_000_000), "MB"),
}

#: What is read all the same, in a bounded number of steps.
READ: Final[Mapping[str, Callable[[], bytes]]] = {
    "twenty thousand addresses": lambda: mail(b"x", more=b"To: " + b"a@b.test, " * 20_000 + b"c@d.test\r\n"),
    "twenty thousand addresses in from": lambda: b"From: " + b"a@b.test, " * 20_000 + b"\r\n\r\nx",
    "nested tags": lambda: page(b"<div>" * 40_000 + b"words"),
    "half a megabyte of nested tags": lambda: page(b"<div>" * 100_000 + b"words"),
    "tags that never close": lambda: page(b"<p><b>" * 16_000 + b"words"),
    "opening signs only": lambda: page(b"<" * 199_000),
    "entities only": lambda: page(b"&lt;" * 49_000),
    "a script that never ends": lambda: page(b"<script>" * 40_000 + b"words"),
    "quote signs only": lambda: mail(b">" * 1_000_000),
    "lines of quote signs": lambda: mail(b"> \r\n" * 40_000),
    "leads without quotes": lambda: mail(b"On 1 Jan a@b wrote:\r\nx\r\n" * 10_000),
    "header blocks without end": lambda: mail(b"From: a\r\nSent: b\r\nTo: c\r\nx\r\n" * 10_000),
    "empty lines only": lambda: mail(b"\r\n" * 200_000),
    "blanks only": lambda: mail(b" " * 2_000_000),
    "flowed without end": lambda: mail(b"a \r\n" * 60_000, type_=b"text/plain; format=flowed"),
    "signatures without end": lambda: mail(b"-- \r\n" * 40_000),
    "one line": lambda: mail(b"x" * 5_000_000),
    "encoded words": lambda: mail(b"x", more=b"X: y\r\n" + b"Subject: " + b"=?utf-8?q?" * 15_000 + b"\r\n"),
    "encoded words that are real": lambda: mail(b"x", more=b"Subject: " + b"=?utf-8?q?=41?= " * 10_000 + b"\r\n"),
    "comments within comments": lambda: mail(b"x", more=b"Authentication-Results: " + b"(" * 100_000 + b"\r\n"),
    "quotes and backslashes": lambda: mail(b"x", more=b"To: " + b'"\\' * 50_000 + b"\r\n"),
    "parameters without end": lambda: mail(b"x", type_=b"text/plain; " + b"a*0*=b; " * 12_000),
    "references without end": lambda: mail(b"x", more=b"References: " + b"<a@b> " * 30_000 + b"\r\n"),
    "base64 with strangers": lambda: mail(b"!?" * 2_000_000, more=b"Content-Transfer-Encoding: base64\r\n"),
    "quoted-printable of equals": lambda: mail(
        b"=" * 1_000_000, more=b"Content-Transfer-Encoding: quoted-printable\r\n"
    ),
    "a charset that takes for ever": lambda: mail(b"a" * 200_000, type_=b"text/plain; charset=idna"),
    "another one": lambda: mail(b"a-" * 100_000, type_=b"text/plain; charset=punycode"),
    "flags and joiners": lambda: mail("🇩🇪\u200d".encode() * 100_000),
    "a status without end": lambda: mail(
        b"--b\r\nContent-Type: message/delivery-status\r\n\r\n" + b"Final-Recipient: rfc822; a@b.test\r\n\r\n" * 4_000,
        type_=b"multipart/report; report-type=delivery-status; boundary=b",
    ),
    "uuencoded lines": lambda: mail(
        b"M" + b"x" * 60 + b"\r\n" * 40_000, more=b"Content-Transfer-Encoding: uuencode\r\n"
    ),
}

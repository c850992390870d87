"""What a mail server of a story writes back about a mail of ours: it came back, arrived (RFC 3464), or is unwanted."""

import re
from collections.abc import Mapping

_STATUS = re.compile(r"(?<![0-9.])[245]\.[0-9]{1,3}\.[0-9]{1,3}(?![0-9.])")
_REPORT = """\
From: MAILER-DAEMON@mx.acme.test
To: {ours}
Return-Path: <>
Message-ID: <{name}>
MIME-Version: 1.0
Content-Type: multipart/report; report-type={kind}; boundary="=_r"

--=_r

A report on your mail.

--=_r
Content-Type: message/{kind}

{fields}

--=_r
Content-Type: text/rfc822-headers

{original}

--=_r--
"""
_DELIVERY = "Reporting-MTA: dns; mx.acme.test\n\nFinal-Recipient: rfc822; {reader}\nAction: {state}"
_COMPLAINT = "Feedback-Type: {reason}\nUser-Agent: mx/1\nVersion: 1"


def report(ours: str, name: str, reader: str, state: str, reason: str, original: Mapping[str, str]) -> bytes:
    """A report called `name` to our address `ours`, on what the headers of `original` say was sent to a reader."""
    kind, fields = "delivery-status", _DELIVERY
    if state == "unwanted":
        kind, fields = "feedback-report", _COMPLAINT
    else:
        status = _STATUS.search(reason)
        fields += f"\nStatus: {status[0]}" if status else ""
        fields += "\nDiagnostic-Code: smtp; {reason}" if reason else ""
    written = _REPORT.format(
        ours=ours,
        name=name,
        kind=kind,
        fields=fields.format(reader=reader, state=state, reason=reason),
        original="\n".join(f"{field}: {value}" for field, value in original.items()),
    )
    return written.replace("\n", "\r\n").encode()

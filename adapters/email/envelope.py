r"""What a mail travels in between the mail server and the journal: a few lines of our own, and the mail as it came.

    Maitred-Internal-Date: 2026-03-02T09:00:00+00:00
    Maitred-Mailbox: INBOX
    Maitred-Note: larger than 25 MB: only its beginning was fetched      (only where there is something to say)
    Maitred-Unreadable: the mail server could not give this mail         (only where just its headers were had)
    <empty line>
    <the mail, byte for byte>

The moment is the mail server's own (INTERNALDATE), which is what clocks start from: the mail's `Date` is whatever its
sender wrote. The mail's name is made of the mail alone, so that the same mail fetched again, also from another mailbox,
is known.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote, unquote

from adapters.errors import MalformedError
from adapters.text import one_line

_DATE: Final = b"Maitred-Internal-Date"
_MAILBOX: Final = b"Maitred-Mailbox"
_NOTE: Final = b"Maitred-Note"
_UNREADABLE: Final = b"Maitred-Unreadable"
_KNOWN: Final = frozenset({_DATE, _MAILBOX, _NOTE, _UNREADABLE})
_END: Final = b"\r\n\r\n"
#: What we write is far shorter; whatever is longer is none of ours.
_LONGEST: Final = 8_192


@dataclass(frozen=True, slots=True)
class Envelope:
    """A mail with what only its server knew. `note` is for people: what is not right about what was fetched.

    `unreadable` is why no more than its headers are here.
    """

    at: datetime
    mailbox: str
    mail: bytes
    note: str = ""
    unreadable: str = ""


def sealed(envelope: Envelope) -> bytes:
    """The payload for the journal."""
    lines = [
        _DATE + b": " + envelope.at.astimezone(UTC).isoformat().encode(),
        _MAILBOX + b": " + quote(envelope.mailbox, safe="/ ").encode(),
    ]
    if envelope.note:
        lines.append(_NOTE + b": " + one_line(envelope.note, 500).encode())
    if envelope.unreadable:
        lines.append(_UNREADABLE + b": " + one_line(envelope.unreadable, 500).encode())
    return b"\r\n".join(lines) + _END + envelope.mail


def opened(payload: bytes) -> Envelope:
    """Undo `sealed`. Raises MalformedError for whatever we did not write."""
    head, end, mail = payload.partition(_END)
    if not end or len(head) > _LONGEST:
        raise MalformedError("no envelope of ours around the mail")
    fields = dict(line.split(b": ", 1) for line in head.split(b"\r\n") if b": " in line)
    if not {_DATE, _MAILBOX} <= set(fields) <= _KNOWN:
        raise MalformedError("no envelope of ours around the mail")
    try:
        at = datetime.fromisoformat(fields[_DATE].decode())
        mailbox = unquote(fields[_MAILBOX].decode("ascii"), errors="strict")
        note, unreadable = (fields.get(name, b"").decode() for name in (_NOTE, _UNREADABLE))
    except ValueError as error:
        raise MalformedError("the envelope around the mail cannot be read") from error
    if at.tzinfo is None:
        raise MalformedError("the envelope around the mail names no zone")
    return Envelope(at.astimezone(UTC), mailbox, mail, note, unreadable)


def mail_name(mail: bytes) -> str:
    """What the journal knows a mail by: the same for the same bytes, wherever and whenever they were fetched."""
    return hashlib.sha256(mail).hexdigest()

"""How much of a mail is read: counted on its bytes, before any parser sees them.

Every figure is far above what people send and far below what hurts: a parser was measured at 12 s for 100,000 parts, at
a stack overflow for 33 kB of nested parts, at 3 s for 20,000 addresses and at a minute for a megabyte of nested tags.
Counting is linear in the mail.
"""

import re
from typing import Final

from adapters.errors import MalformedError

#: A mail with one file of the largest size kept, in base64, and then some.
LARGEST_MAIL: Final = 36 * 1024 * 1024
LARGEST_HEADERS: Final = 256 * 1024
MOST_HEADERS: Final = 1_000
MOST_PARTS: Final = 500
#: Parts within parts within parts, and mails within mails.
DEEPEST: Final = 30

LARGEST_HTML: Final = 200_000
MOST_OPEN_TAGS: Final = 2_000
#: What of a text is shown; a longer one is cut there and kept whole as a file.
LONGEST_TEXT: Final = 100_000
MOST_ADDRESSES: Final = 100
#: Bytes of one header that are looked at.
LONGEST_HEADER: Final = 32 * 1024
MOST_FILES: Final = 20
LARGEST_FILE: Final = 20 * 1024 * 1024

#: A mail without end of headers is all header; nobody looks further than this for the end.
_END: Final = re.compile(rb"\r?\n\r?\n")
_FIELD: Final = re.compile(rb"^[!-9;-~]{1,200}:", re.MULTILINE)
_BOUNDARY: Final = re.compile(rb"boundary\s{0,20}=\s{0,20}\"?([^\"\r\n;]{1,200})", re.IGNORECASE)
_CONTAINER: Final = re.compile(rb"^content-type:\s{0,200}(?:multipart|message)/", re.IGNORECASE | re.MULTILINE)
_DASHES: Final = re.compile(rb"^--([^\r\n]{1,204})", re.MULTILINE)


def check(mail: bytes) -> None:
    """Raises MalformedError, with what there is too much of, for a mail that is not to be parsed."""
    if len(mail) > LARGEST_MAIL:
        raise MalformedError(f"could not be read: larger than {LARGEST_MAIL // 1024 // 1024} MB")
    end = _END.search(mail, 0, LARGEST_HEADERS + 4)
    if end is None and len(mail) > LARGEST_HEADERS:
        raise MalformedError(f"could not be read: more than {LARGEST_HEADERS // 1024} kB of headers")
    headers = mail[: end.start()] if end else mail
    if _more_than(MOST_HEADERS, _FIELD, headers):
        raise MalformedError(f"could not be read: more than {MOST_HEADERS} headers")
    # A container's own line counts even where it is only quoted in a text: a person quotes few of them. Most mails are
    # known to be harmless by simple counts, which take a tenth of the time.
    if mail.lower().count(b"content-type:") > DEEPEST and _more_than(DEEPEST, _CONTAINER, mail):
        raise MalformedError(f"could not be read: more than {DEEPEST} parts within parts")
    if mail.count(b"\n--") > MOST_PARTS and _has_too_many_parts(mail):
        raise MalformedError(f"could not be read: more than {MOST_PARTS} parts")


def _more_than(most: int, pattern: re.Pattern[bytes], text: bytes) -> bool:
    return any(count > most for count, _ in enumerate(pattern.finditer(text), start=1))


def _has_too_many_parts(mail: bytes) -> bool:
    """Lines of dashes are many in a table of text; only those that divide parts are counted."""
    boundaries: set[bytes] = set()
    for found in _BOUNDARY.finditer(mail):
        boundaries.add(found[1].rstrip())
        if len(boundaries) > MOST_PARTS:
            return True
    count = 0
    for found in _DASHES.finditer(mail):
        line = found[1].rstrip()
        if line in boundaries or line.removesuffix(b"--") in boundaries:
            count += 1
            if count > MOST_PARTS:
                return True
    return False


def head_of(mail: bytes) -> bytes:
    """The first headers of a mail that cannot be read as a whole, without those that say what it is made of."""
    end = _END.search(mail, 0, LONGEST_HEADER)
    lines = mail[: end.start() if end else LONGEST_HEADER].splitlines(keepends=True)
    kept: list[bytes] = []
    is_kept = False
    for line in lines[:MOST_HEADERS]:
        if not line.startswith((b" ", b"\t")):
            is_kept = bool(_FIELD.match(line)) and not line.lower().startswith((b"content-", b"mime-version"))
        if is_kept:
            kept.append(line)
    return b"".join(kept) + b"\r\n"

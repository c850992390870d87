"""From the bytes of a mail to a letter: the only place where a parser meets what a stranger wrote.

Runs in a child that can be killed, and counts before it parses. Whatever is wrong with a mail is in the letter, as
words, or the mail is malformed as a whole; no other error leaves here.
"""

import hashlib
import re
from email.errors import (
    FirstHeaderLineIsContinuationDefect,
    MisplacedEnvelopeHeaderDefect,
    MissingHeaderBodySeparatorDefect,
)
from email.parser import BytesFeedParser
from email.policy import compat32
from typing import Final

from adapters.email import limits
from adapters.email.body import Found, Part, found_in
from adapters.email.headers import Headers
from adapters.email.letter import HEADERS, Enclosed, Letter
from adapters.email.quoting import fold, is_passed_on
from adapters.email.report import report_from
from adapters.errors import MalformedError
from adapters.text import clean, truncate

_MOST_OF_ONE: Final = 5
_LONGEST: Final = 8_000
_PIECE: Final = 64 * 1024
_END: Final = re.compile(rb"\r?\n\r?\n")
#: A line that ends in a way that others do not take for an end, a NUL, a name with a space behind it.
_ODD: Final = re.compile(rb"\r(?!\n)|\0|^from[ \t]+:", re.IGNORECASE | re.MULTILINE)
_ODD_DEFECTS: Final = (
    FirstHeaderLineIsContinuationDefect,
    MisplacedEnvelopeHeaderDefect,
    MissingHeaderBodySeparatorDefect,
)
_CUT: Final = "a longer text: all of it is in the file beside it"


def letter_from_bytes(mail: bytes) -> tuple[Letter, tuple[bytes, ...]]:
    """Read a mail; the bytes of its files come beside it, empty where a file is not to be kept.

    Raises MalformedError with what is wrong, in words.
    """
    limits.check(mail)
    try:
        return _letter(mail)
    except (RecursionError, MemoryError) as error:
        raise MalformedError(f"could not be read: {type(error).__name__}") from error


def _letter(mail: bytes) -> tuple[Letter, tuple[bytes, ...]]:
    part = _parsed(mail)
    headers = Headers(part)
    found = found_in(part)
    whole = clean("\n\n".join(text.strip("\n") for text in found.texts if text.strip()))
    # An inline page with PGP around it, or a mail without any words, says so by its files.
    report = report_from(headers, found, whole)
    if len(whole) > limits.LONGEST_TEXT:
        found.add("message.txt", "text/plain", whole.encode())
        found.notes.append(_CUT)
    shown = truncate(whole, limits.LONGEST_TEXT)
    folded = fold(shown, is_passed_on=is_passed_on(headers.words("subject")))
    letter = Letter(
        headers=_kept(headers),
        said=folded.said,
        beneath=folded.beneath,
        notes=tuple(found.notes),
        files=tuple(_named_once(found.files)),
        calendar=found.calendar,
        attendance=found.attendance,
        calendar_note=found.calendar_note,
        report=report,
        received=len(headers.all("received")),
        digest=_digest(headers, whole, found),
        oddity=_oddity(mail, part),
    )
    return letter, tuple(found.contents)


def _parsed(mail: bytes) -> Part:
    """The tree of a mail. Fed in pieces, because the library's other way needs eight times the mail's size."""
    parser = BytesFeedParser(policy=compat32)
    for start in range(0, len(mail), _PIECE):
        parser.feed(mail[start : start + _PIECE])
    return parser.close()


def _oddity(mail: bytes, part: Part) -> str:
    """Whether the server that checked the sender may have seen other headers than we do."""
    end = _END.search(mail, 0, limits.LARGEST_HEADERS + 4)
    is_odd = _ODD.search(mail, 0, end.start() if end else len(mail)) is not None
    if is_odd or any(isinstance(defect, _ODD_DEFECTS) for defect in part.defects):
        return "its headers are written in a way that can be read differently"
    return ""


def _kept(headers: Headers) -> dict[str, tuple[str, ...]]:
    """The headers that somebody looks at, cut to what an honest mail has; cleaned of what no store can bear."""
    named = {name: headers.all(name)[:_MOST_OF_ONE] for name in sorted(HEADERS)}
    kept = {name: tuple(_bounded(name, one) for one in values) for name, values in named.items() if values}
    if "subject" in kept:
        kept["subject"] = (headers.words("subject"),)
    return kept


def _bounded(name: str, value: str) -> str:
    if len(value) <= _LONGEST:
        return clean(value)
    if name == "references":  # the first began the thread, the last are what is answered
        return clean(f"{value[: _LONGEST // 4]} {value[-_LONGEST // 2 :]}")
    # What is cut off the check of a sender may have been a no: a check that is not whole says nothing.
    return clean(value[:_LONGEST]) + (" (" if name == "authentication-results" else "")


def _named_once(files: list[Enclosed]) -> list[Enclosed]:
    """Two files of one name are told apart by a number."""
    seen: dict[str, int] = {}
    named = []
    for one in files:
        count = seen[one.name] = seen.get(one.name, 0) + 1
        stem, dot, ending = one.name.rpartition(".")
        numbered = f"{stem} ({count}){dot}{ending}" if stem else f"{one.name} ({count})"
        named.append(one if count == 1 else Enclosed(numbered, one.type, one.size, one.digest, one.note))
    return named


def _digest(headers: Headers, whole: str, found: Found) -> str:
    told = [headers.words(name) for name in ("subject", "from", "date")]
    told += [whole, *(hashlib.sha256(content).hexdigest() for content in found.contents)]
    return hashlib.sha256("\0".join(told).encode("utf-8", "replace")).hexdigest()

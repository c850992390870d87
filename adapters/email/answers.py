"""What a mail server answers, read: the folder that was opened, the numbers of its mails, the mails themselves.

Only counts, moments and literals are read. aioimaplib removes every "* " from the lines of an answer, so nothing that a
client wrote may stand in one; a literal comes as it is (as a `bytearray`, which tells it from a line).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

_VALIDITY: Final = re.compile(rb"\[UIDVALIDITY (\d{1,19})\]", re.IGNORECASE)
_EXISTS: Final = re.compile(rb"(\d{1,19}) EXISTS", re.IGNORECASE)
_FETCH: Final = re.compile(rb"\d{1,19} FETCH \(", re.IGNORECASE)
_UID: Final = re.compile(rb"\bUID (\d{1,19})", re.IGNORECASE)
_SIZE: Final = re.compile(rb"\bRFC822\.SIZE (\d{1,19})", re.IGNORECASE)
_AT: Final = re.compile(rb'\bINTERNALDATE "([^"]{1,40})"', re.IGNORECASE)
_LITERAL: Final = re.compile(rb"\bBODY\[(?:HEADER)?\](?:<\d+>)? \{\d+\}$", re.IGNORECASE)
_SHORT: Final = re.compile(rb'\bBODY\[(?:HEADER)?\](?:<\d+>)? "((?:[^"\\]|\\.)*)"', re.IGNORECASE)
#: What an answer goes on with behind the literal: its end, or something else that it tells.
_BEHIND: Final = re.compile(rb"\)| \S.*")
_ESCAPED: Final = re.compile(rb"\\(.)")

#: A line of an answer, or a literal.
Line = bytes | bytearray


@dataclass(frozen=True, slots=True)
class Opened:
    """A folder as it was opened. Numbers of mails hold while `validity` is the same."""

    validity: int
    count: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A mail that is there; `at` and `size` are None where the server tells none that can be read."""

    uid: int
    at: datetime | None
    size: int | None


@dataclass(frozen=True, slots=True)
class Fetched:
    """A mail, or the beginning of one."""

    uid: int
    at: datetime | None
    mail: bytes


def opened_from_lines(lines: Iterable[Line]) -> Opened:
    """The answer to SELECT."""
    told = b"\n".join(lines)
    validity, counts = _VALIDITY.search(told), _EXISTS.findall(told)
    return Opened(int(validity[1]) if validity else 0, int(counts[-1]) if counts else 0)


def uids_from_lines(lines: Sequence[Line], *, after: int) -> list[int]:
    """The answer to UID SEARCH, in order. `n:*` also gives a last mail whose number is below n (RFC 9051 6.4.4)."""
    numbers = {int(word) for line in lines[:-1] for word in line.split() if word.isdigit()}
    return sorted(uid for uid in numbers if uid > after)


def listed_from_lines(lines: Iterable[Line]) -> list[Listed]:
    """The answer to UID FETCH of sizes."""
    found = []
    for told, _ in _answers(lines):
        uid, size = _UID.search(told), _SIZE.search(told)
        if uid and size:
            found.append(Listed(int(uid[1]), _moment(told), int(size[1])))
    return found


def fetched_from_lines(lines: Iterable[Line]) -> list[Fetched]:
    """The answer to UID FETCH of whole mails. What else the server tells meanwhile (new flags) is passed over.

    So is a mail that does not end where the server said it would: what there is of it may lack its end, or hold more.
    A mail of NIL is one that somebody removed meanwhile.
    """
    found = []
    for told, mail in _answers(lines):
        uid = _UID.search(told)
        if uid and mail is not None:
            found.append(Fetched(int(uid[1]), _moment(told), mail))
    return found


def _answers(lines: Iterable[Line]) -> Iterator[tuple[bytes, bytes | None]]:
    """One answer a mail: its lines without the literal, and the literal, if the answer goes on behind it."""
    told: list[Line] = []
    mail: bytes | None = None
    given: bytes | None = None
    is_next = False
    for line in lines:
        if isinstance(line, bytearray):
            given = bytes(line) if is_next else None
            is_next = False
            continue
        if _FETCH.match(line):
            if told:
                yield b" ".join(told), mail
            told, mail, given = [], None, None
        if given is not None and _BEHIND.fullmatch(line):
            mail = given
        given = None
        told.append(line)
        is_next = _LITERAL.search(line) is not None
        if mail is None and (short := _SHORT.search(line)):
            mail = _ESCAPED.sub(rb"\1", short[1])
    if told:
        yield b" ".join(told), mail


def _moment(told: bytes) -> datetime | None:
    found = _AT.search(told)
    if found is None:
        return None
    try:
        return datetime.strptime(found[1].decode("ascii").strip(), "%d-%b-%Y %H:%M:%S %z").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def folder_name(name: str) -> str:
    """A folder's name as IMAP writes it: modified UTF-7 (RFC 3501 5.1.3), quoted."""
    parts: list[str] = []
    for is_plain, run in _runs(name):
        if is_plain:
            parts.append(run.replace("&", "&-"))
        else:
            # UTF-7 of a single run outside ASCII is "+…-"; IMAP begins it with & and has a comma for the slash.
            coded = run.encode("utf-7").decode("ascii")
            parts.append("&" + coded.removeprefix("+").rstrip("-").replace("/", ",") + "-")
    return '"' + "".join(parts).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _runs(text: str) -> Iterator[tuple[bool, str]]:
    for run in re.findall(r"[ -~]+|[^ -~]+", text):
        yield run.isascii() and run.isprintable(), run

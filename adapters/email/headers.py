"""The headers of a mail as words and addresses, whatever their authors made of them. Linear, and nothing raises.

The standard library's own readers of addresses, encoded words and parameters were measured to raise on one mangled
header in twenty, or to take seconds for one: here a header is a text, and what cannot be understood in it stays.
"""

import binascii
import re
import string
from dataclasses import dataclass
from email.message import Message
from typing import Final
from urllib.parse import unquote_to_bytes

from adapters.email import limits
from adapters.email.charsets import words_from_bytes
from adapters.text import one_line

_WORD: Final = re.compile(r"=\?([!->@-~]{1,60})\?([bBqQ])\?([^?]{0,4000})\?=")
_BREAK: Final = re.compile(r"\r\n|\r|\n")
_STRANGERS: Final = bytes(set(range(256)) - set(string.ascii_letters.encode() + string.digits.encode() + b"+/"))
_HEX: Final = re.compile(r"=([0-9A-Fa-f]{2})")
_LANGUAGE_SUFFIX: Final = "*"
_TOKEN: Final = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,100}")
_ADDRESS: Final = re.compile(r"[^\s<>()\[\]:;@\\,\"]{1,64}@[^\s<>()\[\]:;@\\,\"]{1,255}")
#: A local part in quotes that it does not need (RFC 5322 3.4.1): the same address as the one without.
_QUOTED: Final = re.compile(r"\"([^\"]{1,200})\"\s*@\s*([^\s\"]{1,255})")
_ATOMS: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,64}(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,64}){0,32}")
_MESSAGE_ID: Final = re.compile(r"<([^<>\s]{1,990})>")
_LONGEST_NAME: Final = 120


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address as it stands in a header, and the name before it. The name is what its author likes to be called."""

    address: str
    name: str = ""


class Headers:
    """The headers of one part, in the order they came."""

    def __init__(self, part: "Message[str, str]") -> None:
        self._fields = [(str(name).lower(), _text(value)) for name, value in part.raw_items()]

    def all(self, name: str) -> list[str]:
        """Every header of this name, unfolded but not decoded."""
        return [value for known, value in self._fields if known == name]

    def first(self, name: str) -> str:
        return next((value for known, value in self._fields if known == name), "")

    def words(self, name: str) -> str:
        """The first header of this name as a person reads it, on one line."""
        return one_line(decoded(self.first(name)), 1_000)


def _text(value: object) -> str:
    """One header as a text: its folds undone, and its bytes read as UTF-8 where they are no ASCII."""
    raw = str(value)[: limits.LONGEST_HEADER]
    if not raw.isascii():
        raw = words_from_bytes(raw.encode("utf-8", "surrogateescape"))
    return _BREAK.sub(" ", raw).replace("\0", "").strip()


def decoded(value: str) -> str:
    """Undo encoded words (RFC 2047), neighbours joined before their charset is: some cut a letter in two."""
    pieces: list[str] = []
    charset, waiting, end = "", b"", 0
    for found in _WORD.finditer(value):
        between = value[end : found.start()]
        name = found[1].partition(_LANGUAGE_SUFFIX)[0].lower()
        if waiting and (between.strip() or name != charset):
            pieces.append(words_from_bytes(waiting, charset))
            waiting = b""
        if between.strip() or not end:
            pieces.append(between)
        charset, end = name, found.end()
        waiting += _bytes_of_word(found[2], found[3])
    if waiting:
        pieces.append(words_from_bytes(waiting, charset))
    return "".join([*pieces, value[end:]])


def _bytes_of_word(encoding: str, written: str) -> bytes:
    if encoding in "bB":
        return bytes_from_base64(written.encode("ascii", "ignore"))
    quoted = written.replace("_", " ").encode("utf-8", "surrogateescape").decode("latin-1")
    return _HEX.sub(lambda found: chr(int(found[1], 16)), quoted).encode("latin-1", "replace")


def bytes_from_base64(written: bytes) -> bytes:
    """What can be had of it: strangers among the letters are left out, and so is a last letter that lacks others.

    Some programs join pieces that each end in their own padding.
    """
    return b"".join(_bytes_of_piece(piece.translate(None, _STRANGERS)) for piece in written.split(b"=") if piece)


def _bytes_of_piece(letters: bytes) -> bytes:
    letters = letters[: len(letters) - (len(letters) % 4 == 1)]
    try:
        return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))
    except binascii.Error:
        return b""


def parameters(value: str) -> tuple[str, dict[str, str]]:
    """A content type or disposition, lower case, and its parameters, continued or coded ones too (RFC 2231)."""
    pieces = list(_divided(value, ";"))
    found: dict[str, str] = {}
    continued: dict[str, dict[int, tuple[str, bool]]] = {}
    for piece in pieces[1:50]:
        name, _, written = piece.partition("=")
        name, written = name.strip().lower(), _unquoted(written.strip())
        stem, star, rest = name.partition("*")
        if not stem or not _TOKEN.fullmatch(stem):
            continue
        if not star:
            found.setdefault(stem, decoded(written))
            continue
        number, _, _ = rest.partition("*")
        is_coded = name.endswith("*")
        order = int(number) if number.isdecimal() and number.isascii() and len(number) < 4 else 0  # noqa: PLR2004
        continued.setdefault(stem, {}).setdefault(order, (written, is_coded))
    for stem, parts in continued.items():
        found[stem] = _joined(parts)
    return pieces[0].strip().lower() if pieces else "", found


def _joined(parts: dict[int, tuple[str, bool]]) -> str:
    charset, read = "", b""
    for order in sorted(parts):
        written, is_coded = parts[order]
        if is_coded and order == min(parts) and written.count("'") > 1:
            charset, _, written = written.split("'", 2)
        read += unquote_to_bytes(written) if is_coded else written.encode("utf-8", "replace")
    words = words_from_bytes(read, charset)
    # Some programs divide or mark so what they have written in encoded words (RFC 2047) already.
    return words if charset or "=?" not in words else decoded(words)


def _unquoted(written: str) -> str:
    if len(written) > 1 and written[0] == written[-1] == '"':
        return re.sub(r"\\(.)", r"\1", written[1:-1])
    return written.strip('"')


def _divided(value: str, mark: str) -> list[str]:
    """Divide at a mark that stands neither in quotes nor in a comment; comments are left out."""
    pieces, start, depth = [""], 0, 0
    is_quoted = False
    at = 0
    while at < len(value):
        letter = value[at]
        if letter == "\\" and (is_quoted or depth):
            at += 2
            continue
        if letter == '"' and not depth:
            is_quoted = not is_quoted
        elif not is_quoted and letter == "(":
            if not depth:
                pieces[-1] += value[start:at]
                start = at
            depth += 1
        elif not is_quoted and letter == ")" and depth:
            depth -= 1
            start = at + 1 if not depth else start
        elif letter == mark and not is_quoted and not depth:
            pieces[-1] += value[start:at]
            pieces.append("")
            start = at + 1
        at += 1
    pieces[-1] += value[start:]  # a comment that never ends is none
    return pieces


def mailboxes(value: str, most: int = limits.MOST_ADDRESSES) -> tuple[Mailbox, ...]:
    """The addresses of From, To and their like; what is none is passed over, and so is what comes after `most`."""
    found: list[Mailbox] = []
    for piece in _divided(value.replace(";", ","), ","):
        before, angle, rest = piece.rpartition("<")
        written = rest.partition(">")[0] if angle else piece.rpartition(":")[2]
        address = _bare(written.strip(), is_in_brackets=bool(angle))
        name = before.rpartition(":")[2] if before.count(":") and '"' not in before else before
        if _ADDRESS.fullmatch(address):
            found.append(Mailbox(address, _name(name)))
        if len(found) >= most:
            break
    return tuple(found)


def _bare(written: str, *, is_in_brackets: bool) -> str:
    """An address without blanks and quotes that mean nothing. Quotes that mean something stay, and then it is none."""
    if quoted := _QUOTED.fullmatch(written):
        local = re.sub(r"\\(.)", r"\1", quoted[1])
        return f"{local}@{quoted[2]}" if _ATOMS.fullmatch(local) else ""
    return "".join(written.split()) if is_in_brackets else written


def _name(written: str) -> str:
    return one_line(decoded(_unquoted(written.strip())), _LONGEST_NAME)


def message_ids(value: str, most: int = 200) -> tuple[str, ...]:
    """The Message-IDs in a header, as we name them; of too many the first and the last."""
    found = [canonical_id(one) for one in _MESSAGE_ID.findall(value)]
    return tuple(found if len(found) <= most else [found[0], *found[1 - most :]])


def canonical_id(written: str) -> str:
    """A Message-ID as we name it: no brackets, the domain in lower case."""
    left, at, domain = written.strip().strip("<>").rpartition("@")
    return f"{left}{at}{domain.lower()}"

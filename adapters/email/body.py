"""Which parts of a mail are what was said, and which are files: one walk over its tree.

Of alternatives the plain one is read, unless it only says that the other one cannot be shown. Pictures within a page,
invitations and mails within the mail are files beside it. What is locked for us (PGP, S/MIME, Outlook's own wrapping)
says so in a line in brackets.
"""

import binascii
import quopri
from dataclasses import dataclass, field
from email.message import Message
from typing import Final, TypeAlias

from adapters.email import limits
from adapters.email.attachments import TOO_MANY, UNTYPED, enclosed
from adapters.email.charsets import words_from_bytes
from adapters.email.flowed import unflowed
from adapters.email.headers import Headers, bytes_from_base64, parameters
from adapters.email.html import text_from_html
from adapters.email.letter import Enclosed
from adapters.ics import Attendance, attendance_from_ics, note_from_ics

Part: TypeAlias = "Message[str, str]"

_PAGES: Final = "text/html"
_SIGNATURES: Final = {
    "application/pgp-signature",
    "application/pkcs7-signature",
    "application/x-pkcs7-signature",
    "application/pgp-encrypted",
}
_LOCKED: Final = {"application/pkcs7-mime", "application/x-pkcs7-mime"}
_WRAPPED: Final = {"application/ms-tnef", "application/vnd.ms-tnef"}
#: Renderings of the same words for programs of one kind.
_REPEATED: Final = {"text/x-amp-html", "text/watch-html", "text/enriched", "text/rtf"}
_SHORTEST_PAGE: Final = 4

ENCRYPTED_PGP: Final = "encrypted with PGP: it cannot be read here"
ENCRYPTED_SMIME: Final = "encrypted or sealed with S/MIME: it cannot be read here"
WRAPPED: Final = "its files came wrapped as winmail.dat, which only Outlook opens"


@dataclass(slots=True)
class Found:
    """What a walk brings together."""

    texts: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    files: list[Enclosed] = field(default_factory=list)
    contents: list[bytes] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    calendar: str = ""
    attendance: Attendance | None = None
    calendar_note: str = ""
    reports: list[Part] = field(default_factory=list)
    #: The content types of what a signature is put around.
    wrapped: list[str] = field(default_factory=list)
    count: int = 0

    def add(self, name: str, type_: str, content: bytes) -> None:
        """Put a file beside the words."""
        one = enclosed(name, type_, content)
        if len(self.files) >= limits.MOST_FILES:
            one = Enclosed(one.name, one.type, one.size, note=TOO_MANY)
        self.files.append(one)
        self.contents.append(b"" if one.note else content)

    def take(self, other: "Found", *, with_words: bool) -> None:
        """Join what was found further down; a rendering that was not chosen brings its files only."""
        for one, content in zip(other.files, other.contents, strict=True):
            full = len(self.files) >= limits.MOST_FILES and not one.note
            self.files.append(Enclosed(one.name, one.type, one.size, note=TOO_MANY) if full else one)
            self.contents.append(b"" if full else content)
        self.notes += [note for note in other.notes if note not in self.notes]
        self.calendar = self.calendar or other.calendar
        self.attendance = self.attendance or other.attendance
        self.calendar_note = self.calendar_note or other.calendar_note
        self.reports += other.reports
        self.wrapped += other.wrapped
        self.count += other.count
        if with_words:
            self.texts += other.texts


def parts_of(part: Part) -> list[Part]:
    """The parts within a part; none where it carries content of its own."""
    inner = part.get_payload() if part.is_multipart() else []
    return [one for one in inner if isinstance(one, Message)]


def found_in(mail: Part) -> Found:
    """Everything in a mail."""
    found = Found()
    _walk(mail, found, 0)
    return found


def _walk(part: Part, found: Found, depth: int) -> None:
    found.count += 1
    if depth > limits.DEEPEST or found.count > limits.MOST_PARTS:
        return
    headers = Headers(part)
    type_, named = parameters(headers.first("content-type"))
    type_ = type_ if "/" in type_ else "text/plain"
    inner = parts_of(part)
    if not part.is_multipart():
        _leaf(part, headers, type_, named, found)
    elif type_.startswith("message/"):
        _enclosed_mail(part, type_, found)
    elif type_ == "multipart/alternative":
        _alternatives(inner, found, depth)
    else:
        if type_ == "multipart/encrypted":
            found.notes.append(ENCRYPTED_PGP)
        if type_ == "multipart/signed":
            found.wrapped += [Headers(one).first("content-type") for one in inner[:1]]
        for one in inner:
            _walk(one, found, depth + 1)


def _alternatives(parts: list[Part], found: Found, depth: int) -> None:
    """Read one of several renderings of the same words."""
    each: list[tuple[bool, Found]] = []
    for part in parts:
        inner = Found(count=found.count)
        _walk(part, inner, depth + 1)
        found.count = inner.count
        inner.count = 0
        is_plain = parameters(Headers(part).first("content-type") or "text/plain")[0] == "text/plain"
        each.append((is_plain, inner))
    chosen = _chosen(each)
    for _, inner in each:
        found.take(inner, with_words=inner is chosen)


def _chosen(each: list[tuple[bool, Found]]) -> Found | None:
    plain = next((one for is_plain, one in each if is_plain and _words(one)), None)
    rich = next((one for is_plain, one in reversed(each) if not is_plain and _words(one)), None)
    if plain is None or rich is None:
        return plain or rich
    # "Your mail program cannot show HTML": the words are on the page.
    is_excuse = "html" in _words(plain).lower() and len(_words(rich)) > _SHORTEST_PAGE * len(_words(plain))
    return rich if is_excuse else plain


def _words(found: Found) -> str:
    return "\n\n".join(found.texts).strip()


def _leaf(part: Part, headers: Headers, type_: str, named: dict[str, str], found: Found) -> None:
    disposition, about = parameters(headers.first("content-disposition"))
    name = about.get("filename") or named.get("name") or ""
    if type_ in _SIGNATURES or (type_ in _REPEATED and not name):
        return
    content = content_of(part, headers)
    is_text = type_ in {"text/plain", _PAGES}
    is_file = disposition == "attachment" or bool(name)
    # Some programs name the words of a mail. A text beside others is a file; the first may be what was said.
    is_said = is_text and disposition != "attachment" and not found.texts
    if is_said or (not is_file and (is_text or type_.startswith("multipart/"))):
        found.texts.append(_text(content, type_, named))
        if not about.get("filename"):
            return
    _look_into(part, type_, name, content, named, found, is_attached=disposition == "attachment")
    if content or is_file:
        found.add(name, type_, content)


def _look_into(
    part: Part, type_: str, name: str, content: bytes, named: dict[str, str], found: Found, *, is_attached: bool
) -> None:
    """What a part is besides a file."""
    if type_ == "text/calendar":
        # One that is attached was put there by somebody who says something about it.
        if not is_attached:
            written = _text(content, type_, named)
            found.calendar = found.calendar or _method(content, named)
            found.attendance = found.attendance or attendance_from_ics(written)
            found.calendar_note = found.calendar_note or note_from_ics(written)
    elif type_ in {"message/delivery-status", "message/disposition-notification", "text/rfc822-headers"}:
        found.reports.append(part)
    elif type_ in _LOCKED or (type_ == UNTYPED and name.lower().endswith(".p7m")):
        found.notes.append(ENCRYPTED_SMIME)
    elif type_ in _WRAPPED or name.lower() == "winmail.dat":
        found.notes.append(WRAPPED)


def _enclosed_mail(part: Part, type_: str, found: Found) -> None:
    """A mail within the mail stays one, a report a text; what is in them is for whoever knows their kind."""
    found.reports.append(part)
    if type_ != "message/rfc822":
        found.add("report.txt", "text/plain", _written(part))
        return
    for one in parts_of(part)[:1]:
        found.add(f"{Headers(one).words('subject') or 'mail'}.eml", type_, _written(one))


def _written(part: Part) -> bytes:
    try:
        return part.as_bytes()
    except Exception:  # noqa: BLE001 - what cannot be written down again is still told of
        return b""


def content_of(part: Part, headers: Headers) -> bytes:
    """The bytes of a part, out of what they were wrapped in for the way."""
    return unwrapped(_as_written(part), headers.first("content-transfer-encoding"))


def unwrapped(written: bytes, encoding: str) -> bytes:
    """Undo an encoding for the way; what is broken is had as far as it goes, an unknown one stays as it is."""
    match parameters(encoding)[0].strip('"'):
        case "base64":
            return bytes_from_base64(written)
        case "quoted-printable":
            return quopri.decodestring(written)
        case "x-uuencode" | "uuencode" | "uue" | "x-uue":
            return _bytes_from_uu(written)
    return written


def _as_written(part: Part) -> bytes:
    """The content of a part as it came. The library only gives it where nothing is to be undone, so nothing is."""
    name = "content-transfer-encoding"
    encodings = part.get_all(name, [])
    del part[name]
    written = part.get_payload(decode=True)
    for one in encodings:
        part[name] = one
    return written if isinstance(written, bytes) else b""


def _bytes_from_uu(written: bytes) -> bytes:
    read: list[bytes] = []
    for line in written.splitlines():
        if line.startswith((b"begin ", b"end")) or not line.strip():
            continue
        try:
            read.append(binascii.a2b_uu(line))
        except binascii.Error:
            break
    return b"".join(read)


def _text(content: bytes, type_: str, named: dict[str, str]) -> str:
    charset = named.get("charset", "")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        charset = "utf-16"
    if type_ == _PAGES:
        return text_from_html(words_from_bytes(content, charset or _charset_of_page(content)))
    words = words_from_bytes(content, charset).replace("\r\n", "\n").replace("\r", "\n")
    if named.get("format", "").lower() == "flowed":
        words = unflowed(words, drops_space=named.get("delsp", "").lower() == "yes")
    return words


def _charset_of_page(content: bytes) -> str:
    """What a page says of its own charset, near its beginning."""
    _, mark, rest = content[:2048].lower().partition(b"charset=")
    return (
        rest[:60].strip(b"\"' ").split(b'"')[0].split(b"'")[0].split(b">")[0].decode("ascii", "ignore") if mark else ""
    )


def _method(content: bytes, named: dict[str, str]) -> str:
    """What an invitation asks for (iTIP): REQUEST, REPLY, CANCEL and their like."""
    for line in content[: 64 * 1024].splitlines():
        if line.upper().startswith(b"METHOD:"):
            return line[7:60].decode("ascii", "ignore").strip().upper()
    return named.get("method", "")[:40].upper()

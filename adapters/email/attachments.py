"""Files in a mail: names that can never become paths, types that are not taken on trust. Pure.

A name is what its author wrote, made plain; a type is what the first bytes say where they say it plainly, else what the
mail says. Nothing is unpacked.
"""

import re
from typing import Final

from adapters.email import limits
from adapters.email.letter import Enclosed
from adapters.text import one_line

_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}")
_LONGEST_NAME: Final = 150
#: Names that some systems keep for devices.
_DEVICES: Final = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)
UNTYPED: Final = "application/octet-stream"
#: How files begin whose type matters to whoever opens them.
_BEGINNINGS: Final = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"MZ", "application/vnd.microsoft.portable-executable"),
    (b"\x7fELF", "application/x-elf"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"\x1f\x8b", "application/gzip"),
    (b"PK\x03\x04", "application/zip"),
)
#: Kinds that are containers of another name: a document is a zip, or an old kind of storage.
_CONTAINERS: Final = {"application/zip", "application/x-ole-storage"}
_ENDINGS: Final = {
    "application/pdf": ".pdf",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/gif": ".gif",
    "message/rfc822": ".eml",
    "text/calendar": ".ics",
    "text/html": ".html",
    "text/plain": ".txt",
}
TOO_LARGE: Final = f"larger than {limits.LARGEST_FILE // 1024 // 1024} MB; it stays in the mail"
TOO_MANY: Final = f"one of more than {limits.MOST_FILES} files; it stays in the mail"


def enclosed(name: str, type_: str, content: bytes) -> Enclosed:
    """What is told of a file; with a note if its bytes are not to be kept."""
    kind = type_from_content(content, type_)
    note = TOO_LARGE if len(content) > limits.LARGEST_FILE else ""
    return Enclosed(plain_name(name, kind), kind, len(content), note=note)


def plain_name(name: str, type_: str = "") -> str:
    """A file's name without folders, control characters or a trap in it; never empty, and its ending stays."""
    last = re.split(r"[/\\]", name)[-1]
    plain = str(one_line(last[-4 * _LONGEST_NAME :], 4 * _LONGEST_NAME))
    plain = re.sub(r"[<>:\"|?*\u200b-\u200f\u2060-\u2064]", "_", plain).strip(" .")
    if len(plain) > _LONGEST_NAME:
        stem, dot, ending = plain.rpartition(".")
        keeps = bool(dot) and len(ending) < 12  # noqa: PLR2004
        plain = f"{stem[: _LONGEST_NAME - 1 - len(ending)]}.{ending}" if keeps else plain[:_LONGEST_NAME]
    if not plain:
        return f"file{_ENDINGS.get(type_, '')}"
    return f"_{plain}" if _DEVICES.fullmatch(plain) else plain


def type_from_content(content: bytes, said: str) -> str:
    """The type of a file: what its first bytes say against what was said of it."""
    said = said.strip().lower()
    said = said if _TYPE.fullmatch(said) else UNTYPED
    for beginning, kind in _BEGINNINGS:
        if content.startswith(beginning):
            return (
                said if kind in _CONTAINERS and not said.startswith(("image/", "text/")) and said != UNTYPED else kind
            )
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    # A picture is shown at once: what does not begin like one is none.
    return UNTYPED if said in {"image/png", "image/jpeg", "image/gif", "image/webp"} else said

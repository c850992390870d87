"""Files beside messages in Telegram, as far as an update tells of them. Pure.

An update names a file and does not carry it. What can be fetched is fetched after the update is kept and before it is
read; what became of the file then stands in the payload, under its id. The Bot API gives out 20 MB at most.

https://core.telegram.org/bots/api#getfile
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from adapters.message import Attachment
from adapters.shapes import Fields, each, inner_or, text_or
from adapters.telegram.numbers import number_or
from adapters.text import one_line

LARGEST: Final = 20 * 1024 * 1024
IN_TELEGRAM: Final = "it stays in Telegram"
_UNKNOWN: Final = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class File:
    """One file of a message. `name` is the sender's own, or says what it is.

    `mark` is the same wherever and whenever the file comes up, while `id` may be another each time; empty where
    Telegram gives none.
    """

    id: str
    name: str
    type: str
    size: int
    mark: str = ""


#: The fields of a message that hold one file each, with a name and a type for those that have none of their own. A
#: moving picture comes as a document too, which is left out.
_KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "animation": ("animation.mp4", "video/mp4"),
    "document": ("document", _UNKNOWN),
    "video": ("video.mp4", "video/mp4"),
    "video_note": ("video message.mp4", "video/mp4"),
    "voice": ("voice message.ogg", "audio/ogg"),
    "audio": ("audio.mp3", "audio/mpeg"),
}
FILE_FIELDS: Final = frozenset({"photo", *_KINDS})


def files_of(message: Fields) -> tuple[File, ...]:
    """The files of one message; a photo is its largest size, and a thumbnail is no file of its own."""
    return tuple(_files(message))


def attachments_from_files(files: tuple[File, ...], kept: Fields) -> tuple[Attachment, ...]:
    """Never raises: a file that is described badly is still a file that somebody sent."""
    return tuple(_attachment(file, kept) for file in files)


def fetchable(files: tuple[File, ...], kept: Fields) -> tuple[File, ...]:
    """The files whose bytes are still to be had."""
    return tuple(file for file in files if file.id and file.size <= LARGEST and file.id not in kept)


def too_large(size: int) -> str:
    """Why a file is not fetched, for whoever reads the message."""
    return f"too large to fetch ({size / 1024 / 1024:.0f} MB); {IN_TELEGRAM}"


def _files(message: Fields) -> Iterator[File]:
    if sizes := each(message, "photo"):
        largest = max(sizes, key=lambda one: (number_or(one, "width") or 0) * (number_or(one, "height") or 0))
        yield _file(largest, "photo.jpg", "image/jpeg")
    is_moving = bool(inner_or(message, "animation"))
    for name, (called, type_) in _KINDS.items():
        if (found := inner_or(message, name)) and not (is_moving and name == "document"):
            yield _file(found, called, type_)


def _file(found: Fields, called: str, type_: str) -> File:
    size = number_or(found, "file_size") or 0
    name = text_or(found, "file_name") or text_or(found, "title") or called
    # The sender's own program says of what type a file is, so that may be anything at all.
    of_type = one_line(text_or(found, "mime_type"), 100) or type_
    mark = one_line(text_or(found, "file_unique_id"), 64)
    return File(text_or(found, "file_id")[:256], name, of_type, max(size, 0), mark)


def _attachment(file: File, kept: Fields) -> Attachment:
    name = one_line(file.name) or one_line("file")
    fate = inner_or(kept, file.id)
    if digest := text_or(fate, "digest"):
        return Attachment(name, file.type, number_or(fate, "size") or 0, digest)
    reason = too_large(file.size) if file.size > LARGEST else IN_TELEGRAM
    return Attachment(name, file.type, file.size, note=text_or(fate, "note") or reason)

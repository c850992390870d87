"""Files that people put beside their messages in Slack, as far as an event tells of them. Pure.

An event names a file and does not carry it. What can be fetched is fetched after the event is kept and before it is
read; what became of each file then stands in the payload, under its id. The rest says why it cannot be had.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from adapters.message import Attachment
from adapters.shapes import Fields, text_or
from adapters.text import one_line

LARGEST: Final = 20 * 1024 * 1024
#: More files than a person attaches; Slack itself takes ten.
MOST_FILES: Final = 20
TOO_LARGE: Final = "larger than 20 MB; it stays in Slack"
IN_SLACK: Final = "it stays in Slack"
#: Why the bytes of a file are not to be had, by the mode Slack gives it.
_OUT_OF_REACH: Final = {
    "tombstone": "deleted in Slack",
    "hidden_by_limit": "hidden by the limits of the Slack plan",
}


def attachments_from_files(files: Sequence[Fields], kept: Fields) -> tuple[Attachment, ...]:
    """Never raises: a file that is described badly is still a file that somebody sent."""
    return tuple(_attachment(file, kept) for file in files[:MOST_FILES])


def fetchable(files: Sequence[Fields], kept: Fields) -> Mapping[str, str]:
    """The files whose bytes are still to be had: where each is, by its id."""
    found: dict[str, str] = {}
    for file in files[:MOST_FILES]:
        name, address = text_or(file, "id"), text_or(file, "url_private_download") or text_or(file, "url_private")
        if name and address and name not in kept and not _reason_against(file):
            found[name] = address
    return found


def _attachment(file: Fields, kept: Fields) -> Attachment:
    name = one_line(text_or(file, "name") or text_or(file, "title")) or one_line("file")
    type_ = text_or(file, "mimetype", "application/octet-stream")[:100]
    had = kept.get(text_or(file, "id"))
    fate: Fields = had if isinstance(had, Mapping) else {}
    if digest := text_or(fate, "digest"):
        return Attachment(name, type_, _size(fate), digest)
    return Attachment(name, type_, _size(file), note=text_or(fate, "note") or _reason_against(file) or IN_SLACK)


def _reason_against(file: Fields) -> str:
    if reason := _OUT_OF_REACH.get(text_or(file, "mode")):
        return reason
    if text_or(file, "file_access") == "check_file_info":
        return "shared from another workspace, which does not show it to apps"
    if file.get("is_external") is True:
        return "kept outside Slack"
    return TOO_LARGE if _size(file) > LARGEST else ""


def _size(file: Fields) -> int:
    size = file.get("size")
    return size if type(size) is int and 0 <= size < 2**53 else 0  # True is an int too, but no size

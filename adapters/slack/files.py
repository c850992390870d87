"""Files that people put beside their messages in Slack, as far as an event tells of them. Pure.

An event names a file and does not carry it. What can be fetched is fetched after the event is kept and before it is
read; what became of each file then stands in the payload, under its id. Of a file from another workspace the event has
the id alone: Slack is asked about it first, and what it tells is kept as well. The rest says why it cannot be had.

https://docs.slack.dev/reference/objects/file-object#slack_connect_files
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from adapters.message import Attachment
from adapters.shapes import Fields, inner_or, text_or
from adapters.slack import ids
from adapters.text import one_line

LARGEST: Final = 20 * 1024 * 1024
#: More files than a person attaches; Slack itself takes ten.
MOST_FILES: Final = 20
TOO_LARGE: Final = "larger than 20 MB; it stays in Slack"
IN_SLACK: Final = "it stays in Slack"
NOT_GIVEN: Final = "Slack does not give the file to the app"
DELETED: Final = "deleted in Slack"
GONE: Final = "no longer in Slack"
#: Slack says no more of a file of another workspace until it is asked about it.
_UNTOLD: Final = "check_file_info"
#: Why the bytes of a file are not to be had, by the mode Slack gives it.
_OUT_OF_REACH: Final = {
    "tombstone": DELETED,
    "hidden_by_limit": "hidden by the limits of the Slack plan",
}
#: The same by what the app may do with it.
_WITHHELD: Final = {"access_denied": NOT_GIVEN, "file_not_found": GONE}
#: What is kept of what Slack tells of a file.
_TOLD: Final = ("name", "title", "mimetype", "size", "mode", "is_external", "file_access")


def attachments_from_files(files: Sequence[Fields], kept: Fields) -> tuple[Attachment, ...]:
    """Never raises: a file that is described badly is still a file that somebody sent."""
    return tuple(_attachment(file, kept) for file in files[:MOST_FILES])


def fetchable(files: Sequence[Fields], kept: Fields) -> Mapping[str, Fields]:
    """The files of which there is more to be had than stands in the event, by their ids."""
    found: dict[str, Fields] = {}
    for file in files[:MOST_FILES]:
        name = text_or(file, "id")
        if name and name not in kept and (is_untold(file) or address_of(file)):
            found[name] = file
    return found


def is_untold(file: Fields) -> bool:
    """Whether Slack has to be asked what kind of file it is, and where."""
    is_asked_for = text_or(file, "file_access") == _UNTOLD and text_or(file, "mode") not in _OUT_OF_REACH
    return is_asked_for and ids.FILE.fullmatch(text_or(file, "id")) is not None


def address_of(file: Fields) -> str:
    """Where its bytes are; empty where they are not to be had."""
    return "" if reason_against(file) else text_or(file, "url_private_download") or text_or(file, "url_private")


def told(file: Fields) -> Mapping[str, Any]:
    """What is kept of a file that Slack was asked about."""
    return {name: file[name] for name in _TOLD if isinstance(file.get(name), str | int)}


def reason_against(file: Fields) -> str:
    """Why its bytes are not to be had, as far as is known; empty where nothing speaks against it."""
    if reason := _OUT_OF_REACH.get(text_or(file, "mode")) or _WITHHELD.get(text_or(file, "file_access")):
        return reason
    if text_or(file, "file_access") == _UNTOLD:
        return IN_SLACK
    if file.get("is_external") is True:
        return "kept outside Slack"
    return TOO_LARGE if _size(file) > LARGEST else ""


def _attachment(file: Fields, kept: Fields) -> Attachment:
    fate = inner_or(kept, text_or(file, "id"))
    known = {**file, **inner_or(fate, "file")}
    name = one_line(text_or(known, "name") or text_or(known, "title")) or one_line("file")
    type_ = text_or(known, "mimetype", "application/octet-stream")[:100]
    if digest := text_or(fate, "digest"):
        return Attachment(name, type_, _size(fate), digest)
    return Attachment(name, type_, _size(known), note=text_or(fate, "note") or reason_against(known) or IN_SLACK)


def _size(file: Fields) -> int:
    size = file.get("size")
    return size if type(size) is int and 0 <= size < 2**53 else 0  # True is an int too, but no size

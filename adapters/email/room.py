"""How much room is left, where mail is kept and where it is sent: said before there is none, with the mend. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from adapters.email.answers import Line

#: From this share on a mail box is about to refuse mail.
NEARLY_FULL: Final = 0.9
#: What a quota counts (RFC 9208): storage in units of 1024 bytes, and mails.
_QUOTA: Final = re.compile(rb"\b(STORAGE|MESSAGE) (\d{1,18}) (\d{1,18})\b", re.IGNORECASE)
_STATUS: Final = re.compile(r"(?<![0-9.])[245]\.([0-9]{1,3}\.[0-9]{1,3})(?![0-9.])")
_FULL: Final = re.compile(r"quota|mail ?box (?:is )?full|full mail ?box|storage allocation", re.IGNORECASE)
_NO_ROOM: Final = range(452, 453)
_TOO_MUCH: Final = range(552, 553)

#: What to do where nothing more is taken.
THEIRS_IS_FULL: Final = "their mail box is full: reach them another way"
OURS_HAS_NO_ROOM: Final = "our mail server has no room: make room there"
TOO_LARGE: Final = "larger than their mail server takes: send the files another way"


@dataclass(frozen=True, slots=True)
class Room:
    """How much of what a mail box may hold is used; storage is in units of 1024 bytes."""

    what: Literal["storage", "mails"]
    used: int
    limit: int

    @property
    def share(self) -> float:
        return self.used / self.limit if self.limit else 0.0

    def __str__(self) -> str:
        if self.what == "storage":
            return f"{self.share:.0%} full, {self.used // 1024} of {self.limit // 1024} MB"
        return f"{self.share:.0%} full, {self.used} of {self.limit} mails"


def fullest_from_lines(lines: Iterable[Line]) -> Room | None:
    """The answer to GETQUOTAROOT: the limit that is nearest; None where there is none."""
    found = [
        Room("storage" if kind.upper() == b"STORAGE" else "mails", int(used), int(limit))
        for line in lines
        for kind, used, limit in _QUOTA.findall(bytes(line))
        if int(limit)
    ]
    return max(found, key=lambda one: one.share, default=None)


def warning_of(room: Room | None) -> str:
    """What to tell whoever looks after the mail box; empty while there is room."""
    if room is None or room.share < NEARLY_FULL:
        return ""
    if room.share < 1:
        return f"the mail box is {room}: make room in it, before new mail is refused"
    return f"the mail box is {room}: make room in it, new mail is refused"


def is_full(words: str) -> bool:
    """Does a refusal speak of a mail box without room, whatever its status says?"""
    return _FULL.search(words) is not None


def mend_of(code: int, words: str, *, is_ours: bool = True) -> str:
    """What to do about a refusal that is about room or size, by its enhanced status or else its code (RFC 3463).

    `is_ours`: our own mail server says so, and not the one that the mail was for.
    """
    status = found[1] if (found := _STATUS.search(words)) else ""
    if status == "2.2" or (not status and code in {*_NO_ROOM, *_TOO_MUCH} and _FULL.search(words)):
        return THEIRS_IS_FULL
    if status == "3.1" or (not status and code in _NO_ROOM):
        return OURS_HAS_NO_ROOM if is_ours else THEIRS_IS_FULL
    if status in {"3.4", "2.3"} or (not status and code in _TOO_MUCH):
        return TOO_LARGE
    return ""

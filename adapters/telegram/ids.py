"""How things of Telegram are named: chats, topics, messages and updates.

    1001              the private chat with one person; the number is the person's own id
    -1001234          a group
    -1001234#55       a topic of a forum; the General topic is the group itself
    CHAT:MESSAGE      one message, wherever it stands
    BOT:UPDATE        one update, as the journal knows it
    BOT:gap:FROM-TO   updates that never came
    BOT:NEXT          how far updates were read: the id asked for next

Only groups and channels have numbers below zero, so a place says by itself whether it is a person.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from adapters.errors import MalformedError
from adapters.message import Channel, Conversation, Identity

#: Telegram promises at most 52 significant bits; a number beyond that is none of its own.
LARGEST: Final = 2**53
_CHAT: Final = re.compile(r"-?[1-9][0-9]{0,15}", re.ASCII)
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,15}", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
#: The last moment that is written with four digits for the year.
_LAST_MOMENT: Final = 253_402_300_799


@dataclass(frozen=True, slots=True)
class Place:
    """An address taken apart: a chat, and a topic in it."""

    chat: int
    topic: int | None = None

    @property
    def is_person(self) -> bool:
        return self.chat > 0


def place_from_address(address: str) -> Place:
    """Raises ValueError for a text that is no address of Telegram."""
    chat, mark, topic = address.partition("#")
    if not _CHAT.fullmatch(chat) or (mark and not (_NUMBER.fullmatch(topic) and chat.startswith("-"))):
        raise ValueError(f"{address!r} is no address of Telegram: write a person's or a group's number, or GROUP#TOPIC")
    return Place(int(chat), int(topic) if mark else None)


def conversation(account: str, chat: int, topic: int | None = None) -> Conversation:
    """What is said in a chat, or in one topic of it."""
    return Conversation(Channel.TELEGRAM, account, f"{chat}" if topic is None else f"{chat}#{topic}")


def person(user: int) -> Identity:
    """Who somebody is; a private chat with them has the same number."""
    return Identity(Channel.TELEGRAM, str(user))


def message_id(chat: int, message: int) -> str:
    """Our name for one message."""
    return f"{chat}:{message}"


def chat_and_message(external_id: str) -> tuple[int, int]:
    """Undo `message_id`. Raises ValueError for a name that is not one of ours."""
    chat, _, message = external_id.partition(":")
    if not _CHAT.fullmatch(chat) or not _NUMBER.fullmatch(message):
        raise ValueError(f"{external_id!r} names no message of Telegram")
    return int(chat), int(message)


def album_id(chat: int, group: str) -> str:
    """Our name for the album that a message is a part of."""
    return f"{chat}:album:{group}"


def update_key(bot: str, update: int) -> str:
    """What the journal knows an update by: the same on every redelivery, and through either way in."""
    return f"{bot}:{update}"


def gap_key(bot: str, first: int, last: int) -> str:
    """What the journal knows a gap by; both ends are among what is missing."""
    return f"{bot}:gap:{first}-{last}"


def cursor_value(bot: str, following: int) -> str:
    return f"{bot}:{following}"


def next_from_cursor(value: str | None, bot: str) -> int | None:
    """The update to ask for next; None for the very first time, and after another bot."""
    of, _, following = (value or "").partition(":")
    return int(following) if of == bot and _NUMBER.fullmatch(following) else None


def moment_from_seconds(seconds: int) -> datetime:
    """A moment of Telegram's server. Raises MalformedError for a number that is none."""
    if not 0 < seconds <= _LAST_MOMENT:
        raise MalformedError("a date is no moment")
    return _EPOCH + timedelta(seconds=seconds)

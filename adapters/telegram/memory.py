"""What the Telegram channel has the desk remember for it: names of buttons, parts of messages, topics, files, paces.

Each call may raise DeskAwayError: nothing was looked up or kept then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from adapters.message import Button, Conversation


@dataclass(frozen=True, slots=True)
class Kept:
    """What stands behind a button's name, and the conversation it was put into."""

    conversation: Conversation
    action: str
    value: str


class Buttons(Protocol):
    """What Telegram gives back of a button is 64 bytes, and anybody can send any: so it is a name that nobody guesses.

    The same button in the same conversation has the same name whenever it is drawn.
    """

    async def keep(self, conversation: Conversation, buttons: Sequence[Button]) -> Sequence[str]:
        """The name of each button, which `find` knows from then on."""

    async def find(self, name: str) -> Kept | None:
        """What a name stands for; None for one we never gave, or forgot."""


class Parts(Protocol):
    """Which parts of a message Telegram has taken, so that an interrupted one goes on where it stopped."""

    async def taken(self, key: str) -> Mapping[int, str]:
        """The parts of the message with this key that are there: each one's name in Telegram, by its position."""

    async def take(self, key: str, parts: Mapping[int, str]) -> None:
        """Returns once it is safe that these parts are there."""

    async def beside(self, external_id: str) -> tuple[str, Mapping[int, str]] | None:
        """The key and all parts of the message that this is a part of; None for one that went as a single message."""


@dataclass(frozen=True, slots=True)
class KnownTopic:
    """A topic's number, and what it was called when it was last named."""

    thread: str
    name: str


class StoredTopics(Protocol):
    """Which topic of a forum is about what. `place` is the group's address."""

    async def find(self, place: str, key: str) -> KnownTopic | None:
        """The topic there, if it has one."""

    async def keep(self, place: str, key: str, topic: KnownTopic) -> None:
        """From now on it is this one."""


class Fetched(Protocol):
    """Files that were fetched lately, by Telegram's mark of them: other words beside one are no reason to fetch it."""

    async def find(self, mark: str) -> tuple[str, int] | None:
        """What names its bytes, and how many there are; None where they are not here."""

    async def keep(self, mark: str, digest: str, size: int) -> None:
        """These are its bytes."""


class Paces(Protocol):
    """What every process of the desk has said lately where Telegram counts by the minute, and where it wants quiet.

    A chat is Telegram's number of it, 0 for all of them.
    """

    async def claim(self, chat: int, *, count: int, most: int, within_s: float) -> float:
        """Seconds until so many messages may be shown there; 0: they are counted, and may."""

    async def hold(self, chat: int, for_s: float) -> None:
        """Telegram asked for patience with it."""

    async def held(self) -> Mapping[int, float]:
        """Where Telegram still wants to be left alone, and for how many seconds."""


@dataclass(frozen=True, slots=True)
class Memory:
    """All of it."""

    buttons: Buttons
    parts: Parts
    topics: StoredTopics
    fetched: Fetched
    paces: Paces

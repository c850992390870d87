"""What the other end of the channel in memory sees: every message and card as it reads now, and what it read before.

Beside it the chronicle of both sides, for who follows the channel live.
"""

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from adapters.card import Card, Outbound, OutboundCard, OutboundHome
from adapters.message import Button, Conversation, OutboundMark, OutboundMessage
from adapters.text import split

What = Literal["said", "edited", "deleted", "reacted", "noticed", "moved", "sent", "changed", "pressed", "answered"]

_RECENT = 10_000


@dataclass(frozen=True, slots=True)
class Shown:
    """One message or card as it reads now; `history` holds its earlier wordings, oldest first.

    `parts` are the pieces a channel with a longest message shows it in; `at` is when it last changed.
    """

    external_id: str
    message: Outbound
    at: datetime
    parts: tuple[str, ...]
    history: tuple[Outbound, ...] = ()

    @property
    def text(self) -> str:
        """All its words; a card's with everything drawn on it."""
        return words(self.message)

    @property
    def card(self) -> Card | None:
        return self.message.card if isinstance(self.message, OutboundCard) else None


def words(message: Outbound) -> str:
    """What stands there: a card's title, lines, the client's words, promises and buttons; a page's cards."""
    if isinstance(message, OutboundMessage):
        return message.text
    if isinstance(message, OutboundMark):
        return f"{message.standing} {message.external_id}"
    if isinstance(message, OutboundHome):
        return "\n".join((message.home.title, *map(card_words, message.home.cards)))
    return card_words(message.card)


def card_words(card: Card) -> str:
    """A card's, from top to bottom."""
    quote = (f"> {card.quote}",) if card.quote else ()
    promises = (f"{promise.label}: {promise.words}" for promise in card.promises)
    buttons = (f"[{button.label}]" for button in card.buttons)
    return "\n".join((card.title, *card.lines, *quote, *promises, *buttons))


def reads_the_same(one: Outbound, other: Outbound) -> bool:
    """Would a person see any difference?"""
    if isinstance(one, OutboundCard) and isinstance(other, OutboundCard):
        return one.card == other.card
    if isinstance(one, OutboundMessage) and isinstance(other, OutboundMessage):
        return (one.text, one.attachments, one.buttons) == (other.text, other.attachments, other.buttons)
    return replace(one, key=other.key, at=other.at) == other


def buttons_of(message: Outbound) -> tuple[Button, ...]:
    """What can be pressed there; a page's buttons are pressed like those of its cards."""
    if isinstance(message, OutboundMessage):
        return message.buttons
    return message.card.buttons if isinstance(message, OutboundCard) else ()


def reply_to(message: Outbound) -> str | None:
    """The message in whose thread this one stands."""
    return message.reply_to if isinstance(message, OutboundCard | OutboundMessage) else None


class Screen:
    """Everything shown in every conversation of one channel, in the order it came."""

    def __init__(self, longest: int | None = None) -> None:
        self._longest = longest
        self._shown: dict[str, Shown] = {}
        self._by_address: dict[str, list[str]] = {}
        self._by_key: dict[str, str] = {}

    def show(self, message: Outbound, external_id: str, *, at: datetime) -> Shown:
        shown = self._shown[external_id] = Shown(external_id, message, at, self._parts(message))
        self._by_address.setdefault(message.conversation.address, []).append(external_id)
        self._by_key[message.key] = external_id
        return shown

    def change(self, shown: Shown, message: Outbound, *, at: datetime) -> Shown:
        history = (*shown.history, shown.message)
        changed = replace(shown, message=message, at=at, parts=self._parts(message), history=history)
        self._shown[shown.external_id] = changed
        self._by_key[message.key] = shown.external_id
        return changed

    def find(self, external_id: str) -> Shown | None:
        return self._shown.get(external_id)

    def find_by_key(self, key: str) -> Shown | None:
        external_id = self._by_key.get(key)
        return None if external_id is None else self._shown[external_id]

    def everything(self) -> Sequence[Shown]:
        return tuple(self._shown.values())

    def at(self, address: str) -> tuple[Shown, ...]:
        return tuple(self._shown[external_id] for external_id in self._by_address.get(address, ()))

    def _parts(self, message: Outbound) -> tuple[str, ...]:
        text = words(message)
        return (text,) if self._longest is None else split(text, self._longest)


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing seen on the channel by who follows it live; `by` is empty for what the desk does."""

    at: datetime
    conversation: Conversation
    what: What
    external_id: str
    text: str
    by: str = ""


class Chronicle:
    """What happened lately on one channel, and who wants to be told as it happens."""

    def __init__(self) -> None:
        self._recent: deque[Happening] = deque(maxlen=_RECENT)
        self._followers: set[asyncio.Queue[Happening]] = set()

    def add(self, happening: Happening) -> None:
        self._recent.append(happening)
        for follower in self._followers:
            follower.put_nowait(happening)

    def recent(self, address: str | None) -> Sequence[Happening]:
        return tuple(seen for seen in self._recent if address in (None, seen.conversation.address))

    @contextmanager
    def follow(self) -> Iterator[asyncio.Queue[Happening]]:
        follower: asyncio.Queue[Happening] = asyncio.Queue()
        self._followers.add(follower)
        try:
            yield follower
        finally:
            self._followers.discard(follower)

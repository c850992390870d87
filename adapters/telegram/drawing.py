"""How a message is laid out before any of it is sent: its texts, its files, and whether the words go under the files.

Pure. A text of ours that is too long for one message goes in several, cut where a reader would pause.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from adapters.card import OutboundCard
from adapters.message import Attachment, OutboundMessage
from adapters.telegram import cards
from adapters.telegram.markup import (
    LONGEST_CAPTION,
    LONGEST_TEXT,
    NOTHING,
    Drawn,
    Piece,
    as_written,
    drawn,
    for_our_people,
)
from adapters.telegram.places import place_of
from adapters.telegram.uploads import LARGEST_FILE, Load, loads
from adapters.text import clean, split, utf16_size

#: Files are counted from here, so that a text may grow by a part without a file changing its place.
FIRST_FILE: Final = 1_000
#: Stands before a question in a group, for whom it is meant: only they are asked to answer it.
_ASKED: Final = "🔔 "


@dataclass(frozen=True, slots=True)
class Step:
    """One call: some words, or files with or without words under them. `position` counts messages, not calls."""

    position: int
    text: Drawn | None = None
    load: Load | None = None

    @property
    def positions(self) -> range:
        return range(self.position, self.position + (len(self.load.files) if self.load is not None else 1))


@dataclass(frozen=True, slots=True)
class Layout:
    """All calls of a message, in order; `keyed` is the position below which its buttons stand."""

    steps: tuple[Step, ...]
    keyed: int

    @property
    def positions(self) -> Sequence[int]:
        """The place of every message that it makes."""
        return [position for step in self.steps for position in step.positions]

    @property
    def is_single(self) -> bool:
        return len(self.positions) == 1


def layout(message: OutboundMessage | OutboundCard) -> Layout:
    """Raises PermanentError for a file that Telegram does not take; beside a card such a file is only named."""
    if isinstance(message, OutboundCard):
        files = tuple(loads(_borne(message)))
        texts: Sequence[Drawn] = [card_of(message)]
        has_words, is_keyed = True, bool(message.card.buttons)
    else:
        files = tuple(loads([file for file in message.attachments if file.digest is not None]))
        words = words_of(message)
        texts = texts_of(message, words or NOTHING)
        has_words, is_keyed = bool(words), bool(message.buttons) or message.asks
    if files and not has_words and not is_keyed:
        return Layout(tuple(_file_steps(files)), FIRST_FILE)
    if _goes_under(texts, files, is_keyed=is_keyed):
        return Layout((Step(FIRST_FILE, texts[0] if has_words else None, files[0]),), FIRST_FILE)
    steps = (*(Step(number, text) for number, text in enumerate(texts)), *_file_steps(files))
    return Layout(steps, len(texts) - 1)


def texts_of(message: OutboundMessage, words: str, *, first: int = LONGEST_TEXT) -> Sequence[Drawn]:
    """The words in as many texts as they take; the first of them in at most `first` units."""
    called = _called(message)
    head, *rest = _divided(words, first - utf16_size(_ASKED) if called else first)
    begun = as_written(head) if called is None else drawn([Piece(_ASKED, person=called), Piece(head)])
    return [begun, *map(as_written, rest)]


def words_of(message: OutboundMessage) -> str:
    """The text, and a line for each file whose bytes we do not have; what our people read is defused."""
    lost = [f"{file.name} ({file.note or file.type})" for file in message.attachments if file.digest is None]
    words = clean("\n".join(part for part in (message.text, *lost) if part.strip()))
    return for_our_people(words) if message.is_inward else words


def card_of(message: OutboundCard) -> Drawn:
    """A card, with a sign for everybody it calls. In a private chat there is nobody to be called but its owner."""
    place, card = place_of(message.conversation), message.card
    borne = _borne(message)
    lost = [f"{file.name} ({file.note or file.type})" for file in message.attachments if file not in borne]
    card = replace(card, lines=(*card.lines, *lost)) if lost else card
    return cards.drawn_card(card, () if place.is_person else list(_people(card.mentions)))


def _borne(message: OutboundCard) -> Sequence[Attachment]:
    """The files of a card that can be handed over."""
    return [file for file in message.attachments if file.digest is not None and file.size <= LARGEST_FILE]


def _goes_under(texts: Sequence[Drawn], files: Sequence[Load], *, is_keyed: bool) -> bool:
    """Words go under files where they fit and all is one call; nothing else can stand below an album."""
    if len(files) != 1 or len(texts) != 1 or texts[0].size > LONGEST_CAPTION:
        return False
    return len(files[0].files) == 1 or not is_keyed


def _divided(words: str, first: int) -> Sequence[str]:
    head, *rest = split(words, first, utf16_size)
    if not rest or first == LONGEST_TEXT:
        return (head, *rest)
    return (head, *split(words[words.index(head) + len(head) :].strip(), LONGEST_TEXT, utf16_size))


def _file_steps(files: Sequence[Load]) -> Iterator[Step]:
    position = FIRST_FILE
    for load in files:
        yield Step(position, load=load)
        position += len(load.files)


def _called(message: OutboundMessage) -> int | None:
    """Whom a question in a group is meant for."""
    if not message.asks or message.only_to is None or place_of(message.conversation).is_person:
        return None
    return next(_people([message.only_to]), None)


def _people(addresses: Sequence[str]) -> Iterator[int]:
    """Numbers of people, out of addresses that the desk directory gave; whatever is none calls nobody."""
    return (int(one) for one in dict.fromkeys(addresses) if one.isascii() and one.isdecimal() and int(one) > 0)

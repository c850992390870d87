"""Texts on their way to Telegram: HTML in which nothing is markup but what we draw, and words that cannot be pressed.

What a person of ours or the desk writes to a client goes out as written; only three characters are escaped. What a
client wrote, what stands beside it on a card, and every other word to our own people, who may be told a client's name
in it, is defused as well: Telegram makes commands, names and addresses pressable by itself, in every text. A word
joiner, which nobody sees, takes each of them apart. (Marking such a text as code would do the same and look like code.
The price of a joiner is that an address copied from a card holds it; what comes back to us is read without.)

https://core.telegram.org/bots/api#html-style
"""

import html
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from adapters.text import clean, truncate, utf16_size

#: A message, a caption under a file, the answer to a press: in units of UTF-16, after markup was read.
LONGEST_TEXT: Final = 4_096
LONGEST_CAPTION: Final = 1_024
LONGEST_TOAST: Final = 200
#: Telegram refuses a text without anything to see in it.
NOTHING: Final = "—"

JOINER: Final = "\N{WORD JOINER}"
#: What Telegram looks for by itself: `/command`, `@name`, `scheme://`, `host.tld`.
_PRESSABLE: Final = re.compile(r"(?P<dot>(?<=\S)\.(?=\w))|(?<!\w)/(?=\w)|@(?=\w)|:(?=//)")
#: Questions to the desk that only show something: whoever presses one by chance has done nothing.
_SHOWING: Final = re.compile(r"(?<![^\s(·])/(?:absences|calls|desk|help|queue)(?![^\s.,;:)])", re.IGNORECASE)
#: A lone number keeps its point, so that an amount can be copied.
_AMOUNT: Final = re.compile(r"(?<![\w.])[0-9]+\.[0-9]+(?!\w|\.\w)")


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words and how they are drawn: `b`, `blockquote`, nothing; or, with `person`, a call to somebody of ours."""

    text: str
    tag: str = ""
    person: int | None = None


@dataclass(frozen=True, slots=True)
class Drawn:
    """A text as it is sent, and the same without any markup, for where Telegram cannot read ours."""

    html: str
    plain: str

    @property
    def size(self) -> int:
        return utf16_size(self.plain)


def escape(text: str) -> str:
    """A text in which Telegram reads no markup."""
    return html.escape(text, quote=False)


def defused(text: str) -> str:
    """A client's words, cleaned, with nothing in them that Telegram would let somebody press."""
    return _defused(text, set())


def for_our_people(text: str) -> str:
    """Words of the desk to one of our people, a client's among them: nothing can be pressed but what only shows."""
    kept = {found.start() for found in _SHOWING.finditer(clean(text))}
    return _defused(text, kept)


def drawn(pieces: Iterable[Piece]) -> Drawn:
    """Pieces one after the other; each tag is closed where it was opened."""
    kept = [piece for piece in pieces if piece.text]
    return Drawn("".join(map(_html, kept)), "".join(piece.text for piece in kept))


def as_written(text: str) -> Drawn:
    """Our own words, or a person's of ours: escaped, and otherwise as they are."""
    return drawn([Piece(clean(text))])


def shortened(text: str, limit: int) -> str:
    """A text in at most so many units of UTF-16."""
    return truncate(text, limit, utf16_size) if limit > 0 else ""


def joined(parts: Sequence[Sequence[Piece]], separator: str = "\n") -> list[Piece]:
    """Parts that hold anything, with a separator between them."""
    full = [part for part in parts if any(piece.text for piece in part)]
    return [piece for place, part in enumerate(full) for piece in ([Piece(separator)] if place else []) + list(part)]


def _defused(text: str, kept: Collection[int]) -> str:
    text = clean(text)
    amounts = {point.start() + point[0].index(".") for point in _AMOUNT.finditer(text)}
    left = {*amounts, *kept}
    return _PRESSABLE.sub(lambda found: found[0] if found.start() in left else _apart(found), text)


def _apart(found: re.Match[str]) -> str:
    """The joiner stands before a dot, and after everything else."""
    return f"{JOINER}{found[0]}" if found.lastgroup == "dot" else f"{found[0]}{JOINER}"


def _html(piece: Piece) -> str:
    text = escape(piece.text)
    if piece.person is not None:
        return f'<a href="tg://user?id={piece.person}">{text}</a>'
    return f"<{piece.tag}>{text}</{piece.tag}>" if piece.tag else text

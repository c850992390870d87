"""Words on their way in and out: cleaned of what no store or screen can bear, and cut where a reader would cut them.

Escaping is not here: markup belongs to one channel, so each adapter escapes in its own `cards.py`.

A cut never falls inside what a reader sees as one character (an emoji family, a flag, a letter with its accents). The
rules below join rather too much than too little, and look back a bounded way: a segmenter that follows Unicode to the
letter was measured at minutes for a text made of flags alone, and such a text is one message away.
"""

import unicodedata
from bisect import bisect_right
from collections.abc import Callable
from functools import lru_cache
from itertools import chain
from typing import Final

from adapters.message import Untrusted

#: Measures a text in the unit a channel counts in. It never gives less than one for a character, and the size of two
#: texts together is never less than the size of one.
Size = Callable[[str], int]

ELLIPSIS = "…"
#: One text after another is read by several rules in turn: twice as many are remembered as are decided together.
_REMEMBERED: Final = 128

_NEW_LINES = dict.fromkeys(map(ord, "\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"), "\n")
_CONTROLS = dict.fromkeys(c for c in chain(range(0x20), range(0x7F, 0xA0)) if chr(c) not in "\t\n")
# Embeddings, overrides and isolates reorder what stands after them, also outside the message; the plain marks LRM, RLM
# and ALM stay, right-to-left writing needs them.
_REORDERING = dict.fromkeys(chain(range(0x202A, 0x202F), range(0x2066, 0x206A), [0xFEFF]))
_SURROGATES = dict.fromkeys(range(0xD800, 0xE000), "\N{REPLACEMENT CHARACTER}")
_CLEANING = _SURROGATES | _CONTROLS | _REORDERING | _NEW_LINES

_SHAPELESS = frozenset({"Cc", "Cf"})
_JOINER = "\N{ZERO WIDTH JOINER}"
_VIRAMA = 9  # the combining class of signs that bind the next letter of an Indic script
_FLAG_LETTERS = "".join(map(chr, range(0x1F1E6, 0x1F200)))  # two of them are one flag
_JAMO = frozenset(map(chr, chain(range(0x1100, 0x1200), range(0xA960, 0xA980), range(0xD7B0, 0xD7FC))))
# What ends a character without being a mark: the tags of regional flags, and the AM vowel of Thai and Lao.
_TRAILING = frozenset(map(chr, chain(range(0xE0020, 0xE0080), (0xE33, 0xEB3))))
_LOOK_BACK = 64
_PAUSES = ("\n\n", "\n", ". ", "! ", "? ", "。", " ")


@lru_cache(_REMEMBERED)
def clean(text: str) -> Untrusted:
    r"""Make a client's text fit to be stored and shown: no NUL, no lone surrogates, no reordering, one kind of newline.

    Nothing a person can see is lost but page and line separators, which become `\n`.
    """
    text = text.replace("\r\n", "\n")
    # Nothing that is cleaned away is printable. Most messages hold nothing of it, and are told so ten times faster.
    if text.replace("\n", " ").replace("\t", " ").isprintable():
        return Untrusted(text)
    return Untrusted(text.translate(_CLEANING))


def is_blank(text: str) -> bool:
    """Whether there is nothing in it that a reader sees: white space, and signs that have no shape of their own."""
    return all(one.isspace() or unicodedata.category(one) in _SHAPELESS for one in text)


def one_line(text: str, limit: int = 200) -> Untrusted:
    """Clean a name, a subject or a file name: a single line without outer spaces, shortened if it must be."""
    return Untrusted(truncate(" ".join(clean(text[: limit * 8]).split()), limit))


def utf16_size(text: str) -> int:
    """Count as Telegram does: an emoji beyond the first plane counts twice."""
    return len(text) + sum(character > "\uffff" for character in text)


def truncate(text: str, limit: int, size: Size = len) -> str:
    """Shorten a text for display; what is left out is told by an ellipsis, which fits within `limit` too."""
    if _fits(text, limit, size):
        return text
    end = _boundary(text, 0, _reach(text, 0, limit - size(ELLIPSIS), size))
    return text[:end].rstrip() + ELLIPSIS


def split(text: str, limit: int, size: Size = len) -> tuple[str, ...]:
    """Divide a text into messages of at most `limit`, at a paragraph, line, sentence or word where there is one.

    Nothing but the white space at the seams is lost. `limit` must hold any single character.
    """
    if _fits(text, limit, size):
        return (text,)
    pieces: list[str] = []
    start = 0
    while start < len(text):
        end = max(_reach(text, start, limit, size), start + 1)
        if end < len(text):
            end = _pause(text, start, end)
        piece = text[start:end].lstrip("\n").rstrip()
        if piece:
            pieces.append(piece)
        start = end
    return tuple(pieces)


def _fits(text: str, limit: int, size: Size) -> bool:
    return len(text) <= limit and size(text) <= limit


def _reach(text: str, start: int, limit: int, size: Size) -> int:
    """Find the furthest end at which the text from `start` still fits."""
    lengths = range(min(limit, len(text) - start) + 1)
    return start + max(bisect_right(lengths, limit, key=lambda length: size(text[start : start + length])) - 1, 0)


def _pause(text: str, start: int, end: int) -> int:
    """Find where a reader would pause in the second half of a piece; else the last whole character."""
    middle = start + (end - start) // 2
    for pause in _PAUSES:
        # One character past the end may be white space, which is stripped from the piece.
        at = text.rfind(pause, middle, end + (1 if pause.isspace() else 0))
        after = at + len(pause)
        if at > start and (after == len(text) or not _is_joined(text, start, after)):
            return after
    return _boundary(text, start, end)


def _boundary(text: str, start: int, end: int) -> int:
    """Step back from `end` to where no visible character is cut; a character longer than the look back is cut."""
    for at in range(end, max(start, end - _LOOK_BACK), -1):
        if at == len(text) or not _is_joined(text, start, at):
            return at
    return end


def _is_joined(text: str, start: int, at: int) -> bool:
    """Is what stands before `at` one visible character with what stands after it? `start` begins one for certain."""
    before, after = text[at - 1], text[at]
    if before == "\r" and after == "\n":
        return True
    if _JOINER in (before, after) or unicodedata.combining(before) == _VIRAMA:
        return True
    if unicodedata.category(after) in ("Mn", "Mc", "Me", "Sk") or after in _TRAILING:
        return True  # Sk holds the skin tones
    if before in _FLAG_LETTERS and after in _FLAG_LETTERS:
        run = text[start:at]
        return (len(run) - len(run.rstrip(_FLAG_LETTERS))) % 2 == 1
    if before in _JAMO or after in _JAMO:
        return _is_korean(before) and _is_korean(after)
    return False


def _is_korean(character: str) -> bool:
    return character in _JAMO or "\uac00" <= character <= "\ud7a3"

"""Cards as Telegram draws them: one text, with its promises in words and its buttons below. Pure.

A card is always one message, because it is changed in place; so every part of it has room of its own, and what finds
none is cut where it is said. A title holds a ticket's subject and a line a client's name, so all of it is defused.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from adapters.card import Card, Promise, Tone
from adapters.message import Button
from adapters.telegram.markup import (
    LONGEST_TEXT,
    NOTHING,
    Drawn,
    Piece,
    defused,
    drawn,
    joined,
    shortened,
)
from adapters.text import one_line, utf16_size

LONGEST_TITLE: Final = 300
LONGEST_LINES: Final = 1_000
LONGEST_PROMISE: Final = 75
MOST_PROMISES: Final = 8
LONGEST_LABEL: Final = 40
#: Telegram bears a hundred under one message.
MOST_BUTTONS: Final = 60
#: So many labels stand side by side on a telephone before they are cut: three short ones, two of middling length.
SHORT_LABEL: Final = 11
MIDDLING_LABEL: Final = 18
MOST_CALLED: Final = 20

_SIGNS: Final[Mapping[Tone, str]] = {"ok": "🟢", "soon": "🟡", "late": "🔴", "paused": "⏸️", "plain": ""}
#: Stands for somebody who is called: what a card knows of them is their number.
_BELL: Final = "🔔"


def drawn_card(card: Card, called: Sequence[int] = ()) -> Drawn:
    """A card in one message. `called` are numbers of people of ours, whom it calls by a sign."""
    bells = [Piece(_BELL, person=person) for person in called[:MOST_CALLED]]
    title = f"{_signed(card.tone)}{shortened(defused(card.title.strip()), LONGEST_TITLE) or NOTHING}"
    lines = shortened(defused("\n".join(card.lines)), LONGEST_LINES).strip()
    promises = [_promised(promise) for promise in card.promises[:MOST_PROMISES]]
    around = [bells, [Piece(title, "b")], [Piece(lines)], *promises]
    room = LONGEST_TEXT - utf16_size(drawn(joined(around)).plain) - 1
    quote = [Piece(shortened(defused(card.quote).strip(), room), "blockquote")]
    return drawn(joined([*around[:3], quote, *promises]))


def keyboard(buttons: Sequence[Button], names: Sequence[str]) -> Mapping[str, Any] | None:
    """Buttons in rows, each with the name that Telegram gives back when it is pressed; None for no buttons."""
    shown = list(zip(buttons, names, strict=True))[:MOST_BUTTONS]
    keys = [{"text": _label(button), "callback_data": name} for button, name in shown]
    return {"inline_keyboard": list(_rows(keys))} if keys else None


def _rows(keys: Sequence[dict[str, str]]) -> Iterator[list[dict[str, str]]]:
    row: list[dict[str, str]] = []
    for key in keys:
        if row and len(row) + 1 > _fitting([*row, key]):
            yield row
            row = []
        row.append(key)
    if row:
        yield row


def _fitting(row: Sequence[dict[str, str]]) -> int:
    """How many stand side by side where the longest of these does."""
    longest = max(len(key["text"]) for key in row)
    return 3 if longest <= SHORT_LABEL else 2 if longest <= MIDDLING_LABEL else 1


def _label(button: Button) -> str:
    return one_line(button.label, LONGEST_LABEL) or NOTHING


def _promised(promise: Promise) -> list[Piece]:
    label = shortened(defused(promise.label), LONGEST_PROMISE)
    words = shortened(defused(promise.words), LONGEST_PROMISE)
    return [Piece(f"{_signed(promise.tone)}{label[:1].upper()}{label[1:]}", "b"), Piece(f"  {words}")]


def _signed(tone: Tone) -> str:
    return f"{_SIGNS[tone]} " if _SIGNS[tone] else ""

"""How what the desk says looks in a mail: plain words, and simple HTML with nothing from outside.

A client's words are escaped like all others. An address on the web is a link that shows itself, never other words.
"""

import re
from collections.abc import Sequence
from html import escape
from typing import Final

from adapters.card import Card
from adapters.text import one_line

_BODY: Final = "margin:0;padding:16px;font:15px/1.5 system-ui,-apple-system,'Segoe UI',sans-serif;color:#1d2228"
_QUIET: Final = "color:#68707a;font-size:13px"
_QUOTE: Final = "margin:12px 0;padding:4px 12px;border-left:3px solid #c9ced6;color:#3c444d"
_TONES: Final = {"ok": "#2c7a4b", "soon": "#a15c00", "late": "#b3261e", "paused": "#68707a", "plain": "#1d2228"}
_LINK: Final = re.compile(r"https?://[^\s<>\"']{1,2000}")


def paragraphs(text: str) -> str:
    """Words as HTML: an empty line ends a paragraph, every other line end stays one."""
    pieces = [piece for piece in text.replace("\r\n", "\n").split("\n\n") if piece.strip()]
    return "".join(f'<p style="margin:0 0 12px">{_lines(piece.strip(chr(10)))}</p>' for piece in pieces)


def page(html: str, lost: Sequence[str], marker: str) -> str:
    """The whole document around what is said; `lost` are files that could not come along."""
    above = f'<p style="{_QUIET}">##- {escape(one_line(marker))} -##</p>' if marker else ""
    below = "".join(f'<p style="{_QUIET}">{escape(one)}</p>' for one in lost)
    return (
        '<!doctype html><html><head><meta charset="utf-8"></head>'
        f'<body style="{_BODY}">{above}{html}{below}</body></html>\n'
    )


def text_from_card(card: Card) -> str:
    """A card for whoever reads plain text."""
    lines = [*card.lines, *(f"{one.label}: {one.words}" for one in card.promises)]
    if card.quote.strip():
        lines += ["", *(f"> {line}" for line in card.quote.splitlines())]
    return "\n".join([card.title, "", *lines]).strip()


def html_from_card(card: Card) -> str:
    """A card, drawn. Its buttons are left out: a mail has none that can be pressed."""
    lines = "".join(f'<p style="margin:0 0 4px">{_lines(line)}</p>' for line in card.lines)
    promises = "".join(
        f'<p style="margin:0 0 4px">{escape(one.label)}: '
        f'<strong style="color:{_TONES[one.tone]}">{escape(one.words)}</strong></p>'
        for one in card.promises
    )
    quote = f'<blockquote style="{_QUOTE}">{_lines(card.quote)}</blockquote>' if card.quote.strip() else ""
    title = (
        f'<p style="margin:0 0 8px;font-size:17px;color:{_TONES[card.tone]}"><strong>{escape(card.title)}</strong></p>'
    )
    return title + lines + promises + quote


def _lines(text: str) -> str:
    return "<br>".join(_linked(line) for line in text.split("\n"))


def _linked(line: str) -> str:
    parts: list[str] = []
    end = 0
    for found in _LINK.finditer(line):
        link = found[0].rstrip(".,;:!?)")
        parts += [escape(line[end : found.start()]), f'<a href="{escape(link)}">{escape(link)}</a>']
        end = found.start() + len(link)
    return "".join([*parts, escape(line[end:])])

"""What was said and done in the quarter, a line each: a moment, a kind and up to five fields, with tabs between them.

    said    who writes · where · ticket · · text
    act     who · · ticket · what · the moment that was promised
    told    who of ours is called, with commas between several · where · ticket · what · text
    ticket  who has it · where it is held · ticket · its status, and whether it waits for us
    leave   who · · · the words they said it in · text    down, up: the bot did not run in between

A long text is cut, unless it is about several tickets; what is left out stands behind it as a mark that is the same
for the same words only.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

#: So much of a text is kept.
KEPT: Final = 160


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a transcript."""

    at: str
    kind: str
    who: str
    where: str
    ticket: int | None
    what: str
    text: str


def transcript_from_lines(lines: Iterable[Line]) -> str:
    """The transcript as it is kept in a file."""
    return "".join(f"{_written(line)}\n" for line in lines)


def lines_from_transcript(text: str) -> list[Line]:
    """Undo `transcript_from_lines`; texts stay cut."""
    found = []
    for line in text.splitlines():
        at, kind, who, where, ticket, what, words = line.split("\t")
        found.append(Line(at, kind, who, where, int(ticket) if ticket else None, what, words))
    return found


def _written(line: Line) -> str:
    ticket = "" if line.ticket is None else str(line.ticket)
    return "\t".join(
        (
            line.at,
            line.kind,
            line.who,
            line.where,
            ticket,
            line.what,
            _flat(line.text) if line.kind == "told" and not line.ticket else _cut(line.text),
        )
    )


def _flat(text: str) -> str:
    return " / ".join(text.replace("\t", " ").splitlines())


def _cut(text: str) -> str:
    flat = _flat(text)
    if len(flat) <= KEPT:
        return flat
    return f"{flat[:KEPT]}… {hashlib.sha256(flat.encode()).hexdigest()[:6]}"

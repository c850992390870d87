"""What words under a card are, by how they begin: a reply to the client, a note, or a slip.

Under a person's own card everything is a reply unless it begins with two slashes. In a place that several read, and
under whatever did not say that words go out from there, it is the other way round: everything is a note unless it
begins with `!reply`. A command for clients is never sent to one. Signs before the slashes, unseen ones too, change
nothing.

A note below a greeting was meant for us as well, and a comment in a piece of code was not: where a later line begins
with two slashes nobody guesses. Nothing is sent, and whoever wrote it says which with `//` or `!reply` at the top.

Where a channel allows it some words do what a button of the card does (`short_words`): these are never sent, and
whoever wrote them is told so.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from adapters.message import Untrusted
from bot.tickets.words.decide_words import word_from_text
from bot.tickets.words.short_words import Shorts, deed

NOTE: Final = "//"
REPLY: Final = "!reply"


@dataclass(frozen=True, slots=True)
class Meant:
    """What the words are, without the sign they began with; of a command, its name.

    Of a deed `text` is how it was written, `action` the button that does it and `fields` what its form would hold.
    """

    what: Literal["reply", "note", "command", "deed", "unclear"]
    text: str
    action: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)


def meant(text: Untrusted, *, channel: str, is_inward: bool, shorts: Shorts = Shorts.NONE) -> Meant:
    """Read what one of our people wrote under a card. `is_inward`: words there stay with us unless they ask to go."""
    said = text.strip()
    if (note := _note(said)) is not None:
        return Meant("note", note)
    if (done := deed(said, shorts, is_inward=is_inward)) is not None:
        return Meant("deed", done.written, done.action, done.fields)
    first, rest = said[: len(REPLY)], said[len(REPLY) :]
    is_asked = first.casefold() == REPLY and rest[:1].strip() == ""
    if is_inward and not is_asked:
        return Meant("note", said)
    said = rest.strip() if is_asked else said
    if (note := _note(said)) is not None:
        return Meant("note", note)
    if word_from_text(said, channel=channel) is not None:
        return Meant("command", said.split()[0])
    if not is_asked and _has_note_below(said):
        return Meant("unclear", said)
    return Meant("reply", said)


def stays_in(text: str, *, channel: str) -> bool:
    """Whether words are never sent to a client, wherever they were written: a note, a command, a short word of ours."""
    said = text.strip()
    if _note(said) is not None or word_from_text(said, channel=channel) is not None:
        return True
    return said.startswith("/") and deed(said, Shorts.ALL, is_inward=False) is not None


def _has_note_below(said: str) -> bool:
    """Whether a line of one's own begins with the slashes; what is quoted was said by somebody else."""
    lines = (line.lstrip() for line in said.splitlines())
    return any(_note(line) is not None for line in lines if not line.startswith(">"))


def _note(said: str) -> str | None:
    """What stands after the slashes; None where a letter or a digit comes before them."""
    signs = ""
    for place, one in enumerate(said):
        if one.isalnum():
            return None
        if unicodedata.category(one) == "Cf":
            continue  # unseen, so nobody means it
        signs += unicodedata.normalize("NFKC", one)
        if signs.endswith(NOTE):
            # What was opened before the slashes as bold or as code is closed at the end.
            return said[place + 1 :].strip().removesuffix(signs.removesuffix(NOTE).strip()[::-1]).strip()
    return None

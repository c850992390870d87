"""How many things one message names one by one; how many more there are stands below them."""

from collections.abc import Sequence
from typing import Final

from bot.tickets.texts import Texts

#: As many lines as a digest has.
LISTED: Final = 10


def listed(lines: Sequence[str], speak: Texts, *, more: str = "listed_more") -> tuple[str, ...]:
    """The lines, and where they are too many the first of them and how many `more` there are, a text's name."""
    rest = len(lines) - LISTED
    return (*lines[:LISTED], *([speak(more, count=rest)] if rest > 0 else []))

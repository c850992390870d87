"""What stands beside a message for our own people alone, and no client is ever sent.

A quote that is folded away, why its sender is not proven, who else was written to. What the sender points at in another
message is read above the words, wherever our people read them.
"""

from dataclasses import dataclass

from adapters.message import Untrusted
from bot.tickets.texts import Texts
from routing.people import PersonId

#: So many addresses are named on a card; the page of the ticket has all of them.
NAMED = 5
#: As much of what is quoted stands above the words.
QUOTED_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Beside:
    """Somebody else whom a message went to. Whoever `takes_part` gets our replies too; strangers never do."""

    address: str
    takes_part: bool


@dataclass(frozen=True, slots=True)
class Margin:
    """`subject` is the mail's own; `doubt` is empty where the sender is proven; `quoted` is what they point at."""

    subject: str = ""
    doubt: str = ""
    beneath: Untrusted = Untrusted("")
    beside: tuple[Beside, ...] = ()
    passed_on_by: PersonId | None = None
    quoted: Untrusted = Untrusted("")


def with_quoted(quoted: str, words: str) -> Untrusted:
    """The words with what they point at above them, which is kept short: they themselves must be read."""
    above = quoted if len(quoted) <= QUOTED_LENGTH else f"{quoted[: QUOTED_LENGTH - 1]}…"
    return Untrusted("\n".join(part for part in (above, words) if part))


def margin_lines(margin: Margin | None, speak: Texts) -> tuple[str, ...]:
    """What a card says of the margin of its newest message, beneath the line that says whose the ticket is."""
    if margin is None:
        return ()
    lines = [speak("card_doubt", reason=margin.doubt)] if margin.doubt else []
    joined = [one.address for one in margin.beside if one.takes_part]
    others = [one.address for one in margin.beside if not one.takes_part]
    lines += [speak("card_copies", addresses=_named(joined))] if joined else []
    lines += [speak("card_beside", addresses=_named(others))] if others else []
    return tuple(lines)


def _named(addresses: list[str]) -> str:
    more = len(addresses) - NAMED
    return ", ".join([*addresses[:NAMED], *([f"+{more}"] if more > 0 else [])])

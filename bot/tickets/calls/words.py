"""What a client means by words about calls. Pure; words are read in their own zone, days in our four languages."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from bot.tickets.calls.sentences import moment_in, without_frame
from bot.tickets.words.asking import is_asked_moment, parse_asked, without_courtesies
from sla.calendar import Calendar
from sla.duration import Instant

What = Literal["offer", "kind", "choice", "moment", "move", "cancel", "lead", "unknown"]

#: Longer words are never an answer to an offer.
LONGEST: Final = 40
#: Nor is a longer mail, with all that stands above and below it.
LONGEST_MAIL: Final = 1_000
_NUMBER: Final = re.compile(r"#?(\d{1,2})\s*[.)!]?")
#: As much as stands below an answer by mail that says nothing more.
_LINES_BELOW: Final = 6
_WORDS_BELOW: Final = 5
_DEEDS: Final[Mapping[What, frozenset[str]]] = {
    "move": frozenset({"move", "reschedule", "перенести", "mover", "cambiar", "verschieben"}),
    "cancel": frozenset({"cancel", "скасувати", "cancelar", "absagen"}),
    "lead": frozenset({"lead", "exception", "виняток", "excepción", "excepcion", "ausnahme"}),
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants about a call: of a `choice` the number, of a `moment` the moment, of a `kind` its key.

    Who moves or cancels may say the number of the call that they mean, and who moves the moment that they want.
    """

    what: What
    number: int = 0
    at: Instant | None = None
    kind: str = ""


def is_like_an_answer(text: str) -> bool:
    """Whether words may answer an offer: a number, an attempt at a moment, a sentence that asks for one.

    Cheap: every message is asked.
    """
    said = text.strip()
    if not _has_figure(said):
        return False
    is_short = len(said) <= LONGEST and (_number(said) is not None or is_asked_moment(said))
    return is_short or bool(moment_in(said))


def without_a_name_below(text: str) -> str:
    """A mail of a number or a moment, without the regards and the name below it; any other mail as it is.

    What reads like a sentence is no such name: a mail that says more is a message.
    """
    if len(text) > LONGEST_MAIL:
        return text
    first, *below = text.strip().splitlines() or [""]
    if not _NUMBER.fullmatch(first.strip()):
        alone = without_frame(text)
        return alone if is_like_an_answer(alone) else text
    if len(below) > _LINES_BELOW:
        return text
    names = [line.strip() for line in below]
    is_more = any(len(line.split()) > _WORDS_BELOW or line.endswith((".", "?", ":")) for line in names)
    return text if is_more else first.strip()


def wish_from_text(text: str, kinds: Collection[str], *, now: Instant, zone: str, calendar: Calendar) -> Wish:
    """What stands after `/call`, or answers an offer. A moment alone in the past is none."""
    said = text.strip().casefold()
    if not said:
        return Wish("offer")
    if (number := _number(said)) is not None:
        return Wish("choice", number=number)
    for what, words in _DEEDS.items():
        deed, _, which = said.partition(" ")
        if said in words or (deed in words and _number(which) is not None):
            return Wish(what, number=_number(which) or 0)
        if what == "move" and deed in words:
            return Wish(what, at=_moment(which, now, zone, calendar))
    plain = said.replace(" ", "_").replace("-", "_")
    kind = next((one for one in kinds if one.casefold().replace("-", "_") == plain), None)
    if kind is not None:
        return Wish("kind", kind=kind)
    at = _moment(said, now, zone, calendar)
    if at is None and (asked := moment_in(said)):
        at = _moment(asked, now, zone, calendar)
    return Wish("moment", at=at) if at is not None else Wish("unknown")


def _moment(said: str, now: Instant, zone: str, calendar: Calendar) -> Instant | None:
    if len(said) > LONGEST:
        return None
    try:
        return parse_asked(said, now=now, zone=zone, calendar=calendar)
    except ValueError:
        return None


def _number(said: str) -> int | None:
    """The number that these words are; please and thank you stand around it, and a question is none."""
    found = _NUMBER.fullmatch(without_courtesies(said)) if len(said) <= LONGEST else None
    return int(found[1]) if found is not None else None


def _has_figure(said: str) -> bool:
    return any(sign.isdigit() for sign in said)

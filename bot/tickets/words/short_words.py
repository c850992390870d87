"""Short words under a card that do what its buttons do: `eta 15:00`, `take`, `/urgency high`.

    eta thu 15:00            with a time after it, wherever words go to the client; further lines go with it
    take · ack · resolve …   alone, in any case of letters
    /clarify Which month?    the same with a slash, and every other button; the words it needs are asked for

Other words are never taken for one: `take it`, `resolved`, `eta is not known yet` are words like any other.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from bot.tickets.words.eta import is_about_a_moment


class Shorts(Enum):
    """Which of them a channel allows: where a slash belongs to the channel, only what nobody says by chance."""

    NONE = "none"
    ETA = "eta"
    ALL = "all"
    #: All of them, and a bare one counts above whatever else was written: a mail has a signature below.
    ABOVE = "above"


@dataclass(frozen=True, slots=True)
class Deed:
    """What is to be done: the button's action, what its form would hold, and the word that it was written as."""

    action: str
    written: str
    fields: Mapping[str, str] = field(default_factory=dict)


#: Alone and without a slash. Each can be taken back, and says no word to the client that was not asked for.
BARE: Final = frozenset({"take", "ack", "resolve", "resume", "noreply"})
#: With a slash; what the words after it are to the button's form. None: the button needs none.
SLASHED: Final[Mapping[str, str | None]] = {
    "take": None,
    "ack": None,
    "resume": None,
    "noreply": None,
    "unsnooze": None,
    "unmerge": None,
    "spam": None,
    "not_spam": None,
    "snooze": "until",
    "resolve": "text",
    "reply": "text",
    "note": "text",
    "clarify": "text",
    "eta": "eta",
    "escalate": "why",
    "handover": "to",
    "second_line": "why",
    "third_party": "reference",
    "urgency": "urgency",
    "not_covered": "clause",
}
_SIGNED: Final = re.compile(r"/(?P<name>[a-z_]+)(?:\s+(?P<rest>.*))?", re.IGNORECASE | re.DOTALL)
_ETA: Final = re.compile(r"eta(?P<colon>\s*:)?\s+(?P<when>\S[^\n]*)(?:\n(?P<text>.*))?", re.IGNORECASE | re.DOTALL)


def deed(said: str, shorts: Shorts, *, is_inward: bool) -> Deed | None:
    """What is to be done by these words; None for words like any other.

    `is_inward`: they would stay with us, so a channel that allows no more than a time reads none there.
    """
    if shorts is Shorts.NONE or (shorts is Shorts.ETA and is_inward):
        return None
    if (moment := _eta(said)) is not None:
        return moment
    if shorts is Shorts.ETA:
        return None
    first = said.partition("\n")[0].strip() if shorts is Shorts.ABOVE else said
    if (name := first.casefold()) in BARE:
        return Deed(f"ticket.{name}", name)
    signed = _SIGNED.fullmatch(said)
    if signed is None or (name := signed["name"].casefold()) not in SLASHED:
        return None
    rest = (signed["rest"] or "").strip()
    if name == "handover":
        to, _, why = rest.partition(" ")
        return Deed("ticket.handover", f"/{name}", _filled(to=to, why=why.strip()))
    if name == "eta":
        when, _, text = rest.partition("\n")
        return Deed("ticket.eta", f"/{name}", _filled(eta=when.strip(), text=text.strip()))
    wanted = SLASHED[name]
    if wanted is None:
        return Deed(f"ticket.{name}", f"/{name}") if not rest else None
    return Deed(f"ticket.{name}", f"/{name}", _filled(**{wanted: rest}))


def _eta(said: str) -> Deed | None:
    found = _ETA.fullmatch(said)
    if found is None:
        return None
    when = found["when"].strip()
    if found["colon"] is None and not is_about_a_moment(when):
        return None
    return Deed("ticket.eta", "eta", _filled(eta=when, text=(found["text"] or "").strip()))


def _filled(**fields: str) -> Mapping[str, str]:
    return {name: value for name, value in fields.items() if value}

"""What our people do with a ticket beside answering it: which of it, when, and to what.

Drawn from the conversation and the words that wait, as everything they do. Where a draw cannot be played, as nobody
else is there to hand it to, they answer.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import text

from bot.store.driver.connection import Connection
from bot.tickets import command as c
from bot.tickets.ticket import MessageId, TicketId
from routing.people import PersonId
from sla.duration import Instant, later
from tests.quarter.hearing import iso

#: Two of them reach for it at once; each other word is the deed of one.
GRAB: Final = "grab"
_DEEDS: Final[Mapping[str, float]] = {
    "note": 0.07,
    "hand over": 0.05,
    "second line": 0.04,
    "merge": 0.04,
    "split": 0.04,
    "snooze": 0.06,
    GRAB: 0.05,
    "not covered": 0.03,
    "third party": 0.04,
    "escalate": 0.03,
}
#: Before these they answer at the same sitting, and after those.
ANSWERED_FIRST: Final = frozenset({"snooze"})
ANSWERED_THEN: Final = frozenset({"note", GRAB, "escalate"})
_SNOOZES: Final = (timedelta(hours=3), timedelta(hours=20))
_BESIDE: Final = text("""
SELECT other.id FROM ticket AS other JOIN ticket ON ticket.id = :ticket
WHERE other.contact_id = ticket.contact_id AND other.id < ticket.id
AND other.status IN ('new', 'open', 'waiting_client') ORDER BY other.id
""")
_SPOKEN: Final = text("SELECT id FROM message WHERE ticket_id = :ticket AND direction = 'in' ORDER BY id DESC")


@dataclass(frozen=True, slots=True)
class Beside:
    """What somebody sees beside a ticket: older open ones of the same contact, and its words, the newest first."""

    tickets: Sequence[int]
    words: Sequence[int]


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody does to a ticket."""

    person: str
    command: c.Command


def seen_beside(conn: Connection, ticket: int) -> Beside:
    """Look at what there is beside a ticket."""
    tickets = [row.id for row in conn.execute(_BESIDE, {"ticket": ticket})]
    return Beside(tickets, [row.id for row in conn.execute(_SPOKEN, {"ticket": ticket})])


def drawn(chance: random.Random) -> str:
    """Which deed it is this time; mostly none."""
    draw = chance.random()
    for deed, share in _DEEDS.items():
        if draw < share:
            return deed
        draw -= share
    return ""


def deeds(
    deed: str,
    row: Any,  # noqa: ANN401 - a row
    person: str,
    colleagues: Sequence[str],
    beside: Beside,
    chance: random.Random,
    *,
    now: Instant,
) -> Sequence[Deed]:
    """The commands that it takes, at once where they are of several people; none where it cannot be played."""
    one = _deed(deed, f"({iso(Instant(row.client_spoke_at))})", colleagues, beside, chance, now)
    if deed == GRAB and colleagues:
        both = [Deed(person, c.Take()), Deed(chance.choice(colleagues), c.Take())]
        return both if chance.random() < 0.5 else both[::-1]
    return [Deed(person, one)] if one is not None else []


def _deed(
    deed: str, words: str, colleagues: Sequence[str], beside: Beside, chance: random.Random, now: Instant
) -> c.Command | None:
    colleague = chance.choice(colleagues) if colleagues else None
    found: dict[str, c.Command | None] = {
        "note": c.AddNote(f"Ours alone: their set-up is odd {words}"),
        "hand over": c.HandOver(PersonId(colleague), f"Ours alone: they know this {words}") if colleague else None,
        "second line": c.HandOver(None, f"Ours alone: this needs the code {words}", is_second_line=True),
        "merge": c.Merge(TicketId(beside.tickets[-1])) if beside.tickets else None,
        "split": c.Split(MessageId(beside.words[0])) if len(beside.words) > 1 else None,
        "snooze": c.Snooze(later(now, chance.choice(_SNOOZES))),
        "not covered": c.NotCovered(f"6.2, software of others {words}"),
        "third party": c.WaitThirdParty("The bank"),
        "escalate": c.Escalate(f"Ours alone: I am stuck {words}"),
    }
    return found.get(deed)

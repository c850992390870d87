"""Many alerts at once: whoever would get more than a few hears once, with the worst on top.

The few promises of the most urgent level that are broken keep a message of their own, with its buttons.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bot.tickets.facts import Decision, Ping
from bot.tickets.listing import listed
from bot.tickets.outcome import person_texts
from bot.tickets.revision import Revision
from routing.people import PersonId
from routing.piles import MOST_ALONE, Alert, most_severe
from sla.duration import Instant

#: From this weight on an alert is about the most urgent level, broken.
GRAVE: Final = 3


@dataclass(frozen=True, slots=True)
class Held:
    """An alert that is kept back until its kind is together: `to` is where it goes, `clock` what it is about."""

    id: int
    to: str
    ticket: int
    clock: str
    ping: Ping
    among: tuple[PersonId, ...] = ()


@dataclass(frozen=True, slots=True)
class Digest:
    """One message in place of several; `among` are all whom it calls where they share a place."""

    to: str
    ping: Ping
    among: tuple[PersonId, ...]
    instead_of: tuple[int, ...]


def piled(held: Iterable[Held], revision: Revision, *, now: Instant) -> list[Digest]:
    """The digests; what stands in none of them goes out as it is."""
    by_place: dict[str, list[Held]] = {}
    for one in held:
        by_place.setdefault(one.to, []).append(one)
    found = (_digest(to, gathered, revision, now) for to, gathered in sorted(by_place.items()))
    return [digest for digest in found if digest is not None]


def is_pile(pings: Iterable[Ping]) -> bool:
    """Whether somebody would be told of more than a few tickets at the same moment."""
    told: dict[PersonId, set[str]] = {}
    for ping in pings:
        told.setdefault(ping.person, set()).add(_subject(ping))
    return any(len(subjects) > MOST_ALONE for subjects in told.values())


def holding(decision: Decision) -> Decision:
    """The same with its pings about a promise kept back; whoever is paged cannot wait."""
    effects = tuple(
        replace(one, is_held=True) if isinstance(one, Ping) and one.guard.metric is not None else one
        for one in decision.effects
    )
    return replace(decision, effects=effects)


def _digest(to: str, gathered: Sequence[Held], revision: Revision, now: Instant) -> Digest | None:
    alerts = [Alert(to, one.clock, str(place), one.ping.weight, now) for place, one in enumerate(gathered)]
    worst = [gathered[int(alert.what)] for alert in most_severe(alerts)]
    grave = [one for one in worst if one.ping.weight >= GRAVE]
    alone = {one.clock for one in grave} if len(grave) <= MOST_ALONE else set()
    inside = sorted((one for one in worst if one.clock not in alone), key=_pressing)
    if len(inside) <= MOST_ALONE:
        return None
    person = inside[0].ping.person
    speak = person_texts(revision, person)
    # Whatever is milder than the alert that stands for its clock goes with it.
    gone = tuple(one.id for one in gathered if one.clock not in alone)
    ping = Ping(
        person,
        f"pile:{to}:{now}:{gone[0]}",
        speak("ping_pile", count=len(inside)),
        listed([one.ping.title for one in inside], speak),
        is_alert=any(one.ping.is_alert for one in inside),
        is_digest=True,
    )
    return Digest(to, ping, tuple(dict.fromkeys(name for one in inside for name in one.among)), gone)


def _pressing(one: Held) -> tuple[int, int, int]:
    """The gravest first, then whoever has waited longest."""
    return -one.ping.weight, one.ping.guard.started_at or 0, one.ticket


def _subject(ping: Ping) -> str:
    return f"{ping.key.split(':', 2)[1]}:{ping.guard.metric}"

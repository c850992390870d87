"""What a client may book now, as a value: with whom, which kinds, which times; for pages, windows and the widget."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from bot.desk.calls.life import CallLife
from bot.desk.calls.rooms import people_for, room, rules_of
from bot.store.driver.connection import Connection
from bot.tickets.calls.call import Call
from bot.tickets.calls.texts import name_of_kind, zone_of
from bot.tickets.facts import Facts
from bot.tickets.outcome import contact_texts, first_name
from routing.people import PersonId
from sla.duration import Instant

#: Every time of a month, of whoever works around the clock.
ON_A_PAGE: Final = 3_000


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of call, as its reader names it."""

    key: str
    name: str
    length: timedelta


@dataclass(frozen=True, slots=True)
class Offer:
    """What somebody may book. `call` is the one they have; then they may move or cancel it.

    `refusal` says why there is nothing; `note` what there is to know about the times. `is_late`: the call's notice
    point is past, so they may not move it any more. `others` are the calls that they have about something else.
    """

    person: PersonId | None
    person_name: str
    person_zone: str
    zone: str
    language: str
    kind: str
    kinds: tuple[Kind, ...]
    slots: tuple[Instant, ...]
    call: Call | None = None
    note: str = ""
    refusal: str = ""
    is_late: bool = False
    others: tuple[Call, ...] = ()


def offer_of(
    conn: Connection,
    life: CallLife,
    facts: Facts,
    kind: str,
    count: int,
    call: Call | None,
    others: Sequence[Call] = (),
) -> Offer:
    """What there is for the contact of these facts: so many times at most, for a call of a kind or to move `call`."""
    rules, speak, revision = rules_of(facts), contact_texts(facts), facts.revision
    kind = kind if kind in rules.kinds else next(iter(rules.kinds))
    but, person = (call.key, call.person) if call is not None else ("", None)
    if call is not None and call.kind in rules.kinds:
        kind = call.kind
    found = room(conn, facts, rules, kind, number=count, person=person, but=but)
    own = next((one.id for one in people_for(facts)), None)
    whom = person or (found.person if found is not None else own)
    name = first_name(revision, whom, speak("the_team"))
    note = ""
    if found is not None and found.instead_of is not None and call is None:
        note = speak("call_instead", away=first_name(revision, found.instead_of, speak("the_team")), name=name)
    return Offer(
        person=whom,
        person_name=name,
        person_zone=zone_of(revision, whom) if whom is not None else revision.zone,
        zone=facts.speaker.zone,
        language=facts.speaker.language,
        kind=kind,
        kinds=tuple(Kind(one.key, name_of_kind(one.key, rules, speak), one.length) for one in rules.kinds.values()),
        slots=tuple(at for at in (found.times if found else ()) if call is None or at != call.begins_at),
        call=call,
        note=note,
        refusal="" if found is not None or call is not None else speak("call_none"),
        others=tuple(others),
        is_late=call is not None and life.is_late(facts, call, rules),
    )

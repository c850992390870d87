"""How much was said lately in a place that bears only so much: one count for every process, and over restarts.

Whoever wants to say something there asks first, and is counted in the transaction that says yes. A process that dies
before it has spoken has been counted for nothing, which costs a moment's patience and never too much.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection, bindparam, delete

from bot.store.driver.bulk import insert_many, upsert_many
from bot.store.driver.look import rows_by_keys
from bot.store.driver.plain import rows_of
from bot.store.tables.channel_schema import place_pace
from sla.duration import Instant, later, length

_THERE: Final = "SELECT place, moments, held_until FROM place_pace WHERE place IN {keys} ORDER BY place"
_HELD: Final = "SELECT place, held_until FROM place_pace WHERE held_until > 0 ORDER BY place"
_OLD = delete(place_pace).where(place_pace.c.at < bindparam("before"))


#: Longer than any channel counts.
KEPT_FOR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Asked:
    """So many messages for a place that bears `most` in any `within`."""

    place: str
    count: int
    most: int
    within: timedelta


@dataclass(frozen=True, slots=True)
class Held:
    """A place that wants to be left alone for so long."""

    place: str
    within: timedelta


@dataclass(frozen=True, slots=True)
class _Pace:
    moments: tuple[Instant, ...] = ()
    held_until: Instant = Instant(0)


def claim(conn: Connection, asked: Sequence[Asked], *, at: Instant) -> Sequence[timedelta]:
    """How long each has to wait; what need not is counted."""
    paces = _locked(conn, sorted({one.place for one in asked}))
    waits: list[timedelta] = []
    for one in asked:
        pace = paces[one.place]
        # A clock that went back must not silence us for longer than what was really said.
        moments = tuple(min(moment, at) for moment in pace.moments if later(moment, one.within) > at)
        over = len(moments) + min(one.count, one.most) - one.most
        ready_at = max(at, pace.held_until, later(moments[over - 1], one.within) if over > 0 else at)
        waits.append(length(ready_at - at))
        counted = (at,) * one.count if ready_at == at else ()
        paces[one.place] = replace(pace, moments=(*moments, *counted))
    _keep(conn, paces, at)
    return waits


def hold(conn: Connection, held: Sequence[Held], *, at: Instant) -> Sequence[None]:
    """Leave these places alone from now on."""
    paces = _locked(conn, sorted({one.place for one in held}))
    for one in held:
        pace = paces[one.place]
        paces[one.place] = replace(pace, held_until=max(pace.held_until, later(at, one.within)))
    _keep(conn, paces, at)
    return [None] * len(held)


def held(conn: Connection, *, at: Instant) -> Mapping[str, Instant]:
    """The places that want to be left alone at this moment, each until when."""
    return {row.place: Instant(row.held_until) for row in rows_of(conn, _HELD) if row.held_until > at}


def forget(conn: Connection, *, before: Instant) -> int:
    """Forget places that nobody need know of since then; returns how many."""
    return conn.execute(_OLD, {"before": before}).rowcount


def _locked(conn: Connection, places: Sequence[str]) -> dict[str, _Pace]:
    """The paces of these places, each ours until the transaction ends."""
    query = _THERE if conn.dialect.name == "sqlite" else f"{_THERE} FOR UPDATE"
    rows = rows_by_keys(conn, query, places)
    if len(rows) < len(places):
        new = [{"place": place, "moments": "[]", "held_until": 0, "at": 0} for place in places]
        insert_many(conn, place_pace, new, skip_existing=True)
        rows = rows_by_keys(conn, query, places)
    return {row.place: _Pace(tuple(map(Instant, json.loads(row.moments))), Instant(row.held_until)) for row in rows}


def _keep(conn: Connection, paces: Mapping[str, _Pace], at: Instant) -> None:
    rows = [
        {
            "place": place,
            "moments": json.dumps(pace.moments),
            "held_until": pace.held_until,
            "at": max(later(at, KEPT_FOR), pace.held_until),
        }
        for place, pace in sorted(paces.items())
    ]
    upsert_many(conn, place_pace, rows)

"""Lists of tickets, the most urgent first: broken promises, then what is due soonest, then what waits or owes nothing.

Each part is one look in its own partial index, so a list costs the same however many tickets are behind it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, Row, TextClause, text

from bot.store.driver.look import rows_by_keys
from bot.store.facts import ticket_from_row
from bot.store.tables import schema
from bot.tickets.ticket import Ticket
from routing.ahead import in_order
from routing.people import ClientId, PersonId
from sla.clock import Clock, State, clock_from_json, is_owing
from sla.duration import Instant

LIMIT: Final = 200
EXCERPT_LENGTH: Final = 240

_OPEN: Final = schema.is_one_of("status", schema.OPEN)
_WAITING: Final = "ticket.status IN ('waiting_client', 'waiting_third_party')"
_SETTLED: Final = schema.is_one_of("clock.state", schema.SETTLED)

#: Who picks a ticket up is promised to nobody, so it neither orders nor counts here.
_OWING = """
SELECT ticket_id, value FROM clock WHERE ticket_id IN {keys} AND state IN ('running', 'paused', 'breached')
AND metric <> 'pick_up' ORDER BY started_at
"""
_NAMES = "SELECT id, name FROM contact WHERE id IN {keys}"
_LAST_WORDS = f"""
SELECT ticket_id, direction, author, substr(text, 1, {EXCERPT_LENGTH}) AS text FROM message WHERE id IN (
SELECT max(id) FROM message WHERE ticket_id IN {{keys}} AND kind <> 'auto' AND is_deleted = 0 GROUP BY ticket_id)
"""  # noqa: S608 - a number of ours
_COUNTS = text(f"""
SELECT count(*) AS open,
sum(CASE WHEN assignee = :person THEN 1 ELSE 0 END) AS mine,
sum(CASE WHEN {_WAITING} THEN 1 ELSE 0 END) AS waiting,
sum(CASE WHEN next_due IS NOT NULL THEN 1 ELSE 0 END) AS running,
sum(CASE WHEN assignee IS NULL THEN 1 ELSE 0 END) AS unassigned
FROM ticket WHERE {_OPEN}
""")  # noqa: S608 - conditions of ours
_KEPT = text(f"""
SELECT state, count(*) AS clocks FROM clock WHERE {_SETTLED} AND started_at >= :since
AND metric <> 'pick_up' GROUP BY state
""")  # noqa: S608 - conditions of ours


class Among(StrEnum):
    """Which tickets a list is about. `LATELY` are those resolved or closed, the newest tickets first."""

    OPEN = "open"
    WAITING = "waiting"
    LATELY = "lately"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to list; None means anybody's. `is_awake` leaves out what somebody put out of the way for now."""

    among: Among = Among.OPEN
    assignee: PersonId | None = None
    client: ClientId | None = None
    limit: int = LIMIT
    is_awake: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """One ticket of a list. `clocks` are those that still owe something; `words` what a person last said on it."""

    ticket: Ticket
    contact: str
    clocks: tuple[Clock, ...]
    words: str = ""
    is_ours: bool = False


@dataclass(frozen=True, slots=True)
class Tally:
    """How the desk stands: open tickets, and promises that began since some moment and are settled."""

    open: int
    mine: int
    waiting: int
    running: int
    unassigned: int
    kept: int
    settled: int


def tickets(conn: Connection, wanted: Wanted) -> tuple[Listed, ...]:
    """The tickets wanted, ordered by time left; at most `limit`."""
    if wanted.among is Among.LATELY:
        return tuple(_listed(conn, _run(conn, _done(wanted), wanted)))
    rows = {row.id: row for row in _run(conn, broken(wanted), wanted)}
    for query in (running(wanted), resting(wanted)):
        if len(rows) < wanted.limit:
            rows |= {row.id: row for row in _run(conn, query, wanted) if row.id not in rows}
    found = _with_those_ahead(sorted(_listed(conn, list(rows.values())), key=_order))
    if wanted.among is Among.ALL and len(found) < wanted.limit:
        found += _listed(conn, _run(conn, _done(wanted), wanted))
    return tuple(found[: wanted.limit])


def count(conn: Connection, wanted: Wanted) -> int:
    """How many open tickets are wanted, whatever the `limit`."""
    query = text(f"SELECT count(*) FROM ticket WHERE {_conditions(wanted)}")  # noqa: S608 - conditions of ours
    asked = {"assignee": wanted.assignee, "client": wanted.client}
    return int(conn.execute(query, {name: asked[name] for name in query.compile().params}).scalar_one())


def tally(conn: Connection, *, person: PersonId, since: Instant) -> Tally:
    """Figures for one person's page; kept and settled count promises that began at `since` or later."""
    counts = conn.execute(_COUNTS, {"person": person}).one()
    clocks = {row.state: row.clocks for row in conn.execute(_KEPT, {"since": since})}
    kept = sum(clocks.get(state, 0) for state in (State.MET, State.RETRACTED))
    return Tally(
        open=counts.open or 0,
        mine=counts.mine or 0,
        waiting=counts.waiting or 0,
        running=counts.running or 0,
        unassigned=counts.unassigned or 0,
        kept=kept,
        settled=sum(clocks.values()),
    )


def first_clock(clocks: Sequence[Clock]) -> Clock | None:
    """The clock that speaks for a ticket: broken before running before paused, the soonest of each."""
    return min(clocks, key=_clock_order, default=None)


def broken(wanted: Wanted) -> TextClause:
    """Open tickets with a clock that broke; a breach whose ticket was resolved since is not among them."""
    return text(f"""
        SELECT ticket.* FROM ticket WHERE ticket.id IN (SELECT clock.ticket_id FROM clock
        WHERE {_SETTLED} AND clock.state = 'breached' AND clock.metric <> 'pick_up')
        AND {_conditions(wanted)} ORDER BY ticket.id LIMIT :limit
    """)  # noqa: S608 - conditions of ours


def running(wanted: Wanted) -> TextClause:
    """Open tickets with something running, what is due soonest first."""
    return text(f"""
        SELECT ticket.* FROM ticket WHERE {_conditions(wanted)} AND ticket.next_due IS NOT NULL
        ORDER BY ticket.next_due, ticket.id LIMIT :limit
    """)  # noqa: S608 - conditions of ours


def resting(wanted: Wanted) -> TextClause:
    """Open tickets on which nothing runs: paused, broken or answered."""
    return text(f"""
        SELECT ticket.* FROM ticket WHERE {_conditions(wanted)} AND ticket.next_due IS NULL
        ORDER BY ticket.id DESC LIMIT :limit
    """)  # noqa: S608 - conditions of ours


def _done(wanted: Wanted) -> TextClause:
    statuses = "'resolved', 'closed'" if wanted.among is Among.LATELY else "'resolved', 'closed', 'spam', 'merged'"
    return text(f"""
        SELECT ticket.* FROM ticket WHERE ticket.status IN ({statuses}) {_whose(wanted)}
        ORDER BY ticket.id DESC LIMIT :limit
    """)  # noqa: S608 - conditions of ours


def _conditions(wanted: Wanted) -> str:
    waits = f" AND {_WAITING}" if wanted.among is Among.WAITING else ""
    return f"{_OPEN}{waits}{_whose(wanted)}"


def _whose(wanted: Wanted) -> str:
    assignee = " AND ticket.assignee = :assignee" if wanted.assignee is not None else ""
    client = " AND ticket.client = :client" if wanted.client is not None else ""
    awake = " AND ticket.snoozed_until IS NULL" if wanted.is_awake else ""
    return assignee + client + awake


def _run(conn: Connection, query: TextClause, wanted: Wanted) -> Sequence[Row[Any]]:
    asked: dict[str, Any] = {"limit": wanted.limit, "assignee": wanted.assignee, "client": wanted.client}
    return conn.execute(query, {name: asked[name] for name in query.compile().params}).all()


def _listed(conn: Connection, rows: Sequence[Row[Any]]) -> list[Listed]:
    ids = [row.id for row in rows]
    clocks: dict[int, tuple[Clock, ...]] = {}
    for row in rows_by_keys(conn, _OWING, ids):
        clock = clock_from_json(json.loads(row.value))
        if is_owing(clock):
            clocks[row.ticket_id] = (*clocks.get(row.ticket_id, ()), clock)
    names: Mapping[int, str] = {
        row.id: row.name for row in rows_by_keys(conn, _NAMES, list({row.contact_id for row in rows}))
    }
    words = {row.ticket_id: row for row in rows_by_keys(conn, _LAST_WORDS, ids)}
    return [
        Listed(
            ticket=ticket_from_row(row),
            contact=names[row.contact_id],
            clocks=clocks.get(row.id, ()),
            words=words[row.id].text if row.id in words else "",
            is_ours=row.id in words and words[row.id].direction == "out",
        )
        for row in rows
    ]


def _with_those_ahead(found: Sequence[Listed]) -> list[Listed]:
    """Of what waits its turn, plans that are ahead come first among equals; broken promises come before all of it."""
    broke = sum(any(clock.state is State.BREACHED for clock in one.clocks) for one in found)
    waiting = in_order(found[broke:], lambda one: one.ticket.urgency, lambda one: one.ticket.is_ahead)
    return [*found[:broke], *waiting]


def _order(listed: Listed) -> tuple[int, int, int]:
    clock = first_clock(listed.clocks)
    return (*_clock_order(clock), listed.ticket.id) if clock else (3, 0, listed.ticket.id)


def _clock_order(clock: Clock) -> tuple[int, int]:
    places = {State.BREACHED: 0, State.RUNNING: 1, State.PAUSED: 2}
    # A paused clock has no due moment; less left comes first.
    return places.get(clock.state, 3), clock.due_at or clock.need_ms - clock.used_ms

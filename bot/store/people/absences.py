"""Who is away, since when and until when: the leave our people take, said at any hour and not in the desk directory.

A row stays after its absence. Until whoever was away has been told what happened, the row is alive and decisions see
it. Each change moves a mark, by which every process notices.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import Connection

from bot.store.driver.bulk import insert_many, update_many
from bot.store.driver.ids import take
from bot.store.driver.look import rows_by_keys
from bot.store.driver.plain import rows_of
from bot.store.remembered import remember
from bot.store.tables import schema
from bot.tickets.ticket import TicketId
from routing.coverage import Absence
from routing.people import PersonId
from sla.duration import Instant

#: Where the mark is remembered.
MARK: Final = "absences"

_ALIVE: Final = "SELECT * FROM absence WHERE is_over = 0 ORDER BY id"
_THEIRS: Final = "SELECT * FROM absence WHERE person IN {keys} AND is_over = 0 ORDER BY id"
_EVER: Final = "SELECT * FROM absence WHERE person IN {keys} ORDER BY id"
_BY_NUMBER: Final = "SELECT * FROM absence WHERE id IN {keys}"


@dataclass(frozen=True, slots=True)
class Leave:
    """One absence as it is stored. `until` is None where nobody knows; `ended_at` is when somebody ended it sooner.

    `tickets` are those they had as it began.
    """

    id: int
    person: PersonId
    since: Instant
    until: Instant | None
    backup: PersonId | None
    by: str
    made_at: Instant
    ended_at: Instant | None = None
    tickets: tuple[TicketId, ...] = ()
    is_known: bool = False
    is_over: bool = False

    @property
    def ends_at(self) -> Instant | None:
        """When it is over, whichever came first."""
        return self.until if self.ended_at is None else min(self.ended_at, self.until or self.ended_at)

    @property
    def absence(self) -> Absence:
        """The same as decisions see it."""
        return Absence(self.person, self.since, self.ends_at, self.backup)


def ahead(conn: Connection) -> tuple[Absence, ...]:
    """Every absence that is alive, as decisions see it; those that ended before they began are none."""
    found = (one.absence for one in alive(conn))
    return tuple(one for one in found if one.until is None or one.since < one.until)


def alive(conn: Connection) -> list[Leave]:
    """Every absence that goes on, is planned, or has just ended, in the order in which they were said."""
    return [_leave(row) for row in rows_of(conn, _ALIVE)]


def numbered(conn: Connection, number: int) -> Leave | None:
    """One absence by its number, over or not."""
    return next((_leave(row) for row in rows_by_keys(conn, _BY_NUMBER, [number])), None)


def of_people(conn: Connection, people: Sequence[PersonId], *, is_locked: bool = False) -> list[Leave]:
    """The living absences of these people; held until the transaction ends where they are to be changed."""
    query = f"{_THEIRS} FOR UPDATE" if is_locked and conn.dialect.name != "sqlite" else _THEIRS
    return [_leave(row) for row in rows_by_keys(conn, query, people)]


def ever(conn: Connection, people: Sequence[PersonId]) -> list[Leave]:
    """Every absence that these people had, over or not."""
    return [_leave(row) for row in rows_by_keys(conn, _EVER, people)]


def add(conn: Connection, absence: Absence, *, by: str, at: Instant) -> int:
    """Keep a new absence; returns its number."""
    (number,) = take(conn, schema.absence, 1)
    leave = Leave(number, absence.person, absence.since, absence.until, absence.backup, by, at)
    insert_many(conn, schema.absence, [_row(leave)])
    _mark(conn, f"{number}:{by}", at)
    return number


def note(conn: Connection, leave: Leave) -> None:
    """Keep which tickets it concerns and who was told; who is away, and for how long, stays as it is."""
    update_many(conn, schema.absence, [_row(leave)])


def change(conn: Connection, leave: Leave, *, at: Instant) -> None:
    """Keep an absence as it is now, and let every process notice."""
    note(conn, leave)
    _mark(conn, f"{leave.id}:{leave.until}:{leave.ended_at}:{int(leave.is_over)}", at)


def _mark(conn: Connection, what: str, at: Instant) -> None:
    """Written by one transaction after the other, so no process that looks afterwards finds the mark it knew."""
    remember(conn, MARK, f"{what}@{at}")


def _row(leave: Leave) -> dict[str, Any]:
    flags = {"is_known": int(leave.is_known), "is_over": int(leave.is_over)}
    return {**asdict(leave), "tickets": json.dumps(leave.tickets), **flags}


def _leave(row: Any) -> Leave:  # noqa: ANN401 - a row of either driver
    return Leave(
        id=row.id,
        person=PersonId(row.person),
        since=Instant(row.since),
        until=Instant(row.until) if row.until is not None else None,
        backup=PersonId(row.backup) if row.backup else None,
        by=row.by,
        made_at=Instant(row.made_at),
        ended_at=Instant(row.ended_at) if row.ended_at is not None else None,
        tickets=tuple(TicketId(number) for number in json.loads(row.tickets)),
        is_known=bool(row.is_known),
        is_over=bool(row.is_over),
    )

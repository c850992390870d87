"""What waits for a moment though no alarm stands for it: whoever lost that row is not woken, and nobody hears of it.

Each question says what the tables themselves show to be waiting, and names the alarm that there ought to be. It looks
whether there is one, not whether its moment is right: one that comes too early or too late is set anew as it comes.
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Connection, Row, text

from bot.store.driver.look import rows_by_keys
from bot.store.tables.call_schema import LIVE
from bot.store.tables.schema import OPEN, is_one_of
from bot.tickets.revision import Revision
from routing.people import PersonId, Role
from sla.duration import Instant

#: So many of each are listed; more of them are no better news.
MOST: Final = 1_000
#: What was resolved before that, and is not closed, was looked at often enough.
LATELY_MS: Final = 90 * 86_400_000

_OPEN = is_one_of("ticket.status", OPEN)
_SILENT = is_one_of("status", ("waiting_client", "waiting_third_party"))
_WAITED = "NOT EXISTS (SELECT 1 FROM alarm WHERE alarm.owner = 'waiting:' || ticket.id)"

_LISTS = text(f"SELECT DISTINCT line FROM ticket WHERE assignee IS NULL AND {_OPEN} ORDER BY line")  # noqa: S608 - ours
#: Looked through only while something waits; there are about as many alarms as open tickets.
_OPENINGS = text("SELECT owner FROM alarm WHERE owner LIKE 'opening:%' OR owner LIKE 'rest:%'")
_SNOOZED = text(f"""
SELECT 'snooze:' || id AS owner FROM ticket WHERE {_OPEN} AND snoozed_until IS NOT NULL
AND NOT EXISTS (SELECT 1 FROM alarm WHERE alarm.owner = 'snooze:' || ticket.id) ORDER BY id LIMIT :most
""")  # noqa: S608 - words of the schema
_SILENCE = text(f"""
SELECT 'waiting:' || id AS owner FROM ticket WHERE {_OPEN} AND {_SILENT} AND {_WAITED} ORDER BY id LIMIT :most
""")  # noqa: S608 - words of the schema
_RESOLVED = text(f"""
SELECT 'waiting:' || id AS owner FROM ticket WHERE resolved_at IS NOT NULL AND resolved_at > :lately
AND status = 'resolved' AND {_WAITED} ORDER BY resolved_at, id LIMIT :most
""")  # noqa: S608 - words of the schema
#: What is over is asked about, until somebody says how it was or a day has passed.
_CALLS = text(f"""
SELECT 'call:' || key AS owner FROM call WHERE begins_at > :lately AND {is_one_of("state", LIVE)}
AND NOT EXISTS (SELECT 1 FROM alarm WHERE alarm.owner = 'call:' || call.key) ORDER BY begins_at, key LIMIT :most
""")  # noqa: S608 - words of the schema
#: Who has tickets, and when a client of theirs last said what nobody of ours did anything about. Whoever took it knows
#: of it, also out of their hours, and of a call they read as it says. Who was there by the hours of an older desk may
#: seem away by those of this one.
_HAVING = text(f"""
SELECT assignee, max(CASE WHEN rule <> 'taken' AND ladder IS NULL
AND (staff_spoke_at IS NULL OR staff_spoke_at < client_spoke_at)
AND client_spoke_at > (SELECT applied_at FROM revision WHERE number = :revision)
AND NOT EXISTS (SELECT 1 FROM call WHERE call.ticket_id = ticket.id)
AND NOT EXISTS (SELECT 1 FROM event WHERE event.ticket_id = ticket.id AND event.at >= ticket.client_spoke_at
AND event.by NOT IN ('desk', 'contact', 'routing', 'sender')) THEN client_spoke_at END) AS unread_at
FROM ticket WHERE assignee IS NOT NULL AND {_OPEN} GROUP BY assignee ORDER BY assignee
""")  # noqa: S608 - words of the schema
_LEAVES = text("""
SELECT id, person, since, CASE WHEN ended_at IS NULL THEN until ELSE ended_at END AS ends_at FROM absence
WHERE is_over = 0 ORDER BY person, id
""")
_ARMED = "SELECT owner FROM alarm WHERE owner IN {keys}"


def unarmed(conn: Connection, revision: Revision, *, now: Instant) -> Iterator[str]:
    """The owners of alarms that are not there; an `opening:` without its moment, which nobody knows any more."""
    of = {"most": MOST, "now": now, "lately": now - LATELY_MS}
    if lines := conn.execute(_LISTS).scalars().all():
        opens = {owner.split(":")[1] for owner in conn.execute(_OPENINGS).scalars()}
        yield from (f"opening:{line}" for line in lines if line not in opens)
    for question in (_SNOOZED, _SILENCE, _RESOLVED):
        yield from conn.execute(question, of).scalars()
    yield from conn.execute(_CALLS, of).scalars()
    leaves = conn.execute(_LEAVES).all()
    yield from _of_leaves(conn, leaves, revision, now)
    away = {str(leave.person) for leave in leaves if leave.since <= now}
    yield from _missing(conn, list(_of_shifts(conn, revision, away, now)))
    is_led = any(Role.LEAD in one.roles for one in revision.people.values())
    looks = {"radar:": is_led, "load:": revision.high_when is not None}
    yield from _missing(conn, [owner for owner, is_wanted in looks.items() if is_wanted])


def _of_shifts(conn: Connection, revision: Revision, away: Collection[str], now: Instant) -> Iterator[str]:
    """Whoever is there goes home, and whoever is not comes and reads what was said to them meanwhile.

    Who is back from leave reads of all of it at its end.
    """
    coverage = revision.coverage
    for row in conn.execute(_HAVING, {"revision": revision.number}):
        person = revision.person(PersonId(row.assignee))
        if person is None or coverage.next_shift(person, now) is None:
            continue
        if coverage.is_on_shift(person, now):
            if coverage.shift_ends(person, now) is not None:
                yield f"shift_end:{person.id}"
        elif row.unread_at is not None and person.id not in away:
            comes_at = coverage.next_shift(person, Instant(row.unread_at))
            if comes_at is None or comes_at > now:  # once they came they have read of it, answered or not
                yield f"shift:{person.id}"


def _of_leaves(conn: Connection, found: Sequence[Row[Any]], revision: Revision, now: Instant) -> Iterator[str]:
    """Leave begins and ends; of several of one person a single alarm may serve. What has no end waits for nothing."""
    for person, rows in groupby(found, key=lambda row: str(row.person)):
        leaves = list(rows)
        one = revision.person(PersonId(person))
        if any(leave.ends_at is None and leave.since <= now for leave in leaves):
            continue
        if one is not None and revision.coverage.next_shift(one, now) is None:
            continue
        owners = [f"absence:{leave.id}" for leave in leaves]
        if len(missing := list(_missing(conn, owners))) == len(owners):
            yield missing[0]


def _missing(conn: Connection, owners: Sequence[str]) -> Iterator[str]:
    armed = {row.owner for row in rows_by_keys(conn, _ARMED, owners)}
    yield from (owner for owner in owners if owner not in armed)

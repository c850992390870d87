"""What must never be so, looked for in the tables themselves: the questions of the auditor.

They share nothing with the code that they watch: not its statements, not its facts. Each gives the names of what is
wrong, which are the same as long as it stays wrong, so that whoever asks twice knows what has stood still meanwhile.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, Row, text

from bot.store.driver.database_time import database_now
from bot.store.revisions import Revisions
from bot.store.tables.schema import ON_ITS_WAY, OPEN, is_one_of
from bot.store.unarmed import unarmed
from bot.tickets.revision import hours_of
from routing.people import PlanId
from sla.clock_value import State, clock_from_json
from sla.duration import Instant
from sla.layers import calendar_named
from sla.policy import Metric
from sla.refold import mismatch


class Check(StrEnum):
    """What is looked at; the text `audit_NAME` of the catalogue says it."""

    JOURNAL = "journal"
    ALARM = "alarm"
    UNARMED = "unarmed"
    PROMISE = "promise"
    SENDING = "sending"
    ALERT = "alert"
    BREACH = "breach"
    LADDER = "ladder"
    UNHEEDED = "unheeded"
    ANSWERED = "answered"
    REFOLD = "refold"
    STORE = "store"


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that must not be. `subject` is its name for people, `channel` the pipe it happens on, if it is one.

    It may be so for as many `looks`, a minute apart, before anybody is told.
    """

    check: Check
    subject: str
    channel: str = ""
    looks: int = 1


#: So many of each are listed; more of them are no better news.
MOST: Final = 1_000
#: An alert has at most four ways of two minutes each; then the board, which cannot refuse.
ALERT_WITHIN_MS: Final = 600_000
#: Files are fetched for two minutes at most, and one of them is waited for once more.
FETCHED_LOOKS: Final = 4
DAY_MS: Final = 86_400_000
#: The last step of a ladder must be acknowledged within so long, in the time in which the ladder counts.
HEEDED_WITHIN_MS: Final = 3_600_000

_OPEN = is_one_of("ticket.status", OPEN)
_WORKED_ON = is_one_of("ticket.status", ("new", "open"))
_ARMED = "SELECT 1 FROM alarm WHERE alarm.owner = 'promises:' || ticket.id"

#: Whose files are fetched waits in front of its lane meanwhile.
_UNDECIDED = text("""
SELECT id, channel, reason <> '' OR EXISTS (SELECT 1 FROM inbound AS first WHERE first.state = 'new'
AND first.lane = inbound.lane AND inbound.lane <> '' AND first.id < inbound.id AND first.reason <> '') AS is_fetched
FROM inbound WHERE state = 'new' ORDER BY id LIMIT :most
""")
_OVERDUE = text("SELECT owner, due_at FROM alarm WHERE due_at <= :now ORDER BY due_at, owner LIMIT :most")
#: Its alarm stands at its mark or at its end, and never later than that; a goal breaks nothing and may have none. In
#: the order of the queue, so that only open tickets are looked at, however many clocks ever ran.
_UNWATCHED = text(f"""
SELECT ticket.id FROM ticket WHERE {_OPEN} AND ticket.next_due IS NOT NULL AND EXISTS (
SELECT 1 FROM clock WHERE clock.ticket_id = ticket.id AND clock.state = 'running'
AND clock.value NOT LIKE '%"goal"\\:true%'
AND NOT EXISTS ({_ARMED} AND alarm.due_at <= (CASE WHEN clock.due_at > :now THEN clock.due_at ELSE :now END) + 120000))
ORDER BY ticket.next_due, ticket.id LIMIT :most
""")  # noqa: S608 - words of the schema
_STUCK_SENDS = text(f"""
SELECT id, channel FROM outbox WHERE {is_one_of("state", ON_ITS_WAY)} AND state = 'sending' AND claimed_until < :clock
ORDER BY priority, id LIMIT :most
""")  # noqa: S608 - words of the schema
_UNTOLD_ALERTS = text(f"""
SELECT id, channel FROM outbox WHERE {is_one_of("state", ON_ITS_WAY)} AND what = 'ping' AND priority = 0
AND created_at <= :before ORDER BY id LIMIT :most
""")  # noqa: S608 - words of the schema
#: The newest rows only: what failed long ago is listed elsewhere, and no longer news.
_LOST_ALERTS = text("""
SELECT id, channel FROM (SELECT id, channel, what, priority, state, created_at FROM outbox ORDER BY id DESC LIMIT :most)
AS latest WHERE what = 'ping' AND priority = 0 AND state = 'failed' AND created_at > :after ORDER BY id
""")
#: Kept without its end, or, as it was kept before, with none.
_IS_OPEN = """(clock.value NOT LIKE '%"ended_at"\\:%' OR clock.value LIKE '%"ended_at"\\:null%')"""
_OWED_BREACHES = f"""
FROM ticket JOIN clock ON clock.ticket_id = ticket.id
WHERE {_WORKED_ON} AND clock.state = 'breached' AND clock.metric <> 'pick_up' AND {_IS_OPEN}
"""
#: Out of hours nobody is called for it; then whoever has it hears as their shift begins. What broke on a ticket before
#: these words were split off it was told there.
_UNHEARD = text(f"""
SELECT DISTINCT ticket.id {_OWED_BREACHES} AND NOT EXISTS ({_ARMED})
AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.ticket_id = ticket.id AND outbox.what = 'ping'
AND outbox.created_at >= clock.breached_at)
AND NOT EXISTS (SELECT 1 FROM event WHERE event.ticket_id = ticket.id
AND event.what IN ('acknowledged', 'split_off') AND event.at >= clock.breached_at)
AND NOT EXISTS (SELECT 1 FROM alarm WHERE alarm.owner = 'shift:' || ticket.assignee)
ORDER BY ticket.id LIMIT :most
""")  # noqa: S608 - words of the schema
_CLIMBING = text(f"""
SELECT DISTINCT ticket.id, ticket.plan, ticket.revision, ticket.ladder {_OWED_BREACHES}
AND ticket.ladder IS NOT NULL AND NOT EXISTS ({_ARMED}) ORDER BY ticket.id LIMIT :most
""")
#: A page counts in real time and has no promise of its own.
_PAGING = text(f"""
SELECT ticket.id, ticket.plan, ticket.revision, ticket.ladder FROM ticket WHERE {_OPEN}
AND ticket.ladder LIKE '%"ladder"\\:%' AND NOT EXISTS ({_ARMED}) ORDER BY ticket.id LIMIT :most
""")  # noqa: S608 - words of the schema
#: Whoever of ours does anything about a ticket has heard of it.
_UNHEEDED = text(f"""
SELECT ticket.id, ticket.plan, ticket.revision, ticket.ladder, max(event.at) AS told_at
FROM ticket JOIN event ON event.ticket_id = ticket.id
WHERE {_WORKED_ON} AND ticket.ladder LIKE '%"broken_at"\\:%' AND event.what IN ('alerted', 'nobody_to_alert')
AND NOT EXISTS (SELECT 1 FROM event AS deed WHERE deed.ticket_id = ticket.id AND deed.at >= event.at
AND deed.by NOT IN ('desk', 'contact', 'routing', 'sender'))
GROUP BY ticket.id, ticket.plan, ticket.revision, ticket.ladder HAVING max(event.at) <= :before
ORDER BY ticket.id LIMIT :most
""")  # noqa: S608 - words of the schema
_COUNTED_BY = text(
    "SELECT value FROM clock WHERE ticket_id = :ticket AND metric = :metric AND started_at = :started_at"
)
#: Under every policy an answer, an ETA or a fix ends the wait for a response that began before it.
_ANSWERED = text(f"""
SELECT DISTINCT ticket.id FROM ticket JOIN clock ON clock.ticket_id = ticket.id
JOIN message ON message.ticket_id = ticket.id
WHERE {_OPEN} AND clock.state = 'running' AND clock.metric IN ('first_response', 'next_response')
AND message.direction = 'out' AND message.kind = 'reply' AND message.state <> 'failed' AND message.merged_from IS NULL
AND message.reply_kind IN ('answer', 'eta', 'fix') AND message.at > clock.started_at AND ticket.id > :after
AND ticket.id <= :until ORDER BY ticket.id
""")  # noqa: S608 - words of the schema
_NEXT_OPEN = text(f"SELECT id FROM ticket WHERE {_OPEN} AND id > :after ORDER BY id LIMIT :count")  # noqa: S608 - ours
_CLOCKS = text(f"""
SELECT ticket.id, ticket.revision, ticket.next_due, clock.metric, clock.started_at, clock.state, clock.due_at,
clock.breached_at, clock.satisfied_at, clock.value FROM ticket JOIN clock ON clock.ticket_id = ticket.id
WHERE {_OPEN} AND ticket.id > :after AND ticket.id <= :until ORDER BY ticket.id, clock.started_at
""")  # noqa: S608 - words of the schema


def violations(conn: Connection, revisions: Revisions, *, now: Instant) -> Sequence[Violation]:
    """All that must not be so for longer than a minute; some of it may be so for a moment."""
    found = [
        Violation(Check.JOURNAL, f"inbox {row.id}", row.channel, FETCHED_LOOKS if row.is_fetched else 1)
        for row in conn.execute(_UNDECIDED, {"most": MOST})
    ]
    # An alarm that fired and was set anew is another one.
    found += [
        Violation(Check.ALARM, f"{row.owner} ({row.due_at})")
        for row in conn.execute(_OVERDUE, {"now": now, "most": MOST})
    ]
    found += [Violation(Check.UNARMED, owner) for owner in unarmed(conn, revisions.current, now=now)]
    found += _of_tickets(Check.PROMISE, conn.execute(_UNWATCHED, {"now": now, "most": MOST}).all())
    found += _of_outbox(Check.SENDING, conn.execute(_STUCK_SENDS, {"clock": database_now(conn), "most": MOST}).all())
    before = {"before": now - ALERT_WITHIN_MS, "most": MOST}
    found += _of_outbox(Check.ALERT, conn.execute(_UNTOLD_ALERTS, before).all())
    found += _of_outbox(Check.ALERT, conn.execute(_LOST_ALERTS, {"after": now - DAY_MS, "most": MOST}).all())
    found += _of_tickets(Check.BREACH, conn.execute(_UNHEARD, {"most": MOST}).all())
    climbing = {row.id: row for look in (_CLIMBING, _PAGING) for row in conn.execute(look, {"most": MOST})}
    stopped = [climbing[one] for one in sorted(climbing) if _has_steps_left(conn, revisions, climbing[one])]
    found += _of_tickets(Check.LADDER, stopped)
    told = conn.execute(_UNHEEDED, {"before": now - HEEDED_WITHIN_MS, "most": MOST}).all()
    found += _of_tickets(Check.UNHEEDED, [row for row in told if _is_unheeded(conn, revisions, row, now)])
    return found


def refolded(
    conn: Connection, revisions: Revisions, *, after: int, count: int
) -> tuple[Sequence[Violation], int | None]:
    """The promises of the next open tickets beyond one, counted anew; the last of these, None where there are none."""
    numbers = list(conn.execute(_NEXT_OPEN, {"after": after, "count": count}).scalars())
    if not numbers:
        return (), None
    among = {"after": after, "until": numbers[-1]}
    found = _of_tickets(Check.ANSWERED, conn.execute(_ANSWERED, among).all())
    found += [
        Violation(Check.REFOLD, f"T-{row.id} {row.metric}: {words}")
        for row in conn.execute(_CLOCKS, among)
        if (words := _mismatch(conn, revisions, row))
    ]
    return found, numbers[-1]


def _of_tickets(check: Check, rows: Sequence[Row[Any]]) -> list[Violation]:
    return [Violation(check, f"T-{row.id}") for row in rows]


def _of_outbox(check: Check, rows: Sequence[Row[Any]]) -> list[Violation]:
    return [Violation(check, f"outbox {row.id}", row.channel) for row in rows]


def _has_steps_left(conn: Connection, revisions: Revisions, row: Row[Any]) -> bool:
    """Whether somebody higher is yet to be told, though nothing will wake us for it.

    Acknowledged for good, or nobody else to tell: that is an end.
    """
    kept = json.loads(row.ladder)
    is_quiet = "quiet_since" in kept and "quiet_until" not in kept
    if "waits_since" in kept or is_quiet:
        return False
    pinned = revisions.numbered(conn, row.revision)
    ladder = pinned.ladders.get(kept.get("ladder") or pinned.plan(PlanId(row.plan)).ladder)
    return ladder is not None and kept.get("told", 0) < len(ladder.steps)


def _is_unheeded(conn: Connection, revisions: Revisions, row: Row[Any], now: Instant) -> bool:
    """Whether its ladder was told to the end, and the last of it lies open for longer than it may."""
    kept = json.loads(row.ladder)
    if "waits_since" in kept or _has_steps_left(conn, revisions, row):
        return False
    if "metric" not in kept:
        return True
    among = {"ticket": row.id, "metric": kept["metric"], "started_at": kept["started_at"]}
    value = conn.execute(_COUNTED_BY, among).scalar()
    if value is None:
        return False
    hours = hours_of(revisions.numbered(conn, row.revision), revisions.current)
    calendar = calendar_named(clock_from_json(json.loads(value)).calendar, hours)
    return calendar.open_between(row.told_at, now) >= HEEDED_WITHIN_MS


def _mismatch(conn: Connection, revisions: Revisions, row: Row[Any]) -> str:
    """What does not add up; the desk may have lost the calendar it counts in, which is said as well."""
    clock = clock_from_json(json.loads(row.value))
    columns = (row.metric, row.started_at, row.state, row.due_at, row.breached_at, row.satisfied_at)
    if columns != (
        clock.metric,
        clock.started_at,
        clock.state,
        clock.due_at,
        clock.breached_at,
        clock.satisfied_at,
    ):
        return "its row and its value say different things"
    # How soon somebody picks it up is promised to no client, and lists no ticket.
    is_listed = clock.state is State.RUNNING and clock.metric is not Metric.PICK_UP
    if is_listed and (row.next_due is None or row.next_due > (clock.due_at or 0)):
        return "its ticket is listed by a later promise"
    hours = hours_of(revisions.numbered(conn, row.revision), revisions.current)
    try:
        return "" if clock.ended_at is not None else mismatch(clock, calendar_named(clock.calendar, hours))
    except ValueError as error:
        return str(error)


def channels_of(found: Sequence[Violation]) -> Iterator[str]:
    """The pipes on which something of it happens."""
    yield from {one.channel for one in found if one.channel and one.check is not Check.JOURNAL}

"""Alerts that are held back for a moment, because so many promises break that nobody could read them one by one.

A held alert is a row of the outbox like any other, which may not leave yet. So it leaves by itself, alone, where the
process that was to gather it died.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection

from adapters.message import conversation_from_key
from bot.store.delivery.outbox import Outgoing
from bot.store.delivery.owed import owed
from bot.store.delivery.sending import ping_from_row, told_together
from bot.store.delivery.told import outbox_row, ping_to_json, urgency_of
from bot.store.driver.bulk import update_many
from bot.store.driver.plain import rows_of
from bot.store.tables import schema
from bot.store.unit import write_outbox
from bot.tickets.ladder.pile import Held, piled
from bot.tickets.revision import Revision
from routing.people import PersonId
from sla.duration import Instant

_COLUMNS = ", ".join(Outgoing.__slots__)
#: An alert about a clock is held as long as it may not leave for another reason than having failed.
_HELD: Final = f"""
SELECT {_COLUMNS} FROM outbox WHERE {schema.is_one_of("state", schema.ON_ITS_WAY)} AND state = 'pending'
AND what = 'ping' AND guard <> '' AND not_before > created_at AND (key LIKE 'clock:%' OR key LIKE 'ladder:%')
ORDER BY id
"""  # noqa: S608 - words of ours


def release(conn: Connection, revision: Revision, *, now: Instant) -> int:
    """Let go of every alert that was held: alone, in a digest, or not at all; how many digests that made.

    What is owed no longer is told to nobody.
    """
    lock = "" if conn.dialect.name == "sqlite" else " FOR UPDATE"
    rows: Sequence[Outgoing] = [Outgoing(*row) for row in rows_of(conn, _HELD + lock)]
    if not rows:
        return 0
    ids = sorted({row.ticket_id for row in rows if row.ticket_id is not None})
    still = owed(conn, ids)
    found = (_held(row, revision) for row in rows if still.has(row.ticket_id, json.loads(row.guard)))
    held = [one for one in found if one is not None]
    digests = piled(held, revision, now=now)
    inside = {one for digest in digests for one in digest.instead_of}
    alone = {one.id for one in held} - inside
    reasons = {row.id: "told in a digest" if row.id in inside else "the client has been answered" for row in rows}
    _put(conn, [{"id": one, "not_before": now} for one in sorted(alone)])
    _put(
        conn,
        [{"id": row.id, "state": "dropped", "error": reasons[row.id]} for row in rows if row.id not in alone],
    )
    written = []
    for digest in digests:
        where = conversation_from_key(digest.to)
        priority = urgency_of(digest.ping)
        payload = ping_to_json(digest.ping, digest.among)
        person = digest.ping.person
        written.append(
            outbox_row(digest.ping.key, "ping", where, None, person, now, priority=priority, payload=payload)
        )
    write_outbox(conn, written)
    return len(digests)


def _put(conn: Connection, rows: list[dict[str, Any]]) -> None:
    update_many(conn, schema.outbox, rows)


def _held(row: Outgoing, revision: Revision) -> Held | None:
    """None where nobody whom it was decided for is on the desk any more."""
    among = tuple(one for one in told_together(row) if one in revision.people)
    person = next((one for one in (PersonId(row.person or ""), *among) if one in revision.people), None)
    if person is None:
        return None
    ping = replace(ping_from_row(row), person=person)
    return Held(row.id, row.lane, row.ticket_id or 0, _promise(row), ping, among)


def _promise(row: Outgoing) -> str:
    guard = json.loads(row.guard)
    return f"{row.ticket_id}:{guard.get('metric')}:{guard.get('started_at')}"

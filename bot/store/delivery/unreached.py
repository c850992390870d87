"""What stands on somebody's board alone, because no channel of theirs was up: what of it is still so, to be said again.

Of one promise only the latest word, which is the most severe; of what somebody has acknowledged, nothing.
"""

import json
from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, text

from adapters.message import Channel
from bot.store.delivery.outbox import Outgoing
from bot.store.delivery.owed import owed
from bot.store.delivery.told import PRIORITY
from bot.store.driver.look import rows_by_keys
from bot.store.tables.schema import OPEN
from routing.people import PersonId
from sla.duration import Instant

#: What comes out of here begins so: it is never said a third time.
AGAIN: Final = "again:"
#: Word of a channel that was down is no news on the channel that is up.
OUTAGE: Final = "outage"

_COLUMNS = ", ".join(f"outbox.{name}" for name in Outgoing.__slots__)
_STOOD = text(f"""
SELECT {_COLUMNS} FROM outbox JOIN receipt ON receipt.outbox_id = outbox.id
WHERE outbox.what = 'ping' AND outbox.person = :person AND outbox.channel = '{Channel.BOARD}'
AND (outbox.priority = {PRIORITY["alert"]} OR outbox.guard <> '') AND receipt.at >= :since ORDER BY outbox.id
""")  # noqa: S608 - words of ours
_TICKETS: Final = """
SELECT id, status, (SELECT max(event.at) FROM event WHERE event.ticket_id = ticket.id AND event.what = 'acknowledged')
AS seen_at FROM ticket WHERE id IN {keys}
"""


def unreached(conn: Connection, person: PersonId, *, since: Instant) -> Sequence[Outgoing]:
    """The alerts, and what was said about promises, that the board took for a person since then; oldest first."""
    rows = [Outgoing(*row) for row in conn.execute(_STOOD, {"person": person, "since": since})]
    rows = [row for row in rows if not row.key.startswith((AGAIN, OUTAGE))]
    ids = sorted({row.ticket_id for row in rows if row.ticket_id is not None})
    tickets = {row.id: row for row in rows_by_keys(conn, _TICKETS, ids)}
    still = owed(conn, ids)
    latest: dict[str, Outgoing] = {}
    for row in rows:
        ticket = tickets.get(row.ticket_id)
        if ticket is not None and (ticket.status not in OPEN or (ticket.seen_at or 0) >= row.created_at):
            continue
        guard = json.loads(row.guard) if row.guard else {}
        if guard.get("metric") is None or still.has(row.ticket_id, guard):
            latest.pop(subject(row), None)
            latest[subject(row)] = row
    return list(latest.values())


def subject(row: Outgoing) -> str:
    """What a ping is about: a promise, else nothing but itself."""
    guard = json.loads(row.guard) if row.guard else {}
    if guard.get("metric") is None:
        return row.key
    return f"{row.ticket_id}:{guard['metric']}:{guard.get('started_at')}"

"""What the sender needs to know about the rows it has claimed, read in one go just before they are sent."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from adapters.message import Untrusted
from bot.store.facts import facts_of_tickets
from bot.store.look import rows_by_keys
from bot.store.outbox import Outgoing
from bot.store.reads import lines_by_ids
from bot.store.revisions import Revisions
from bot.tickets.facts import Facts, Guard, Line, Ping
from bot.tickets.ticket import MessageId, TicketId
from routing.people import PersonId
from sla.duration import Instant

_SHOWN = "SELECT slot, lane, external_id FROM receipt WHERE slot IN {keys} ORDER BY outbox_id"
_NEWER = (
    "SELECT slot, max(id) AS id FROM outbox WHERE slot IN {keys} AND state IN ('pending', 'postponed') GROUP BY slot"
)
_LATEST = """
SELECT ticket_id, text FROM message WHERE id IN (
    SELECT max(id) FROM message WHERE ticket_id IN {keys} AND direction = 'in' GROUP BY ticket_id
)
"""


@dataclass(frozen=True, slots=True)
class Background:
    """Lines to be said, tickets they are about, what a channel already shows under a slot, and the newest words."""

    lines: Mapping[MessageId, Line] = field(default_factory=dict)
    facts: Mapping[TicketId, Facts] = field(default_factory=dict)
    shown: Mapping[tuple[str, str], str] = field(default_factory=dict)
    newer: Mapping[str, int] = field(default_factory=dict)
    excerpts: Mapping[int, str] = field(default_factory=dict)


def background(conn: Connection, revisions: Revisions, rows: Sequence[Outgoing], *, now: Instant) -> Background:
    """Everything the given rows need, in a handful of statements."""
    slots = [row.slot for row in rows if row.slot]
    # A line needs no ticket, unless it is said again: that is told in its reader's language.
    tickets = sorted(
        {
            TicketId(row.ticket_id)
            for row in rows
            if row.ticket_id is not None and (row.message_id is None or row.state == "uncertain")
        }
    )
    return Background(
        lines=lines_by_ids(conn, [row.message_id for row in rows if row.message_id is not None]),
        facts=facts_of_tickets(conn, revisions, tickets, now=now, is_whole=True),
        shown={(row.slot, row.lane): row.external_id for row in rows_by_keys(conn, _SHOWN, slots)},
        newer={row.slot: row.id for row in rows_by_keys(conn, _NEWER, slots)},
        excerpts={row.ticket_id: row.text for row in rows_by_keys(conn, _LATEST, tickets)},
    )


def ping_from_row(row: Outgoing) -> Ping:
    """A ping as it was decided; `rows.ping_to_json` wrote it."""
    kept = json.loads(row.payload)
    return Ping(
        person=PersonId(row.person or ""),
        key=row.key,
        title=kept["title"],
        lines=tuple(kept["lines"]),
        quote=Untrusted(kept["quote"]),
        is_alert=kept["is_alert"],
        guard=Guard(**json.loads(row.guard)) if row.guard else Guard(),
        actions=tuple(kept["actions"]),
    )

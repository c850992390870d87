"""Shared places that the desk directory gives to another client: who is woken, what waits and what is open there."""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection, text

from bot.store import alarms
from bot.store.alarms import Alarm
from bot.store.delivery import outbox
from bot.store.delivery.outbox import Put
from bot.store.tables import schema
from bot.tickets.revision import Revision
from bot.tickets.ticket import TicketId
from sla.duration import Instant

#: The alarm that wakes whoever looks at such a place: `place:slack:T1/C1`.
PLACE: Final = "place"

_WAITING = text(f"""
SELECT id FROM outbox WHERE {schema.is_one_of("state", schema.ON_ITS_WAY)} AND state <> 'sending'
AND ticket_id IS NULL AND message_id IS NOT NULL
AND (lane LIKE :top ESCAPE '!' OR lane LIKE :thread ESCAPE '!') ORDER BY id
""")  # noqa: S608 - words of ours
_OPEN_THERE = text(f"""
SELECT ticket.id, (SELECT event.what || ' ' || event.why FROM event WHERE event.ticket_id = ticket.id
AND event.what IN ('place_lost', 'place_back') ORDER BY event.id DESC LIMIT 1) AS told
FROM ticket JOIN conversation ON conversation.id = ticket.conversation_id
WHERE {schema.is_one_of("ticket.status", schema.OPEN)} AND ticket.is_verified = 1
AND (conversation.key LIKE :top ESCAPE '!' OR conversation.key LIKE :thread ESCAPE '!') ORDER BY ticket.id
""")  # noqa: S608 - words of ours


def give(conn: Connection, before: Revision, after: Revision, *, at: Instant) -> None:
    """Whoever looks at places that have another owner after than before is woken.

    What waits to be said there and belongs to no ticket, as an answer to `/status`, was for who read there before.
    """
    changed = sorted(where for where, owner in after.owners.items() if before.owners.get(where) != owner)
    alarms.put(conn, [Alarm(f"{PLACE}:{channel}:{place}", at) for channel, place in changed])
    waiting = [row.id for where in changed for row in conn.execute(_WAITING, _there(*where))]
    outbox.drop(conn, [Put(number, "the place is another client's now") for number in waiting])


def open_there(conn: Connection, channel: str, place: str) -> Mapping[TicketId, str]:
    """The open tickets of clients that are talked about in a place, with the last word about it: `place_lost left`."""
    return {TicketId(row.id): row.told or "" for row in conn.execute(_OPEN_THERE, _there(channel, place))}


def _there(channel: str, place: str) -> dict[str, str]:
    """The keys of the conversations in a place: they begin with the channel and our end, which holds no colon."""
    sought = "".join(f"!{one}" if one in "!%_" else one for one in place)
    return {"top": f"{channel}:%:{sought}", "thread": f"{channel}:%:{sought}#%"}

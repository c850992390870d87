"""Shared places that the desk directory gives to another client: the alarm that says so, and what is open there."""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import Connection, text

from bot.store.tables import schema
from bot.tickets.revision import Revision
from bot.tickets.ticket import TicketId

#: The alarm that wakes whoever looks at such a place: `place:slack:T1/C1`.
PLACE: Final = "place"

#: The key of a conversation begins with its channel and our end, which holds no colon.
_OPEN_THERE = text(f"""
SELECT ticket.id, (SELECT event.what || ' ' || event.why FROM event WHERE event.ticket_id = ticket.id
AND event.what IN ('place_lost', 'place_back') ORDER BY event.id DESC LIMIT 1) AS told
FROM ticket JOIN conversation ON conversation.id = ticket.conversation_id
WHERE {schema.is_one_of("ticket.status", schema.OPEN)} AND ticket.is_verified = 1
AND (conversation.key LIKE :top ESCAPE '!' OR conversation.key LIKE :thread ESCAPE '!') ORDER BY ticket.id
""")  # noqa: S608 - words of ours


def alarms_of(before: Revision, after: Revision) -> Sequence[str]:
    """The alarms of the places that have another owner after than they had before."""
    changed = (where for where, owner in after.owners.items() if before.owners.get(where) != owner)
    return [f"{PLACE}:{channel}:{place}" for channel, place in sorted(changed)]


def open_there(conn: Connection, channel: str, place: str) -> Mapping[TicketId, str]:
    """The open tickets of clients that are talked about in a place, with the last word about it: `place_lost left`."""
    sought = "".join(f"!{one}" if one in "!%_" else one for one in place)
    values = {"top": f"{channel}:%:{sought}", "thread": f"{channel}:%:{sought}#%"}
    return {TicketId(row.id): row.told or "" for row in conn.execute(_OPEN_THERE, values)}

"""Threads of one place beside each other: somebody who writes twice in a row there means one thing, not two.

Each message that stands at the top of a shared place is the first of its own thread, and so of its own conversation.
Where the same contact opened a ticket in the place a moment ago, it belongs to that, and so does its thread from then
on (semantics 3).
"""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from adapters.message import InboundMessage, conversation_from_key
from bot.store.driver.look import rows_by_keys
from bot.store.people.arrivals import Arrival
from bot.store.tables import schema
from bot.tickets.revision import Revision
from bot.tickets.ticket import TicketId
from sla.duration import instant, length

_THEIRS = f"""
SELECT ticket.id, ticket.contact_id, ticket.opened_at, conversation.key FROM ticket
JOIN conversation ON conversation.id = ticket.conversation_id
WHERE ticket.contact_id IN {{keys}} AND ticket.is_current = 1 AND {schema.is_one_of("ticket.status", schema.OPEN)}
ORDER BY ticket.id
"""  # noqa: S608 - words of ours


def just_opened_beside(
    conn: Connection, revision: Revision, messages: Sequence[InboundMessage], came: Sequence[Arrival]
) -> list[Arrival]:
    """The arrivals, those at the top of a place with the ticket their contact opened there just before, if any."""
    fresh = [place for place, one in enumerate(messages) if _is_at_the_top(one, came[place])]
    contacts = sorted({came[place].speaker.contact for place in fresh})
    theirs = [(row, conversation_from_key(row.key)) for row in rows_by_keys(conn, _THEIRS, contacts)]
    found = list(came)
    for place in fresh:
        message, arrival = messages[place], came[place]
        for row, where in theirs:
            is_here = row.contact_id == arrival.speaker.contact and where.lane == message.conversation.lane
            since_then = length(abs(instant(message.at) - row.opened_at))
            if is_here and since_then <= revision.rules.burst_within:
                found[place] = replace(arrival, talk=replace(arrival.talk, current=TicketId(row.id)))
    return found


def _is_at_the_top(message: InboundMessage, arrival: Arrival) -> bool:
    # A thread goes by the name of its first message. A topic of a forum is a conversation of its own from the start.
    _, _, root = message.conversation.address.partition("#")
    is_thread = root != "" and message.external_id.rpartition(":")[2] == root
    return is_thread and message.reply_to is None and arrival.talk.rev == 0 and arrival.talk.current is None

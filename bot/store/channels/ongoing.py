"""Where on a channel something may yet be said about tickets that are open or were lately, for whoever reads back."""

from collections.abc import Sequence

from sqlalchemy import Connection, text

from bot.store.driver.look import rows_by_keys
from bot.store.tables.schema import OPEN, is_one_of
from sla.duration import Instant

#: One that was closed since counts as well: what was said before that may come late. Two questions, because either has
#: an index of its own and both together have none.
_GOES_ON = f"""(
    SELECT id FROM ticket WHERE {is_one_of("status", OPEN)} UNION SELECT id FROM ticket WHERE resolved_at >= :since
) AS going"""  # noqa: S608 - words of the schema
_NUMBERS = text(f"SELECT id FROM {_GOES_ON}")  # noqa: S608 - words of the schema
#: A ticket gathers several: each message at the top of a place begins one of its own, also within one burst, and a
#: client goes on where they like.
_SPOKEN_IN = """
SELECT DISTINCT conversation.key FROM message JOIN conversation ON conversation.id = message.conversation_id
WHERE message.ticket_id IN {keys}
"""
_HELD_IN = """
SELECT conversation.key FROM ticket JOIN conversation ON conversation.id = ticket.conversation_id
WHERE ticket.id IN {keys}
"""
_CARDS = text(f"""
SELECT DISTINCT receipt.external_id FROM {_GOES_ON} JOIN outbox ON outbox.ticket_id = going.id
JOIN receipt ON receipt.outbox_id = outbox.id
WHERE outbox.channel = :channel AND outbox.what IN ('card', 'ping') ORDER BY receipt.external_id
""")  # noqa: S608 - words of the schema


def conversations(conn: Connection, channel: str, *, since: Instant) -> Sequence[str]:
    """The keys of a channel's conversations that belong to a ticket which is open or was resolved since."""
    tickets = list(conn.execute(_NUMBERS, {"since": since}).scalars())
    keys = {row.key for query in (_SPOKEN_IN, _HELD_IN) for row in rows_by_keys(conn, query, tickets)}
    return sorted(key for key in keys if key.startswith(f"{channel}:"))


def cards(conn: Connection, channel: str, *, since: Instant) -> Sequence[str]:
    """The channel's own names of what our people were shown about those tickets, and may answer under."""
    return [row.external_id for row in conn.execute(_CARDS, {"channel": channel, "since": since})]

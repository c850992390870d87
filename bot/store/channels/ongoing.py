"""Where on a channel something may yet be said about tickets that are open or were lately, for whoever reads back."""

from collections.abc import Sequence

from sqlalchemy import Connection, text

from bot.store.tables.schema import OPEN, is_one_of
from sla.duration import Instant

#: One that was closed since counts as well: what was said before that may come late. Two questions, because either has
#: an index of its own and both together have none.
_GOES_ON = f"""(
    SELECT id, conversation_id, channel FROM ticket WHERE {is_one_of("status", OPEN)}
    UNION SELECT id, conversation_id, channel FROM ticket WHERE resolved_at >= :since
) AS going"""  # noqa: S608 - words of the schema
_CONVERSATIONS = text(f"""
SELECT DISTINCT conversation.key FROM {_GOES_ON} JOIN conversation ON conversation.id = going.conversation_id
WHERE going.channel = :channel ORDER BY conversation.key
""")  # noqa: S608 - words of the schema
_CARDS = text(f"""
SELECT DISTINCT receipt.external_id FROM {_GOES_ON} JOIN outbox ON outbox.ticket_id = going.id
JOIN receipt ON receipt.outbox_id = outbox.id
WHERE outbox.channel = :channel AND outbox.what IN ('card', 'ping') ORDER BY receipt.external_id
""")  # noqa: S608 - words of the schema


def conversations(conn: Connection, channel: str, *, since: Instant) -> Sequence[str]:
    """The keys of conversations that a ticket is held in which is open or was resolved since."""
    return [row.key for row in conn.execute(_CONVERSATIONS, {"channel": channel, "since": since})]


def cards(conn: Connection, channel: str, *, since: Instant) -> Sequence[str]:
    """The channel's own names of what our people were shown about those tickets, and may answer under."""
    return [row.external_id for row in conn.execute(_CARDS, {"channel": channel, "since": since})]

"""Where on a channel something may yet be said about tickets that are open or were lately, for whoever reads back."""

from collections.abc import Sequence

from sqlalchemy import Connection, text

from bot.store.schema import OPEN, is_one_of
from sla.duration import Instant

#: One that was closed since counts as well: what was said before that may come late.
_GOES_ON = f"({is_one_of('ticket.status', OPEN)} OR ticket.resolved_at >= :since)"
_CONVERSATIONS = text(f"""
SELECT DISTINCT conversation.key FROM ticket JOIN conversation ON conversation.id = ticket.conversation_id
WHERE {_GOES_ON} AND ticket.channel = :channel ORDER BY conversation.key
""")  # noqa: S608 - words of the schema
_CARDS = text(f"""
SELECT DISTINCT receipt.external_id FROM ticket JOIN outbox ON outbox.ticket_id = ticket.id
JOIN receipt ON receipt.outbox_id = outbox.id
WHERE {_GOES_ON} AND outbox.channel = :channel AND outbox.what IN ('card', 'ping') ORDER BY receipt.external_id
""")  # noqa: S608 - words of the schema


def conversations(conn: Connection, channel: str, *, since: Instant) -> Sequence[str]:
    """The keys of conversations that a ticket is held in which is open or was resolved since."""
    return [row.key for row in conn.execute(_CONVERSATIONS, {"channel": channel, "since": since})]


def cards(conn: Connection, channel: str, *, since: Instant) -> Sequence[str]:
    """The channel's own names of what our people were shown about those tickets, and may answer under."""
    return [row.external_id for row in conn.execute(_CARDS, {"channel": channel, "since": since})]

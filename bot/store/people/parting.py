"""Words that go back to the ticket they were said on, where it was merged and is one of its own again."""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, text, update

from bot.store.driver.look import rows_by_keys
from bot.store.driver.plain import change_built
from bot.store.pairing import split_words
from bot.store.tables import columns, schema
from bot.tickets.pairs.decide_split import Spoken
from bot.tickets.ticket import TicketId
from sla.duration import Instant

_MERGED_AT = "SELECT max(at) AS at FROM event WHERE ticket_id IN {keys} AND what = 'merged_into'"
_BACK, _FROM = bindparam("back", type_=columns.Whole), bindparam("kept", type_=columns.Whole)
_NOTES = schema.note
_NOTES_BACK = (
    update(_NOTES)
    .where(_NOTES.c.ticket_id == _FROM, _NOTES.c.merged_from == _BACK)
    .values(ticket_id=_BACK, merged_from=None)
)
#: Conversations in which nothing of the ticket that stays was ever said.
_PLACES_BACK = text("""
UPDATE conversation SET ticket_id = :back WHERE ticket_id = :kept
AND id IN (SELECT conversation_id FROM message WHERE ticket_id = :back)
AND id NOT IN (SELECT conversation_id FROM message WHERE ticket_id = :kept)
AND id NOT IN (SELECT conversation_id FROM ticket WHERE id = :kept)
""")


def merged_since(conn: Connection, ticket: TicketId) -> Instant:
    """When a ticket was last merged into another; the beginning of time for one that never was."""
    found = next(iter(rows_by_keys(conn, _MERGED_AT, [ticket])), None)
    return Instant(found.at) if found is not None and found.at is not None else Instant(0)


def unmerge_words(conn: Connection, lines: Sequence[Spoken], back: TicketId, kept: TicketId) -> None:
    """Let these lines, the notes that came with them, and places of their own be their ticket's again."""
    split_words(conn, lines, back)
    change_built(conn, _NOTES_BACK, {"back": back, "kept": kept})
    conn.execute(_PLACES_BACK, {"back": back, "kept": kept})

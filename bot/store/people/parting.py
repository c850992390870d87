"""Words that go back to the ticket they were said on, where it was merged and is one of its own again."""

import json
from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, text, update

from bot.store.driver.look import rows_by_keys
from bot.store.driver.plain import change_built
from bot.store.pairing import split_words
from bot.store.tables import columns, schema
from bot.tickets.pairs.decide_split import Spoken
from bot.tickets.pairs.decide_unmerge import Before
from bot.tickets.ticket import TicketId, number
from sla.duration import Instant

_MERGED_AT = "SELECT max(at) AS at FROM event WHERE ticket_id IN {keys} AND what = 'merged_into'"
#: What was said and done about how urgent a ticket is, and what was merged into it, in order.
_URGENCIES = """
SELECT what, at, particulars FROM event WHERE ticket_id IN {keys}
AND what IN ('merged', 'urgency_set', 'urgency_raised') ORDER BY id
"""
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


def urgency_before(conn: Connection, kept: TicketId, gone: TicketId) -> Before | None:
    """How urgent a ticket was before `gone` made it louder; None where that did not, or where more was said since."""
    rows = [(row.what, row.at, json.loads(row.particulars)) for row in rows_by_keys(conn, _URGENCIES, [kept])]
    said = [(at, told) for what, at, told in rows if what != "merged"]
    merges = [at for what, at, told in rows if what == "merged" and told.get("gone") == number(gone)]
    if not said or not merges or said[-1][0] != merges[-1] or "judged" not in said[-1][1]:
        return None
    return Before(said[-1][1]["before"], said[-1][1]["judged"])


def unmerge_words(conn: Connection, lines: Sequence[Spoken], back: TicketId, kept: TicketId) -> None:
    """Let these lines, the notes that came with them, and places of their own be their ticket's again."""
    split_words(conn, lines, back)
    change_built(conn, _NOTES_BACK, {"back": back, "kept": kept})
    conn.execute(_PLACES_BACK, {"back": back, "kept": kept})

"""Whoever presses a button below a text to a client, as far as they are known; nobody becomes known by pressing."""

from collections.abc import Sequence

from sqlalchemy import Connection

from adapters.message import Identity
from bot.store.driver.look import rows_by_keys
from bot.store.people.arrivals import speaker_from_row
from bot.store.people.vouching import own_client
from bot.tickets.facts import Speaker
from bot.tickets.revision import Revision
from bot.tickets.texts import Texts, nearest_language
from bot.tickets.ticket import TicketId

_KNOWN = """
SELECT identity.is_verified, identity.source, contact.id, contact.client, contact.name, contact.language, contact.zone
FROM identity JOIN contact ON contact.id = identity.contact_id WHERE identity.key IN {keys}
"""
_MERGED = "SELECT id, merged_into FROM ticket WHERE id IN {keys} AND merged_into IS NOT NULL"


def speaker_of(conn: Connection, revision: Revision, by: Identity) -> Speaker | None:
    """A contact that the desk directory has or that has written before, of a client only where that is proven."""
    for row in rows_by_keys(conn, _KNOWN, [by.key]):
        return speaker_from_row(revision, row, is_verified=own_client(row, has_token=False) is not None)
    return None


def texts_for(conn: Connection, revision: Revision, by: Identity, language: str | None = None) -> Texts:
    """The texts of whoever is none of ours: their own where they are known, else in the `language` of their channel."""
    speaker = speaker_of(conn, revision, by)
    if speaker is not None:
        return Texts(speaker.language, speaker.zone, revision.texts)
    return Texts(nearest_language(language, revision.language), revision.zone, revision.texts)


def going_on(conn: Connection, ids: Sequence[TicketId]) -> dict[TicketId, TicketId]:
    """For each ticket the one it goes on as: itself, or the one it was merged into in the end."""
    ends = {one: one for one in ids}
    while merged := {row.id: TicketId(row.merged_into) for row in rows_by_keys(conn, _MERGED, sorted(ends.values()))}:
        ends = {one: merged.get(end, end) for one, end in ends.items()}
    return ends


def on_the_way(conn: Connection, ticket: TicketId) -> set[TicketId]:
    """A ticket, every one that it was merged into in turn, and where it goes on in the end."""
    way = {ticket}
    while more := {TicketId(row.merged_into) for row in rows_by_keys(conn, _MERGED, sorted(way))} - way:
        way |= more
    return way

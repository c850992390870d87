"""What two tickets share: words that move from one to the other when they are merged or split.

A line keeps its place in its conversation, its key and its fate; only the ticket it counts for changes. Of what was
merged each line remembers where it was said, so that a merge can be taken apart.
"""

import json
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, bindparam, func, select, update

from adapters.message import Untrusted, conversation_from_key
from bot.store.driver.among import among
from bot.store.driver.ids import take
from bot.store.driver.look import rows_by_keys
from bot.store.driver.plain import change_built
from bot.store.facts import lock_conversations, lock_tickets
from bot.store.people.arrivals import speaker_from_row
from bot.store.tables import columns, schema
from bot.tickets.facts import Facts, Talk
from bot.tickets.pairs.decide_split import Spoken
from bot.tickets.ticket import ContactId, ConversationId, MessageId, TicketId
from sla.duration import Instant
from sla.promise import ReplyKind

_PLACES = """
SELECT conversation.key FROM conversation WHERE conversation.id IN
(SELECT conversation_id FROM message WHERE ticket_id IN {keys})
"""
_LINES = """
SELECT id, conversation_id, direction, kind, reply_kind, text, at, state, merged_from FROM message
WHERE ticket_id IN {keys} ORDER BY id
"""
_NAMES = "SELECT message_id, name FROM attachment WHERE message_id IN {keys} ORDER BY id"
_NAMINGS = "SELECT particulars FROM event WHERE ticket_id IN {keys} AND what = 'reply_named' ORDER BY id"
_PLACE = """
SELECT conversation.id AS talk, conversation.key, conversation.rev, conversation.ticket_id AS current, contact.id,
contact.client, contact.name, contact.language, contact.zone
FROM conversation JOIN contact ON contact.id = conversation.contact_id WHERE conversation.id IN {keys}
"""

_INTO = {"ticket_id": bindparam("into", type_=columns.Whole)}
_FROM = bindparam("gone", type_=columns.Whole)
_WORDS, _NOTES, _ROWS = schema.message, schema.note, schema.outbox
_MOVED_WORDS = (
    update(_WORDS)
    .where(_WORDS.c.ticket_id == _FROM)
    .values(**_INTO, merged_from=func.coalesce(_WORDS.c.merged_from, _WORDS.c.ticket_id))
)
_MOVED_NOTES = (
    update(_NOTES)
    .where(_NOTES.c.ticket_id == _FROM)
    .values(**_INTO, merged_from=func.coalesce(_NOTES.c.merged_from, _NOTES.c.ticket_id))
)
_MOVED_ROWS = update(_ROWS).where(_ROWS.c.ticket_id == _FROM, _ROWS.c.message_id.is_not(None)).values(**_INTO)
_TALKS = schema.conversation
_MOVED_TALKS = (
    update(_TALKS)
    .where(
        _TALKS.c.ticket_id == _FROM,
        _TALKS.c.id.in_(select(_WORDS.c.conversation_id).where(_WORDS.c.ticket_id == bindparam("into"))),
    )
    .values(**_INTO)
)
_SPLIT_WORDS = update(_WORDS).where(among(_WORDS.c.id, "ids")).values(**_INTO, merged_from=None)
_SPLIT_ROWS = update(_ROWS).where(_ROWS.c.message_id.is_not(None), among(_ROWS.c.message_id, "ids")).values(**_INTO)


def lock_pairs(conn: Connection, ids: Sequence[TicketId]) -> None:
    """Hold tickets and every conversation that was gathered on them, in the one order in which all are held."""
    if conn.dialect.name != "sqlite":
        lock_conversations(conn, [row.key for row in rows_by_keys(conn, _PLACES, ids)])
        lock_tickets(conn, ids)


def merge_words(conn: Connection, gone: TicketId, into: TicketId) -> None:
    """Let everything that was said and noted on one ticket, and what is on its way to the client, be the other's."""
    values = {"gone": gone, "into": into}
    for moved in (_MOVED_WORDS, _MOVED_NOTES, _MOVED_ROWS, _MOVED_TALKS):
        change_built(conn, moved, values)


def split_words(conn: Connection, lines: Sequence[Spoken], into: TicketId) -> None:
    """Let these lines be another ticket's."""
    ids = [one.id for one in lines]
    for moved in (_SPLIT_WORDS, _SPLIT_ROWS):
        change_built(conn, moved, {"ids": ids, "into": into})


def spoken_on(conn: Connection, ticket: TicketId) -> tuple[Spoken, ...]:
    """Everything that was said on a ticket, in the order in which it was kept. A reply that failed is no reply."""
    rows = rows_by_keys(conn, _LINES, [ticket])
    names: dict[int, tuple[str, ...]] = {}
    for row in rows_by_keys(conn, _NAMES, [row.id for row in rows]):
        names[row.message_id] = (*names.get(row.message_id, ()), row.name)
    named: dict[Instant, ReplyKind] = {}
    merged = {row.merged_from for row in rows if row.merged_from is not None}
    for row in rows_by_keys(conn, _NAMINGS, [ticket, *sorted(merged)]):
        naming = json.loads(row.particulars)
        named[Instant(naming["written_at"])] = ReplyKind(naming["kind"])

    def kind_of(stated: str | None, at: Instant) -> ReplyKind:
        return named.get(at) or ReplyKind(stated or ReplyKind.UNSET)

    return tuple(
        Spoken(
            id=MessageId(row.id),
            conversation=ConversationId(row.conversation_id),
            is_client=row.direction == "in",
            kind=kind_of(row.reply_kind, row.at) if row.kind == "reply" and row.state != "failed" else None,
            at=row.at,
            text=Untrusted(row.text),
            names=names.get(row.id, ()),
            merged_from=TicketId(row.merged_from) if row.merged_from is not None else None,
        )
        for row in rows
    )


def facts_of_place(conn: Connection, facts: Facts, place: ConversationId) -> Facts:
    """Facts for a new ticket in one of the conversations that were gathered on the ticket in `facts`."""
    number = TicketId(*take(conn, schema.ticket, 1))
    fresh = replace(facts, number=number, ticket=None, clocks=())
    ticket = facts.ticket
    if ticket is None or place == ticket.conversation:
        return fresh
    (row,) = rows_by_keys(conn, _PLACE, [place])
    current = TicketId(row.current) if row.current is not None else None
    speaker = speaker_from_row(facts.revision, row, is_verified=ticket.is_verified)
    talk = Talk(place, conversation_from_key(row.key), ContactId(row.id), row.rev, current)
    return replace(fresh, talk=talk, speaker=replace(speaker, client=facts.speaker.client))

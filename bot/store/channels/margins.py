"""Margins of messages, and who takes part in a conversation besides its contact.

Known contacts of the same client take part once its own contact, surely themselves, has written to them as well. It is
looked at anew with each reply: whoever is that client's no longer gets none.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from adapters.message import Channel, Identity, InboundMessage, Untrusted
from bot.store.driver.bulk import insert_many
from bot.store.driver.look import rows_by_keys
from bot.store.people.arrivals import Arrival
from bot.store.tables import channel_schema
from bot.tickets.margin import Beside, Margin
from bot.tickets.ticket import ContactId, ConversationId, TicketId
from routing.people import ClientId, PersonId
from sla.duration import Instant

_LINES = "SELECT id, key FROM message WHERE key IN {keys}"
_MARGINS = """
SELECT margin.*, message.conversation_id, ticket.conversation_id AS ticket_talk FROM margin
JOIN message ON message.id = margin.message_id LEFT JOIN ticket ON ticket.id = message.ticket_id
WHERE margin.message_id IN {keys}
"""
_PROVEN = """
SELECT identity.key, identity.contact_id, contact.client FROM identity JOIN contact ON contact.id = identity.contact_id
WHERE identity.key IN {keys} AND identity.is_verified = 1
"""
_TAKING_PART = """
SELECT participant.conversation_id, participant.key FROM participant
JOIN conversation ON conversation.id = participant.conversation_id
JOIN contact AS owner ON owner.id = conversation.contact_id
JOIN identity ON identity.key = participant.key AND identity.is_verified = 1
JOIN contact ON contact.id = identity.contact_id AND contact.client = owner.client
WHERE participant.conversation_id IN {keys} ORDER BY participant.joined_at, participant.key
"""
_LANES = "SELECT id, key FROM conversation WHERE key IN {keys}"
_THEIRS = """
SELECT participant.key, conversation.key AS lane, conversation.ticket_id, contact.client FROM participant
JOIN conversation ON conversation.id = participant.conversation_id
JOIN contact ON contact.id = conversation.contact_id
WHERE participant.key IN {keys} AND conversation.ticket_id IS NOT NULL
"""
_SENT = """
SELECT receipt.external_id, receipt.lane, outbox.ticket_id FROM receipt JOIN outbox ON outbox.id = receipt.outbox_id
WHERE receipt.external_id IN {keys} AND outbox.ticket_id IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Noted:
    """A message that was kept under `key`: by whom, in which conversation its ticket is talked about."""

    message: InboundMessage
    key: str
    talk: ConversationId
    contact: ContactId
    client: ClientId | None
    passed_on_by: PersonId | None = None


def keep(conn: Connection, noted: Sequence[Noted], *, at: Instant) -> None:
    """Write the margins of messages that have one, and who takes part from now on."""
    worth = [one for one in noted if _has_margin(one)]
    if not worth:
        return
    ids = {row.key: row.id for row in rows_by_keys(conn, _LINES, [one.key for one in worth])}
    rows = [_row(one, ids[one.key]) for one in worth if one.key in ids]
    insert_many(conn, channel_schema.margin, rows, skip_existing=True)
    _join(conn, [one for one in worth if one.key in ids], at)


def proven(conn: Connection, keys: Sequence[str]) -> set[str]:
    """Which of these identities are surely a client's contact's."""
    return {row.key for row in rows_by_keys(conn, _PROVEN, keys) if row.client is not None}


def of_messages(conn: Connection, ids: Sequence[int]) -> dict[int, Margin]:
    """Margins by the id of their message; messages without one are left out."""
    rows = rows_by_keys(conn, _MARGINS, ids)
    talks = {row.message_id: row.ticket_talk or row.conversation_id for row in rows}
    part = _taking_part(conn, sorted({talks[row.message_id] for row in rows if row.beside}))
    return {
        row.message_id: Margin(
            subject=row.subject,
            doubt=row.doubt,
            beneath=Untrusted(row.beneath),
            quoted=Untrusted(row.quoted),
            beside=tuple(
                Beside(key.partition(":")[2], key in part.get(talks[row.message_id], ()))
                for key in (json.loads(row.beside) if row.beside else ())
            ),
            passed_on_by=PersonId(row.passed_on_by) if row.passed_on_by else None,
        )
        for row in rows
    }


def copies(conn: Connection, lanes: Sequence[str]) -> dict[str, tuple[Identity, ...]]:
    """Who else gets what is said in these conversations, by the conversation's key."""
    ids = {row.id: row.key for row in rows_by_keys(conn, _LANES, sorted(set(lanes)))}
    found = _taking_part(conn, sorted(ids))
    return {
        ids[talk]: tuple(Identity(Channel.EMAIL, key.partition(":")[2]) for key in keys) for talk, keys in found.items()
    }


def joined(conn: Connection, messages: Sequence[InboundMessage], came: Sequence[Arrival]) -> dict[int, TicketId]:
    """Tickets that messages belong to because their sender takes part where those are talked about, by their place.

    The message is of the same thread, or answers what was sent there; both sides are surely the same client's.
    """
    asked = {
        place: one
        for place, one in enumerate(messages)
        if one.conversation.channel is Channel.EMAIL and came[place].speaker.is_verified and not one.doubt
    }
    rows = rows_by_keys(conn, _THEIRS, sorted({one.sender.key for one in asked.values()}))
    if not rows:
        return {}
    claimed = sorted({one.reply_claimed for one in asked.values() if one.reply_claimed})
    sent = {(row.external_id, row.lane): row.ticket_id for row in rows_by_keys(conn, _SENT, claimed)}
    found: dict[int, TicketId] = {}
    for place, one in asked.items():
        thread = one.conversation.address.partition("#")[2]
        for row in rows:
            if row.key != one.sender.key or row.client != came[place].speaker.client:
                continue
            answered = sent.get((one.reply_claimed or "", row.lane))
            if answered is not None:
                found[place] = TicketId(answered)
            elif thread and row.lane.rpartition("#")[2] == thread and came[place].talk.current is None:
                found.setdefault(place, TicketId(row.ticket_id))
    return found


def _has_margin(one: Noted) -> bool:
    message = one.message
    said = message.subject or message.doubt or message.beneath or message.quoted
    return bool(said or message.beside or one.passed_on_by)


def _row(one: Noted, message_id: int) -> dict[str, object]:
    message = one.message
    return {
        "message_id": message_id,
        "subject": message.subject,
        "doubt": message.doubt,
        "beneath": message.beneath,
        "quoted": message.quoted,
        "beside": json.dumps([who.key for who in message.beside]) if message.beside else "",
        "passed_on_by": one.passed_on_by,
    }


def _join(conn: Connection, noted: Sequence[Noted], at: Instant) -> None:
    able = [one for one in noted if one.client is not None and not one.message.doubt and one.message.beside]
    keys = sorted({who.key for one in able for who in one.message.beside})
    proven = {row.key: row for row in rows_by_keys(conn, _PROVEN, keys)}
    joining = {
        (who.key, one.talk)
        for one in able
        for who in one.message.beside
        if who.key in proven and proven[who.key].client == one.client and proven[who.key].contact_id != one.contact
    }
    rows = [{"key": key, "conversation_id": talk, "joined_at": at} for key, talk in sorted(joining)]
    insert_many(conn, channel_schema.participant, rows, skip_existing=True)


def _taking_part(conn: Connection, talks: Sequence[int]) -> Mapping[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    for row in rows_by_keys(conn, _TAKING_PART, talks):
        found[row.conversation_id] = (*found.get(row.conversation_id, ()), row.key)
    return found

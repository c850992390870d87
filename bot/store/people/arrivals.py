"""Who is speaking, and where: found in the store, or made on their first word.

An identity that is not known is served and not believed: a contact without a client. What the channel itself vouches
for (the host application's signature, a place an admin mapped to a client) makes the contact that client's.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row

from adapters.message import InboundMessage
from bot.store.driver.bulk import insert_many, update_many
from bot.store.driver.ids import take_each
from bot.store.driver.look import at_once, rows_by_keys
from bot.store.driver.plain import together
from bot.store.people.vouching import VOUCHED, own_client, spoken_of
from bot.store.tables import schema
from bot.tickets.facts import Speaker, Talk
from bot.tickets.revision import Revision
from bot.tickets.texts import nearest_language
from bot.tickets.ticket import ContactId, ConversationId, TicketId
from routing.people import ClientId
from sla.duration import Instant
from sla.week import parse_zone

_IDENTITIES = """
SELECT identity.key, identity.is_verified, identity.source, contact.id, contact.client, contact.name, contact.language,
contact.zone
FROM identity JOIN contact ON contact.id = identity.contact_id WHERE identity.key IN {keys}
"""
_TALKS = "SELECT key, id, contact_id, rev, ticket_id FROM conversation WHERE key IN {keys}"
NAME_LENGTH = 120


@dataclass(frozen=True, slots=True)
class Arrival:
    """One speaker in one conversation."""

    speaker: Speaker
    talk: Talk


def arrivals(
    conn: Connection, revision: Revision, messages: Sequence[InboundMessage], *, now: Instant
) -> list[Arrival]:
    """One arrival for each message; contacts, identities and conversations met for the first time are written."""
    senders = list({one.sender.key for one in messages})
    talked_in = list({one.conversation.key for one in messages})
    with at_once(conn, [(_IDENTITIES, senders), (_TALKS, talked_in)]):
        known = {row.key: row for row in rows_by_keys(conn, _IDENTITIES, senders)}
        places = {row.key: row for row in rows_by_keys(conn, _TALKS, talked_in)}
    known = spoken_of(conn, messages, known, now=now)
    strangers = {one.sender.key: one for one in messages if one.sender.key not in known}
    new = {one.conversation.key: one for one in messages if one.conversation.key not in places}
    fresh = take_each(conn, {schema.contact: len(strangers), schema.conversation: len(new)})
    contact_ids = {key: row.id for key, row in known.items()}
    contact_ids |= dict(zip(strangers, fresh[schema.contact], strict=True))
    talk_ids = dict(zip(new, fresh[schema.conversation], strict=True))

    found = []
    for one in messages:
        contact_id = ContactId(contact_ids[one.sender.key])
        speaker = _speaker(revision, one, known.get(one.sender.key), contact_id)
        place = places.get(one.conversation.key)
        if place is None:
            talk = Talk(ConversationId(talk_ids[one.conversation.key]), one.conversation, contact_id)
        else:
            current = TicketId(place.ticket_id) if place.ticket_id is not None else None
            talk = Talk(ConversationId(place.id), one.conversation, ContactId(place.contact_id), place.rev, current)
        found.append(Arrival(speaker, talk))

    _introduce(conn, found, messages, strangers.keys(), new.keys(), now)
    _learn(conn, found, messages, known)
    return found


def speaker_from_row(revision: Revision, row: "Row[Any] | ContactRow", *, is_verified: bool) -> Speaker:
    """A stored contact as a decision sees them; gaps are filled from their client, then from the desk."""
    client = revision.client(ClientId(row.client)) if row.client else None
    language = row.language or (client.language if client else None)
    return Speaker(
        contact=ContactId(row.id),
        name=row.name,
        client=client.id if client else None,
        is_verified=is_verified and client is not None,
        language=nearest_language(language, revision.language),
        zone=row.zone or (client.zone if client else None) or revision.zone,
    )


@dataclass(frozen=True, slots=True)
class ContactRow:
    """What of a contact is stored."""

    id: int
    client: str | None
    name: str
    language: str | None
    zone: str | None


def _speaker(revision: Revision, one: InboundMessage, row: Row[Any] | None, contact: ContactId) -> Speaker:
    vouched = one.vouched.client if one.vouched and one.vouched.client in revision.clients else None
    # A place an admin mapped to a client, whose members act as that client.
    mapped = revision.owners.get((one.conversation.channel, one.conversation.place))
    own = own_client(row, has_token=one.vouched is not None) if row is not None else None
    is_suspended = (str(one.conversation.channel), one.conversation.place) in revision.suspended
    client = None if is_suspended else vouched or mapped or own
    name = (one.vouched.name if one.vouched and one.vouched.name else "") or (row.name if row else "")
    seen = ContactRow(
        contact,
        client,
        (name or one.sender_name or one.sender.address)[:NAME_LENGTH],
        (row.language if row else None) or one.language,
        (row.zone if row else None) or _known_zone(one.zone),
    )
    return speaker_from_row(revision, seen, is_verified=client is not None)


def _known_zone(zone: str | None) -> str | None:
    """A browser's word for its zone, if it is one: it comes from outside."""
    if not zone:
        return None
    try:
        parse_zone(zone)
    except ValueError:
        return None
    return zone


def _introduce(
    conn: Connection,
    found: Sequence[Arrival],
    messages: Sequence[InboundMessage],
    strangers: Collection[str],
    new: Collection[str],
    now: Instant,
) -> None:
    contacts: dict[str, dict[str, Any]] = {}
    identities: dict[str, dict[str, Any]] = {}
    talks: dict[str, dict[str, Any]] = {}
    for arrival, one in zip(found, messages, strict=True):
        speaker = arrival.speaker
        if one.sender.key in strangers:
            contacts[one.sender.key] = {
                "id": speaker.contact,
                "client": speaker.client if one.vouched and speaker.is_verified else None,
                "name": speaker.name,
                "language": one.language,
                "zone": _known_zone(one.zone),
                "email": one.vouched.email if one.vouched else None,
                "created_at": now,
            }
            identities[one.sender.key] = {
                "key": one.sender.key,
                "contact_id": speaker.contact,
                "is_verified": int(bool(one.vouched) and speaker.is_verified),
                "source": VOUCHED if one.vouched else "seen",
                "linked_at": now,
            }
        if one.conversation.key in new:
            talks[one.conversation.key] = {
                "id": arrival.talk.id,
                "key": one.conversation.key,
                "contact_id": speaker.contact,
                "created_at": now,
            }
    with together(conn):
        insert_many(conn, schema.contact, list(contacts.values()))
        insert_many(conn, schema.identity, list(identities.values()))
        insert_many(conn, schema.conversation, list(talks.values()))


def _learn(
    conn: Connection, found: Sequence[Arrival], messages: Sequence[InboundMessage], known: dict[str, Row[Any]]
) -> None:
    """What the channel vouches for now and the store did not know, or knew otherwise; also that it no longer does.

    What an admin wrote stands: there a token counts only for what is said with it.
    """
    contacts: dict[int, dict[str, Any]] = {}
    identities: dict[str, dict[str, Any]] = {}
    for arrival, one in zip(found, messages, strict=True):
        row = known.get(one.sender.key)
        if row is None or one.vouched is None:
            continue
        speaker = arrival.speaker
        is_by_token = row.source == VOUCHED or (speaker.is_verified and not row.is_verified)
        client = speaker.client if is_by_token else row.client
        if (row.client, row.name) != (client, speaker.name):
            contacts[row.id] = {"id": row.id, "client": client, "name": speaker.name}
        if is_by_token and bool(row.is_verified) is not speaker.is_verified:
            verified = int(speaker.is_verified)
            identities[row.key] = {"key": row.key, "is_verified": verified, "source": VOUCHED}
    update_many(conn, schema.contact, list(contacts.values()))
    update_many(conn, schema.identity, list(identities.values()))

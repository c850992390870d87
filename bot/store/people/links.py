"""Identities that a one-time link proved to be a client's: what it makes of them, and how it is taken back.

A link may name a contact; then the identity is that contact's, with all that was said through it. Else whoever used it
stays a contact of their own, of that client. What an admin wrote in the directory stands above it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, text

from adapters.message import Channel, Identity
from bot.store.driver.bulk import insert_many, update_many
from bot.store.driver.ids import take
from bot.store.driver.look import rows_by_keys
from bot.store.people import homing, joining
from bot.store.tables import schema
from bot.tickets.ticket import ContactId, TicketId
from routing.people import ClientId
from sla.duration import Instant

#: The source of an identity that a link proved; what an admin wrote has the other one.
LINKED: Final = "link"
DESK: Final = "desk"
#: A subject that names a contact by its number, and not by an identity of the desk directory, begins so.
NUMBERED: Final = "#"

_KNOWN = """
SELECT identity.key, identity.contact_id, identity.source, identity.is_verified, identity.joined_from, contact.client
FROM identity JOIN contact ON contact.id = identity.contact_id WHERE identity.key IN {keys}
"""
_OTHERS = text("SELECT count(*) FROM identity WHERE contact_id = :contact AND key <> :key")
_IN_DESK = text(f"SELECT count(*) FROM identity WHERE contact_id = :contact AND source = '{DESK}'")  # noqa: S608 - words of ours
_PROVEN = """
SELECT identity.key, contact.id, contact.client FROM identity JOIN contact ON contact.id = identity.contact_id
WHERE contact.id IN {keys} AND identity.is_verified = 1 AND contact.client IS NOT NULL ORDER BY identity.key
"""
_UNPROVEN = text(
    f"SELECT id FROM ticket WHERE contact_id = :contact AND is_verified = 0 "  # noqa: S608 - words of ours
    f"AND {schema.is_one_of('status', schema.OPEN)} ORDER BY id"
)


@dataclass(frozen=True, slots=True)
class Owner:
    """A contact that is proven to be a client's."""

    contact: ContactId
    client: ClientId


def link(
    conn: Connection, identity: Identity, client: ClientId, contact: str | None, *, at: Instant
) -> ContactId | None:
    """Make an identity that has written before a client's; `contact` is a known identity of the contact it is.

    None where an admin has written otherwise, also of the contact that another link made it, or where that contact is
    none of the client's any more. Where the directory has two contacts that a code proves to be one, they are joined.
    """
    (row,) = rows_by_keys(conn, _KNOWN, [identity.key])
    named = _named(conn, contact, client) if contact is not None else None
    if contact is not None and named is None:
        return None
    if row.source == DESK or row.joined_from is not None:
        if row.client != client:
            return None
        if row.source != DESK:  # what a lead says of two contacts may be taken back; what was proven stays
            update_many(conn, schema.contact, [{"id": row.joined_from, "client": client}])
            update_many(conn, schema.identity, [_proven(row.key, at)])
        if named is not None and contact is not None and contact.startswith(NUMBERED) and named != row.contact_id:
            joining.join(conn, kept=named, gone=ContactId(row.contact_id), by=identity.key, at=at)
            return named
        return ContactId(row.contact_id)
    owner = row.contact_id
    if named is not None:
        owner = named
        _join(conn, row, owner, client)
        joining.look_at_calls(conn, at=at)
    elif row.client != client and conn.execute(_IN_DESK, {"contact": owner}).scalar():
        return None
    else:
        update_many(conn, schema.contact, [{"id": owner, "client": client}])
    update_many(conn, schema.identity, [{**_proven(identity.key, at), "contact_id": owner}])
    return ContactId(owner)


def unlink(conn: Connection, identity: Identity, *, at: Instant) -> joining.Parted | None:
    """Forget what a link proved: the identity is a stranger's again, with what began in their own place.

    Their tickets, and what strayed: tickets of the contact they were taken for are talked about where that contact is.
    None where no link has proven anything.
    """
    row = next((row for row in rows_by_keys(conn, _KNOWN, [identity.key]) if row.source == LINKED), None)
    if row is None:
        return None
    before = joining.tickets_of(conn, ContactId(row.contact_id))
    owner = row.contact_id
    if conn.execute(_OTHERS, {"contact": owner, "key": row.key}).scalar():
        (owner,) = take(conn, schema.contact, 1)
        language = joining.speak_apart(conn, row.contact_id, of=row.key)
        stranger = {"id": owner, "client": None, "name": identity.address, "language": language, "created_at": at}
        insert_many(conn, schema.contact, [stranger])
        joining.hand_on(conn, owner, [row.contact_id], places=[row.key])
    else:
        update_many(conn, schema.contact, [{"id": owner, "client": None}])
    forgotten = {"key": row.key, "contact_id": owner, "is_verified": 0, "source": joining.SEEN, "joined_from": None}
    update_many(conn, schema.identity, [forgotten])
    strayed = homing.go_home(conn, before)
    joining.look_at_calls(conn, at=at)
    return joining.Parted(joining.tickets_of(conn, ContactId(owner)), strayed)


def unproven(conn: Connection, contact: ContactId) -> Sequence[TicketId]:
    """Open tickets of a contact that were opened when nobody knew who they are."""
    return [TicketId(number) for number in conn.execute(_UNPROVEN, {"contact": contact}).scalars()]


def owner_of(conn: Connection, identity: Identity) -> Owner | None:
    """The contact whose identity this is, if that is proven; a place that a client shares proves nothing."""
    for row in rows_by_keys(conn, _KNOWN, [identity.key]):
        if row.is_verified and row.client is not None:
            return Owner(ContactId(row.contact_id), ClientId(row.client))
    return None


def proven_addresses(conn: Connection, contact: ContactId) -> list[tuple[Channel, str]]:
    """Every proven address of a contact, by channel."""
    keys = [row.key.split(":", 1) for row in rows_by_keys(conn, _PROVEN, [contact])]
    return [(Channel(channel), address) for channel, address in keys]


def _proven(key: str, at: Instant) -> dict[str, Any]:
    return {"key": key, "is_verified": 1, "source": LINKED, "linked_at": at}


def _named(conn: Connection, contact: str, client: ClientId) -> ContactId | None:
    """The contact that a link names, while it is the client's and anything proves it."""
    if contact.startswith(NUMBERED):
        rows = rows_by_keys(conn, _PROVEN, [int(contact.removeprefix(NUMBERED))])
        return next((ContactId(row.id) for row in rows if row.client == client), None)
    rows = rows_by_keys(conn, _KNOWN, [contact])
    return next((ContactId(row.contact_id) for row in rows if row.source == DESK and row.client == client), None)


def _join(conn: Connection, row: Row[Any], owner: int, client: ClientId) -> None:
    """What a stranger said becomes the contact's history, unless it is another client's or they are known otherwise."""
    if row.contact_id == owner or conn.execute(_OTHERS, {"contact": row.contact_id, "key": row.key}).scalar():
        return
    if joining.served_as(conn, row.contact_id) - {client}:
        return  # in a place of another client they spoke for that one
    joining.speak_as(conn, owner, row.contact_id, of=row.key)
    joining.hand_on(conn, owner, [row.contact_id])

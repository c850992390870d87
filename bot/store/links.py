"""Identities that a one-time link proved to be a client's: what it makes of them, and how it is taken back.

A link may name a contact of the desk directory; then the identity is that contact's, with all that was said through it.
Else whoever used it stays a contact of their own, of that client. What an admin wrote in the directory stands above it.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, text

from adapters.message import Identity
from bot.store import schema
from bot.store.bulk import delete_many, update_many
from bot.store.look import rows_by_keys
from bot.tickets.ticket import ContactId, TicketId
from routing.people import ClientId
from sla.duration import Instant

#: The source of an identity that a link proved; what an admin wrote has the other one.
LINKED: Final = "link"
DESK: Final = "desk"

_KNOWN = """
SELECT identity.key, identity.contact_id, identity.source, identity.is_verified, contact.client
FROM identity JOIN contact ON contact.id = identity.contact_id WHERE identity.key IN {keys}
"""
_OTHERS = text("SELECT count(*) FROM identity WHERE contact_id = :contact AND key <> :key")
_IN_DESK = text(f"SELECT count(*) FROM identity WHERE contact_id = :contact AND source = '{DESK}'")  # noqa: S608 - words of ours
_TALKS = text("UPDATE conversation SET contact_id = :new WHERE contact_id = :old")
_TICKETS = text("UPDATE ticket SET contact_id = :new WHERE contact_id = :old")
_UNPROVEN = text(
    f"SELECT id FROM ticket WHERE contact_id = :contact AND is_verified = 0 "  # noqa: S608 - words of ours
    f"AND {schema.is_one_of('status', schema.OPEN)} ORDER BY id"
)


def link(
    conn: Connection, identity: Identity, client: ClientId, contact: str | None, *, at: Instant
) -> ContactId | None:
    """Make an identity that has written before a client's; `contact` is a known identity of the contact it is.

    None where an admin has written otherwise, also of the contact that another link made it, or where that contact is
    none of the client's any more.
    """
    (row,) = rows_by_keys(conn, _KNOWN, [identity.key])
    if row.source == DESK:
        return ContactId(row.contact_id) if row.client == client else None
    owner = row.contact_id
    if contact is not None:
        named = _of_desk(conn, contact, client)
        if named is None:
            return None
        owner = named.contact_id
        _join(conn, row, owner)
    elif row.client != client and conn.execute(_IN_DESK, {"contact": owner}).scalar():
        return None
    else:
        update_many(conn, schema.contact, [{"id": owner, "client": client}])
    proven = {"key": identity.key, "contact_id": owner, "is_verified": 1, "source": LINKED, "linked_at": at}
    update_many(conn, schema.identity, [proven])
    return ContactId(owner)


def unlink(conn: Connection, identity: Identity) -> bool:
    """Forget what a link proved: the identity is a stranger's again; False where no link has proven anything."""
    found = [row for row in rows_by_keys(conn, _KNOWN, [identity.key]) if row.source == LINKED]
    return bool(delete_many(conn, schema.identity, [row.key for row in found]))


def unproven(conn: Connection, contact: ContactId) -> Sequence[TicketId]:
    """Open tickets of a contact that were opened when nobody knew who they are."""
    return [TicketId(number) for number in conn.execute(_UNPROVEN, {"contact": contact}).scalars()]


def _of_desk(conn: Connection, contact: str, client: ClientId) -> Row[Any] | None:
    rows = rows_by_keys(conn, _KNOWN, [contact])
    return next((row for row in rows if row.source == DESK and row.client == client), None)


def _join(conn: Connection, row: Row[Any], owner: int) -> None:
    """What a stranger said becomes the contact's history, unless the stranger is known in other ways as well."""
    if row.contact_id == owner or conn.execute(_OTHERS, {"contact": row.contact_id, "key": row.key}).scalar():
        return
    ids = {"old": row.contact_id, "new": owner}
    conn.execute(_TALKS, ids)
    conn.execute(_TICKETS, ids)

"""Contacts of the desk directory and their identities, kept in step with the newest revision."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, text

from bot.store import schema
from bot.store.bulk import delete_many, insert_many, update_many, upsert_many
from bot.store.ids import take
from bot.store.look import rows_by_keys
from bot.tickets.revision import Revision
from routing.people import Client, Contact
from sla.duration import Instant

_KNOWN = """
SELECT identity.key, identity.contact_id, contact.language, contact.zone
FROM identity JOIN contact ON contact.id = identity.contact_id WHERE identity.key IN {keys}
"""
_LINKED_ONLY = """
SELECT key FROM identity WHERE contact_id IN {keys} AND source = 'link'
AND NOT EXISTS (SELECT 1 FROM identity AS own WHERE own.contact_id = identity.contact_id AND own.source = 'desk')
"""
_FROM_DESK = text("SELECT key FROM identity WHERE source = 'desk'")
_OPEN_BY_PERSON = text(
    f"SELECT assignee, count(*) FROM ticket WHERE {schema.is_one_of('status', schema.OPEN)} "  # noqa: S608 - words of ours
    "AND assignee IS NOT NULL GROUP BY assignee"
)


def import_contacts(conn: Connection, revision: Revision, *, at: Instant) -> None:
    """Make the directory's contacts known by each of their addresses. An address belongs to one contact."""
    stated = [(client, contact) for client in revision.clients.values() for contact in client.contacts]
    keys = [key for _, contact in stated for key in _identity_keys(contact)]
    known = {row.key: row for row in rows_by_keys(conn, _KNOWN, keys)}
    fresh = iter(take(conn, schema.contact, len(stated)))
    new: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    identities: list[dict[str, Any]] = []
    for client, contact in stated:
        owned = list(_identity_keys(contact))
        before = next((known[key] for key in owned if key in known), None)
        row = _contact_row(client, contact)
        if before is None:
            number = next(fresh)
            new.append({"id": number, "email": contact.addresses.get("email"), "created_at": at, **row})
        else:
            # What the directory leaves out, the contact may have said themselves, as with /language.
            number = before.contact_id
            kept = {"language": row["language"] or before.language, "zone": row["zone"] or before.zone}
            changed.append({"id": number, **row, **kept})
        identities += [
            {"key": key, "contact_id": number, "is_verified": 1, "source": "desk", "linked_at": at} for key in owned
        ]
    insert_many(conn, schema.contact, new)
    update_many(conn, schema.contact, changed)
    upsert_many(conn, schema.identity, identities)
    gone = set(conn.execute(_FROM_DESK).scalars()) - set(keys)
    owners = sorted({row.contact_id for row in rows_by_keys(conn, _KNOWN, sorted(gone))})
    delete_many(conn, schema.identity, sorted(gone))
    # What a link proved of a contact ends with the last address the directory has of them.
    delete_many(conn, schema.identity, [row.key for row in rows_by_keys(conn, _LINKED_ONLY, owners)])


def recount_load(conn: Connection) -> None:
    """Count open tickets by person afresh; at the start of a process, so that no drift outlives a restart."""
    if conn.dialect.name != "sqlite":
        # Whoever is writing finishes first, and whoever comes after adds to what is counted here.
        conn.execute(text("LOCK TABLE load IN EXCLUSIVE MODE"))
    rows = [{"person": person, "tickets": count} for person, count in conn.execute(_OPEN_BY_PERSON)]
    conn.execute(schema.load.delete())
    insert_many(conn, schema.load, rows)


def _identity_keys(contact: Contact) -> Iterable[str]:
    return (f"{channel}:{address}" for channel, address in contact.addresses.items())


def _contact_row(client: Client, contact: Contact) -> dict[str, Any]:
    return {"client": client.id, "name": contact.name, "language": contact.language, "zone": contact.zone}

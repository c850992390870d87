"""Contacts of the desk directory and their identities, kept in step with the newest revision."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, text

from bot.store import audit
from bot.store.driver.bulk import delete_many, insert_many, update_many, upsert_many
from bot.store.driver.ids import take
from bot.store.driver.look import rows_by_keys
from bot.store.people import homing, joining
from bot.store.tables import schema
from bot.tickets.revision import Revision
from bot.tickets.ticket import ContactId
from routing.people import Client, Contact
from sla.duration import Instant

#: A contact that is another one now is still the directory's own: `own_id` is what it was.
_KNOWN = """
SELECT identity.key, identity.contact_id, coalesce(identity.joined_from, identity.contact_id) AS own_id,
contact.language, contact.zone FROM identity JOIN contact ON contact.id = coalesce(joined_from, contact_id)
WHERE identity.key IN {keys}
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
    moved: list[tuple[str, int, int]] = []
    kept_as = joining.holders(_still_one(conn, stated, known, at))
    claimed: set[int] = set()
    for client, contact in stated:
        owned = list(_identity_keys(contact))
        before = _before(known, owned, claimed)
        row = _contact_row(client, contact)
        if before is None:
            number = next(fresh)
            new.append({"id": number, "email": contact.addresses.get("email"), "created_at": at, **row})
        else:
            # What the directory leaves out, the contact may have said themselves, as with /language.
            number = before.own_id
            kept = {"language": row["language"] or before.language, "zone": row["zone"] or before.zone}
            changed.append({"id": number, **row, **kept})
        claimed.add(number)
        holder = kept_as.get(ContactId(number), number)
        moved += [(key, known[key].contact_id, holder) for key in owned if key in known]
        is_joined = {"joined_from": number if holder != number else None, "is_verified": 1}
        identities += [
            {"key": key, "contact_id": holder, "source": "desk", "linked_at": at, **is_joined} for key in owned
        ]
    insert_many(conn, schema.contact, new)
    update_many(conn, schema.contact, changed)
    upsert_many(conn, schema.identity, identities)
    for key, old, holder in moved:
        if old != holder:  # an admin says whose it is, and what was said there is theirs as well
            joining.hand_on(conn, holder, [old], places=[key])
    gone = set(conn.execute(_FROM_DESK).scalars()) - set(keys)
    owners = sorted({row.contact_id for row in rows_by_keys(conn, _KNOWN, sorted(gone))})
    delete_many(conn, schema.identity, sorted(gone))
    # What a link proved of a contact ends with the last address the directory has of them.
    unlinked = [row.key for row in rows_by_keys(conn, _LINKED_ONLY, owners)]
    delete_many(conn, schema.identity, unlinked)
    lost = sorted({*owners, *(old for _, old, holder in moved if old != holder)})
    strayed = [ticket for contact in lost for ticket in joining.tickets_of(conn, ContactId(contact))]
    homing.go_home(conn, strayed, nobodys=[*gone, *unlinked])


def _before(known: Mapping[str, Row[Any]], owned: Sequence[str], claimed: Collection[int]) -> Row[Any] | None:
    """What a contact was before, by its first address that no other contact was known by."""
    found = [known[key] for key in owned if key in known and known[key].own_id not in claimed]
    return next((row for row in found if row.own_id == row.contact_id), next(iter(found), None))


def _still_one(
    conn: Connection, stated: Sequence[tuple[Client, Contact]], known: Mapping[str, Row[Any]], at: Instant
) -> list[joining.Joined]:
    """Contacts that are another one now; those that the directory has at different clients are two again."""
    whose = {
        known[key].own_id: client.id for client, contact in stated for key in _identity_keys(contact) if key in known
    }
    found = joining.joined(conn)
    apart = [one for one in found if {one.gone, one.kept} <= whose.keys() and whose[one.gone] != whose[one.kept]]
    for one in apart:
        joining.part(conn, one.gone)
        audit.append(conn, [audit.Deed(at, "apply", "parted", f"contact:{one.gone}", {"kept": one.kept})])
    return [one for one in found if one not in apart]


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

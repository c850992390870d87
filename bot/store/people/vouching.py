"""Who a signed token speaks of: the contact whose mail address it carries, if an admin wrote that address down.

The application around the widget proves a person, so an address in its token is as good as one in the desk directory.
One that it calls unverified never gets here (`adapters/inapp/identity.py` drops it), and a client it names as well has
to be that contact's. What a person types counts for nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row

from adapters.message import Channel, Identity, InboundMessage, Vouched
from bot.store.driver.bulk import delete_many, upsert_many
from bot.store.driver.look import rows_by_keys
from bot.store.tables import schema
from sla.duration import Instant

#: The source of an identity that only the host application's word makes a client's.
VOUCHED = "vouched"
#: The same where the word was a contact's address: the identity is that contact's as long as each token says so.
BY_ADDRESS = "address"

_BY_ADDRESS = """
SELECT identity.key, identity.is_verified, identity.source, contact.id, contact.client, contact.name, contact.language,
contact.zone
FROM identity JOIN contact ON contact.id = identity.contact_id
WHERE identity.source = 'desk' AND identity.key IN {keys}
"""


def own_client(row: Row[Any], *, has_token: bool) -> str | None:
    """The client an identity is proven to belong to, by itself or by an earlier token.

    Where a token speaks, `has_token`, what an earlier one said no longer counts: the host application may have thought
    better of it. What an admin wrote does count.
    """
    return row.client if row.is_verified and not (has_token and row.source in {VOUCHED, BY_ADDRESS}) else None


def spoken_of(
    conn: Connection, messages: Sequence[InboundMessage], known: dict[str, Row[Any]], *, now: Instant
) -> dict[str, Row[Any]]:
    """Who is known by their identity once the tokens have spoken; links are written, and taken back, as they say.

    An admin's own word about an identity stands. One that a token linked and this one does not is a stranger's again.
    """
    words = {one.sender.key: one.vouched for one in messages if one.vouched}
    words = {key: word for key, word in words.items() if key not in known or known[key].source != "desk"}
    if not words:
        return known
    found = contacts_of_words(conn, words)
    linked = {key: known[key] for key in words if key in known and known[key].source == BY_ADDRESS}
    gone = [key for key in linked if key not in found]
    delete_many(conn, schema.identity, sorted(gone))
    new = [key for key in sorted(found) if key not in linked or linked[key].id != found[key].id]
    upsert_many(conn, schema.identity, [_link(key, found[key].id, now) for key in new])
    return {key: row for key, row in known.items() if key not in gone} | found


def contacts_of_words(conn: Connection, words: Mapping[str, Vouched]) -> dict[str, Row[Any]]:
    """The contacts whose addresses these words of a host application carry, by whatever names a word here."""
    keys = {name: Identity(Channel.EMAIL, word.email.lower()).key for name, word in words.items() if word.email}
    found = {row.key: row for row in rows_by_keys(conn, _BY_ADDRESS, sorted(set(keys.values())))}
    return {
        name: found[key]
        for name, key in keys.items()
        if key in found and words[name].client in {None, found[key].client}
    }


def _link(key: str, contact: int, now: Instant) -> dict[str, Any]:
    return {"key": key, "contact_id": contact, "is_verified": 1, "source": BY_ADDRESS, "linked_at": now}

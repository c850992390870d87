"""The times that were offered last in a conversation, so that a number in answer to them means one; and who asks."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Connection

from adapters.message import Conversation, conversation_from_key
from bot.store.calls import calls
from bot.store.driver.bulk import delete_many, upsert_many
from bot.store.driver.ids import take
from bot.store.driver.look import rows_by_keys
from bot.store.facts import facts_of_tickets, lock_conversations, lock_tickets
from bot.store.people.arrivals import ContactRow, speaker_from_row
from bot.store.people.asking import going_on
from bot.store.people.vouching import own_client
from bot.store.revisions import Revisions
from bot.store.tables import call_schema, schema
from bot.tickets.calls.answering import Shown
from bot.tickets.calls.call import Call
from bot.tickets.facts import Facts, Talk
from bot.tickets.revision import Revision
from bot.tickets.ticket import ContactId, ConversationId, TicketId
from routing.people import ClientId, PersonId
from sla.duration import Instant

_OFFERS: Final = "SELECT * FROM call_offer WHERE conversation_id IN {keys}"
_TALKS: Final = "SELECT id, key, contact_id, rev, ticket_id FROM conversation WHERE id IN {keys}"
_NAMED: Final = "SELECT id, key, contact_id, rev, ticket_id FROM conversation WHERE key IN {keys}"
_CONTACTS: Final = "SELECT id, client, name, language, zone FROM contact WHERE id IN {keys}"
_OWNERS: Final = "SELECT contact_id FROM identity WHERE key IN {keys}"
_WHOSE: Final = """
SELECT call.key, call.client, ticket.contact_id, conversation.key AS place FROM call
JOIN ticket ON ticket.id = call.ticket_id JOIN conversation ON conversation.id = call.conversation_id
WHERE call.key IN {keys}
"""
_PROVEN: Final = """
SELECT contact.id, identity.is_verified, identity.source, contact.client FROM identity
JOIN contact ON contact.id = identity.contact_id WHERE contact.id IN {keys}
"""
#: Of milliseconds: centuries ahead, and far from what a database cannot count.
_DIGITS: Final = 13


@dataclass(frozen=True, slots=True)
class Offered:
    """One time that was offered; `is_waived`: we offered it in place of another, so its notice is not asked for."""

    person: PersonId
    begins_at: Instant
    is_waived: bool = False


def slot_to_text(time: Offered) -> str:
    """What a choice of a time stands for."""
    return f"{time.begins_at} {time.person}"


def slot_from_text(text: str) -> Offered | None:
    """Undo `slot_to_text`; None for what no form of ours offered."""
    at, _, person = text.partition(" ")
    if not (at.isascii() and at.isdigit() and len(at) <= _DIGITS and person):
        return None
    return Offered(PersonId(person), Instant(int(at)))


@dataclass(frozen=True, slots=True)
class Standing:
    """What was offered last in a conversation, and the time somebody wanted that was too soon.

    `moves` is the call that is to be held then instead of when it was. `contact` is whom it was offered to, of all who
    may write there. `first` are times that stand before the others
    whenever the offer is shown whole. `shown` says where it stands; None until it does.

    Where it was asked which call is meant, `among` are those to choose from by their keys, and no times are offered;
    `deed` is what shall be done with the one that is chosen, empty where nobody has said yet.
    """

    talk: ConversationId
    kind: str
    slots: tuple[Offered, ...]
    made_at: Instant
    ends_at: Instant
    moves: str = ""
    wanted_at: Instant | None = None
    wanted_of: str = ""
    first: tuple[Offered, ...] = ()
    shown: Shown | None = None
    contact: ContactId | None = None
    among: tuple[str, ...] = ()
    deed: str = ""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks for a call: a contact in one of their conversations, for a client that they are proven to belong to."""

    talk: ConversationId
    contact: ContactId
    client: ClientId


def asker_to_text(asker: Asker) -> str:
    """What a link to our pages stands for."""
    return f"{asker.talk} {asker.contact} {asker.client}"


def asker_from_text(subject: str) -> Asker:
    """Undo `asker_to_text`."""
    talk, contact, client = subject.split(" ", 2)
    return Asker(ConversationId(int(talk)), ContactId(int(contact)), ClientId(client))


def standing(conn: Connection, talk: ConversationId) -> Standing | None:
    """What was offered last there; it may be over."""
    for row in rows_by_keys(conn, _OFFERS, [talk]):
        slots = _times(row.slots)
        wanted_at = Instant(row.wanted_at) if row.wanted_at is not None else None
        made = Standing(talk, row.kind, slots, Instant(row.made_at), Instant(row.ends_at), row.moves, wanted_at)
        made = replace(made, wanted_of=row.wanted_of, contact=ContactId(row.contact_id))
        made = replace(made, among=tuple(row.among.split()), deed=row.deed)
        return replace(made, first=_times(row.first), shown=Shown(row.line, row.newest))
    return None


def put(conn: Connection, offer: Standing) -> None:
    """Keep what is offered now, in place of what was."""
    shown = offer.shown or Shown(0, 0)
    row = {
        "conversation_id": offer.talk,
        "contact_id": offer.contact or 0,
        "kind": offer.kind,
        "slots": _times_to_text(offer.slots),
        "first": _times_to_text(offer.first),
        "moves": offer.moves,
        "wanted_at": offer.wanted_at,
        "wanted_of": offer.wanted_of,
        "made_at": offer.made_at,
        "ends_at": offer.ends_at,
        "line": shown.line,
        "newest": shown.newest,
        "among": " ".join(offer.among),
        "deed": offer.deed,
    }
    upsert_many(conn, call_schema.call_offer, [row])


def _times(text: str) -> tuple[Offered, ...]:
    return tuple(Offered(PersonId(one[0]), Instant(one[1]), bool(one[2])) for one in json.loads(text))


def _times_to_text(times: Sequence[Offered]) -> str:
    return json.dumps([[one.person, one.begins_at, int(one.is_waived)] for one in times])


def drop(conn: Connection, talk: ConversationId) -> None:
    """Nothing is offered any more."""
    delete_many(conn, call_schema.call_offer, [talk])


def talk_named(conn: Connection, key: str) -> ConversationId | None:
    """The conversation of that key, if anybody has spoken in it."""
    return next((ConversationId(row.id) for row in rows_by_keys(conn, _NAMED, [key])), None)


@dataclass(frozen=True, slots=True)
class Place:
    """A conversation and whose it is."""

    talk: ConversationId
    contact: ContactId
    where: Conversation


def owner_of(conn: Connection, talk: ConversationId) -> Place | None:
    """The conversation of that number."""
    for row in rows_by_keys(conn, _TALKS, [talk]):
        return Place(talk, ContactId(row.contact_id), conversation_from_key(row.key))
    return None


def facts_of_asker(
    conn: Connection,
    revisions: Revisions,
    asker: Asker,
    *,
    now: Instant,
    about: TicketId | None = None,
    is_reading: bool = False,
) -> Facts | None:
    """The facts of a conversation as this contact asks in it; held until the transaction ends unless `is_reading`.

    `ticket` is the open one that a call would be about, or a resolved one whose call is still ahead; `about` asks for
    another than what is talked about now. `talk` is where they ask, wherever that ticket is talked about. None where
    the contact is not, or no longer, proven to belong to that client.
    """
    talks = rows_by_keys(conn, _TALKS, [asker.talk])
    contacts = rows_by_keys(conn, _CONTACTS, [asker.contact])
    if not talks or not contacts or not _belongs(conn, revisions, asker, talks[0].key):
        return None
    if not is_reading:
        lock_conversations(conn, [talks[0].key])
    (row,) = rows_by_keys(conn, _TALKS, [asker.talk])
    named = about if about is not None else row.ticket_id
    named = going_on(conn, [TicketId(named)])[TicketId(named)] if named is not None else None
    if named is not None and not is_reading:
        lock_tickets(conn, [named])
    revision = revisions.current
    one = contacts[0]
    seen = ContactRow(one.id, asker.client, one.name, one.language, one.zone)
    speaker = speaker_from_row(revision, seen, is_verified=True)
    where = conversation_from_key(row.key)
    last = TicketId(row.ticket_id) if row.ticket_id is not None else None
    talk = Talk(ConversationId(row.id), where, ContactId(row.contact_id), row.rev, last)
    current = facts_of_tickets(conn, revisions, [named] if named is not None else [], now=now)
    for facts in current.values():
        if facts.ticket is not None and (facts.ticket.status.is_open or _has_call_ahead(conn, facts)):
            return replace(facts, speaker=speaker, talk=talk)
    load = next((one.load for one in current.values()), {})
    return Facts(now, revision, revision, talk, speaker, TicketId(0), load=load)


def for_a_ticket(conn: Connection, facts: Facts) -> Facts:
    """The same facts with a number for the ticket that is opened by them, where there is none."""
    if facts.ticket is not None or facts.number:
        return facts
    (number,) = take(conn, schema.ticket, 1)
    return replace(facts, number=TicketId(number))


def strangers(conn: Connection, revision: Revision, found: Sequence[Call]) -> set[str]:
    """The calls whose client is gone, or whose contact is proven to be that client's no more; by their keys.

    Whoever turned out to be somebody else is looked for as who they are now.
    """
    rows = rows_by_keys(conn, _WHOSE, [one.key for one in found])
    theirs: dict[int, set[str | None]] = {}
    for row in rows_by_keys(conn, _PROVEN, sorted({row.contact_id for row in rows})):
        theirs.setdefault(row.id, set()).add(own_client(row, has_token=False))
    gone: set[str] = set()
    for row in rows:
        client, where = revision.client(ClientId(row.client)), conversation_from_key(row.place)
        is_place = client is not None and where.place in client.channels.get(where.channel, ())
        if client is None or not (is_place or row.client in theirs.get(row.contact_id, ())):
            gone.add(row.key)
    return gone


def _has_call_ahead(conn: Connection, facts: Facts) -> bool:
    """Whether the call of a ticket is still to be held: then it can be moved or cancelled, though all else is done."""
    found = calls.of_ticket(conn, facts.ticket.id) if facts.ticket is not None else []
    return any(one.is_ahead(facts.now) for one in found)


def _belongs(conn: Connection, revisions: Revisions, asker: Asker, key: str) -> bool:
    """Whether a contact is that client's by their own proof, or by the place they write in."""
    client = revisions.current.client(asker.client)
    where = conversation_from_key(key)
    if client is None or (str(where.channel), where.place) in revisions.current.suspended:
        return False
    if where.place in client.channels.get(where.channel, ()):
        return True
    owners = rows_by_keys(conn, _OWNERS, [f"{where.channel}:{where.place}"])
    if any(row.contact_id != asker.contact for row in owners):
        return False  # whoever was taken for them there is not any more
    proofs = rows_by_keys(conn, _PROVEN, [asker.contact])
    return any(own_client(row, has_token=False) == asker.client for row in proofs)

"""Two contacts that turn out to be one person: what the one had is the other's, until somebody says they are two.

    identities, conversations, tickets and calls of `gone` ──join──> `kept`'s, each with `joined_from` = gone
                                                  ──part──> back to `gone`, with what was said since through them

Who said what is told by each identity and each conversation, so nothing is lost by joining twice in a row. The contact
that is gone keeps its row: what the desk directory says of it is kept there. Bound by the transaction of the caller.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, text

from adapters.message import conversation_from_key
from bot.store import alarms
from bot.store.driver.bulk import delete_many, insert_many, update_many
from bot.store.driver.look import rows_by_keys
from bot.store.people import homing
from bot.store.remembered import recall, remember
from bot.store.tables import call_schema, care_schema, schema
from bot.tickets.ticket import ContactId, TicketId
from sla.duration import Instant

_ALL: Final = text("SELECT gone, kept, by, at FROM joined_contact ORDER BY gone")
_HOLD: Final = "SELECT id FROM contact WHERE id IN {keys} ORDER BY id FOR UPDATE"
_CLIENTS: Final = "SELECT id, client, name FROM contact WHERE id IN {keys}"
_IDENTITIES: Final = (
    "SELECT key, source, is_verified, joined_from FROM identity WHERE contact_id IN {keys} ORDER BY key"
)
_BY_ADDRESS: Final = "SELECT contact_id, joined_from FROM identity WHERE key IN {keys}"
_TALKS: Final = "SELECT id, key, joined_from FROM conversation WHERE contact_id IN {keys} ORDER BY id"
_CALLS: Final = "SELECT key, conversation_id, joined_from FROM call WHERE contact_id IN {keys} ORDER BY key"
_TICKETS: Final = "SELECT id, conversation_id, joined_from FROM ticket WHERE contact_id IN {keys} ORDER BY id"
#: Where each was first spoken about. What was merged into it was said on another one.
_BEGAN: Final = """
SELECT ticket_id, conversation_id, min(id) AS first FROM message
WHERE ticket_id IN {keys} AND direction = 'in' AND merged_from IS NULL
GROUP BY ticket_id, conversation_id ORDER BY first DESC
"""
_SERVED_AS: Final = (
    "SELECT DISTINCT client FROM ticket WHERE contact_id IN {keys} AND is_verified = 1 AND client IS NOT NULL"
)
_PROVEN: Final = text("SELECT count(*) FROM identity WHERE contact_id = :contact AND is_verified = 1")
_ORIGIN: Final = text("""
SELECT coalesce(ticket.joined_from, conversation.joined_from) AS own FROM ticket
JOIN conversation ON conversation.id = ticket.conversation_id WHERE ticket.id = :ticket
""")
_SPOKEN: Final = "SELECT id, language FROM contact WHERE id IN {keys}"
#: Whose language a contact has, where it is another's that turned out to be the same person, and which it had before.
_LEARNED: Final = "language of"
#: When a contact asked for a language last; what a channel says of itself is not asked for.
_WISHED: Final = "language asked"
#: What nobody has proven but the contact it was joined to.
SEEN: Final = "seen"


@dataclass(frozen=True, slots=True)
class Joined:
    """One contact that is another now, who said so and when."""

    gone: ContactId
    kept: ContactId
    by: str
    at: Instant


@dataclass(frozen=True, slots=True)
class Acquainted:
    """One contact that is another one, by name; `addresses` were the first one's."""

    joined: Joined
    gone: str
    kept: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Parted:
    """The tickets that went back to whose they were, and those that stayed and are talked about elsewhere again."""

    tickets: list[TicketId]
    strayed: list[TicketId]


@dataclass(frozen=True, slots=True)
class Person:
    """A contact as it stands: whose, and how it is called."""

    id: ContactId
    client: str | None
    name: str


def persons(conn: Connection, contacts: Sequence[ContactId], *, is_locked: bool = False) -> dict[ContactId, Person]:
    """Contacts by number; held until the transaction ends where they are to be changed."""
    if is_locked and conn.dialect.name != "sqlite":
        rows_by_keys(conn, _HOLD, sorted(contacts))
    rows = rows_by_keys(conn, _CLIENTS, sorted(contacts))
    return {ContactId(row.id): Person(ContactId(row.id), row.client, row.name) for row in rows}


def joined(conn: Connection) -> list[Joined]:
    """Every contact that is another one now."""
    return [Joined(ContactId(row.gone), ContactId(row.kept), row.by, Instant(row.at)) for row in conn.execute(_ALL)]


def joined_with_names(conn: Connection) -> list[Acquainted]:
    """The same with what people call them, and the addresses that are theirs."""
    known = joined(conn)
    names = persons(conn, sorted({number for one in known for number in (one.gone, one.kept)}))
    theirs: dict[int, list[str]] = {}
    for row in rows_by_keys(conn, _IDENTITIES, sorted({one.kept for one in known})):
        if row.joined_from is not None:
            theirs.setdefault(row.joined_from, []).append(row.key)
    return [
        Acquainted(one, names[one.gone].name, names[one.kept].name, tuple(theirs.get(one.gone, ()))) for one in known
    ]


def contact_of_address(conn: Connection, address: str) -> ContactId | None:
    """Whose an address is now, `telegram:5001`; None for one that nobody has written from."""
    return next((ContactId(row.contact_id) for row in rows_by_keys(conn, _BY_ADDRESS, [address])), None)


def origin_of_address(conn: Connection, address: str) -> ContactId | None:
    """Whose it was before that contact turned out to be another; None where that never happened."""
    rows = (row.joined_from for row in rows_by_keys(conn, _BY_ADDRESS, [address]))
    return next((ContactId(origin) for origin in rows if origin is not None), None)


def holders(known: Sequence[Joined]) -> dict[ContactId, ContactId]:
    """Which contact each one is in the end that is another one now."""
    nearest = {one.gone: one.kept for one in known}
    ends: dict[ContactId, ContactId] = {}
    for gone, kept in nearest.items():
        end = kept
        while end in nearest:
            end = nearest[end]
        ends[gone] = end
    return ends


def tickets_of(conn: Connection, contact: ContactId) -> list[TicketId]:
    """Every ticket that a contact has, oldest first."""
    return [TicketId(row.id) for row in rows_by_keys(conn, _TICKETS, [contact])]


def served_as(conn: Connection, contact: ContactId | int) -> set[str]:
    """The clients whose tickets somebody has: in a place that a client shares a stranger acts as that client."""
    return {row.client for row in rows_by_keys(conn, _SERVED_AS, [contact])}


def origin_of(conn: Connection, ticket: TicketId) -> ContactId | None:
    """The contact whose ticket it was before that one turned out to be another; None where that never happened."""
    found = conn.execute(_ORIGIN, {"ticket": ticket}).first()
    origin = found.own if found is not None else None
    return ContactId(origin) if origin is not None else None


def join(conn: Connection, *, kept: ContactId, gone: ContactId, by: str, at: Instant) -> bool:
    """Let everything that `gone` has be `kept`'s. False where that was so already, or where they are one."""
    persons(conn, [kept, gone], is_locked=True)
    known = joined(conn)
    if kept in _with_those_joined_to(gone, known) or gone in {one.gone for one in known}:
        return False
    insert_many(conn, care_schema.joined_contact, [{"gone": gone, "kept": kept, "by": by, "at": at}])
    is_proven = bool(conn.execute(_PROVEN, {"contact": kept}).scalar())
    update_many(
        conn,
        schema.identity,
        [
            {
                "key": row.key,
                "contact_id": kept,
                "joined_from": row.joined_from or gone,
                "is_verified": int(is_proven or bool(row.is_verified)),
            }
            for row in rows_by_keys(conn, _IDENTITIES, [gone])
        ],
    )
    for table, query in ((schema.conversation, _TALKS), (schema.ticket, _TICKETS)):
        rows = rows_by_keys(conn, query, [gone])
        moved = [{"id": row.id, "contact_id": kept, "joined_from": row.joined_from or gone} for row in rows]
        update_many(conn, table, moved)
    held = rows_by_keys(conn, _CALLS, [gone])
    moved = [{"key": row.key, "contact_id": kept, "joined_from": row.joined_from or gone} for row in held]
    update_many(conn, call_schema.call, moved)
    speak_as(conn, kept, gone, of=str(gone))
    look_at_calls(conn, at=at)
    return True


def look_at_calls(conn: Connection, *, at: Instant) -> None:
    """Who has a call has changed: somebody may have two at one time, or be nobody whom calls are for."""
    alarms.put(conn, [alarms.Alarm("calls:", at)])


def part(conn: Connection, gone: ContactId) -> Parted | None:
    """Undo it: what was `gone`'s, and what was said through it since, is its own again; None where there is nothing.

    A ticket is whose it was, or whoever's own place it began in; a place that several share tells nothing.
    """
    known = joined(conn)
    if gone not in {one.gone for one in known}:
        return None
    # Whoever had been joined to it before goes back with it, and stays what it is there.
    theirs = _with_those_joined_to(gone, known)
    holders = sorted({one.kept for one in known})
    delete_many(conn, care_schema.joined_contact, [gone])
    speak_apart(conn, next(one.kept for one in known if one.gone == gone), of=str(gone))
    identities = [row for row in rows_by_keys(conn, _IDENTITIES, holders) if row.joined_from in theirs]
    update_many(
        conn,
        schema.identity,
        [
            {
                "key": row.key,
                "contact_id": gone,
                "joined_from": None if row.joined_from == gone else row.joined_from,
                "is_verified": 0 if row.source == SEEN else row.is_verified,
            }
            for row in identities
        ],
    )
    places = {row.key: row.joined_from for row in identities}
    talks: dict[int, int] = {}
    own: dict[int, int] = {}
    for row in rows_by_keys(conn, _TALKS, holders):
        where = conversation_from_key(row.key)
        place = places.get(f"{where.channel}:{where.place}")
        origin = row.joined_from if row.joined_from is not None else place
        if origin in theirs:
            talks[row.id] = origin
        if place is not None:
            own[row.id] = place
    found = rows_by_keys(conn, _TICKETS, holders)
    began = _began(conn, [row.id for row in found])
    tickets = {row.id: row.joined_from or own.get(began.get(row.id, row.conversation_id)) for row in found}
    tickets = {number: origin for number, origin in tickets.items() if origin in theirs}
    for table, moved in ((schema.conversation, talks), (schema.ticket, tickets)):
        update_many(
            conn,
            table,
            [
                {"id": number, "contact_id": gone, "joined_from": None if origin == gone else origin}
                for number, origin in moved.items()
            ],
        )
    # A call is whose it was, or of whoever booked it where only they write.
    held = {row.key: row.joined_from or own.get(row.conversation_id) for row in rows_by_keys(conn, _CALLS, holders)}
    update_many(
        conn,
        call_schema.call,
        [
            {"key": key, "contact_id": gone, "joined_from": None if origin == gone else origin}
            for key, origin in held.items()
            if origin in theirs
        ],
    )
    strayed = homing.go_home(conn, sorted(tickets.keys() | {row.id for row in found if row.conversation_id in own}))
    numbers = [TicketId(number) for number in sorted(tickets)]
    return Parted(numbers, [one for one in strayed if one not in tickets])


def hand_on(conn: Connection, to: int, contacts: Sequence[int], *, places: Sequence[str] | None = None) -> None:
    """Let conversations of these contacts, their tickets and their calls, be somebody's for good.

    `places`: only what was said at these, `telegram:5001`, the tickets that began there, the calls booked there.
    """
    talks = rows_by_keys(conn, _TALKS, contacts)
    tickets, held = rows_by_keys(conn, _TICKETS, contacts), rows_by_keys(conn, _CALLS, contacts)
    if places is not None:
        wheres = {row.id: conversation_from_key(row.key) for row in talks}
        talks = [row for row in talks if f"{wheres[row.id].channel}:{wheres[row.id].place}" in places]
        ids = {row.id for row in talks}
        began = _began(conn, [row.id for row in tickets])
        tickets = [row for row in tickets if began.get(row.id, row.conversation_id) in ids]
        held = [row for row in held if row.conversation_id in ids]
    update_many(conn, schema.conversation, [{"id": row.id, "contact_id": to} for row in talks])
    update_many(conn, schema.ticket, [{"id": row.id, "contact_id": to} for row in tickets])
    update_many(conn, call_schema.call, [{"key": row.key, "contact_id": to} for row in held])


def wish(conn: Connection, contacts: Iterable[int], *, at: Instant) -> None:
    """These asked for the language they have now."""
    for contact in sorted({*contacts}):
        remember(conn, f"{_WISHED}:{contact}", str(at))


def speak_as(conn: Connection, kept: int, gone: int, *, of: str) -> None:
    """The language that was asked for last is the person's; nobody asked: one that only who is gone has.

    `of` names what made them one, for `speak_apart`.
    """
    spoken = {row.id: row.language for row in rows_by_keys(conn, _SPOKEN, [kept, gone])}
    wished = {one: int(recall(conn, f"{_WISHED}:{one}") or 0) for one in (kept, gone)}
    is_theirs = spoken[kept] is None or wished[gone] > wished[kept]
    if is_theirs and spoken[gone] is not None and spoken[gone] != spoken[kept]:
        update_many(conn, schema.contact, [{"id": kept, "language": spoken[gone]}])
        remember(conn, f"{_LEARNED}:{kept}", json.dumps({"of": of, "is": spoken[gone], "was": spoken[kept]}))


def speak_apart(conn: Connection, kept: int, *, of: str) -> str | None:
    """Parted, nobody keeps the other's language, unless they asked for another one since; gives what was learned."""
    learned = json.loads(recall(conn, f"{_LEARNED}:{kept}") or "{}")
    if not learned or learned["of"] != of:
        return None
    (row,) = rows_by_keys(conn, _SPOKEN, [kept])
    if row.language == learned["is"]:
        update_many(conn, schema.contact, [{"id": kept, "language": learned["was"]}])
    remember(conn, f"{_LEARNED}:{kept}", "")
    return str(learned["is"])


def _began(conn: Connection, tickets: Sequence[int]) -> dict[int, int]:
    """The conversation that each of these tickets began in, by the ticket's number."""
    return {row.ticket_id: row.conversation_id for row in rows_by_keys(conn, _BEGAN, tickets)}


def _with_those_joined_to(gone: ContactId, known: Sequence[Joined]) -> set[int]:
    theirs: set[int] = {gone}
    while more := {one.gone for one in known if one.kept in theirs} - theirs:
        theirs |= more
    return theirs

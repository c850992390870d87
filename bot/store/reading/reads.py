"""One ticket or one conversation, read whole for whoever shows it: the board, the command line, the in-app transcript.

Nothing here is locked and nothing is decided: what is read may have changed by the time somebody sees it. Lists of
tickets are in `queue.py`, what a person was told in `alerts.py`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, text

from adapters.message import Attachment, Untrusted, Vouched, conversation_from_key
from bot.store.channels import margins
from bot.store.csat import asked_about
from bot.store.delivery import failing
from bot.store.delivery.alert_receipts import AlertReceipt, alert_receipts
from bot.store.driver.look import rows_by_keys
from bot.store.facts import facts_of_tickets, ticket_from_row
from bot.store.people.vouching import contacts_of_words, own_client
from bot.store.revisions import Revisions
from bot.tickets.care.csat import Csat
from bot.tickets.facts import Event, Facts, Line
from bot.tickets.margin import Margin
from bot.tickets.ticket import ContactId, MessageId, Ticket, TicketId
from routing.people import ClientId, PersonId
from sla.duration import Instant

_COLUMNS = """
SELECT message.id, message.rev, message.direction, message.kind, message.author, message.reply_kind, message.text,
message.at, message.state, message.external_id, message.is_edited, message.is_deleted, conversation.key,
EXISTS (SELECT 1 FROM attachment WHERE attachment.message_id = message.id) AS has_files
FROM message JOIN conversation ON conversation.id = message.conversation_id
"""
_OF_CONVERSATION = text(f"{_COLUMNS} WHERE conversation.key = :key AND message.rev > :after ORDER BY message.id")
#: What `lines_by_ids` asks, for whoever asks it with other things.
BY_IDS = f"{_COLUMNS} WHERE message.id IN {{keys}}"
_OF_TICKETS = f"{_COLUMNS} WHERE message.ticket_id IN {{keys}} ORDER BY message.id"
_LATEST_TICKET = """
SELECT max(ticket.id) AS id FROM ticket JOIN conversation ON conversation.id = ticket.conversation_id
WHERE conversation.key IN {keys} GROUP BY conversation.key
"""
_HEADS = "SELECT key, rev FROM conversation WHERE key IN {keys}"
_ATTACHMENTS = (
    "SELECT message_id, name, type, size, digest, note FROM attachment WHERE message_id IN {keys} ORDER BY id"
)
_VERSIONS = "SELECT message_id, text, at FROM message_version WHERE message_id IN {keys} ORDER BY message_id, version"
_NOTES = "SELECT id, author, text, at FROM note WHERE ticket_id IN {keys} ORDER BY id"
_EVENTS = "SELECT what, by, why, particulars, at FROM event WHERE ticket_id IN {keys} ORDER BY id"
_DELIVERIES = """
SELECT id, message_id, state, attempts, not_before, error FROM outbox WHERE message_id IN {keys} ORDER BY id
"""
_IDENTITIES = "SELECT key, is_verified FROM identity WHERE contact_id IN {keys} ORDER BY key"
_ACQUAINTANCE = """
SELECT contact.id, contact.client, contact.language, contact.zone, identity.is_verified, identity.source
FROM identity JOIN contact ON contact.id = identity.contact_id WHERE identity.key IN {keys}
"""
_LATEST_ASSIGNEE = """
SELECT assignee FROM ticket WHERE contact_id IN {keys} AND is_current = 1 ORDER BY id DESC LIMIT 1
"""
_RELATED = "SELECT * FROM ticket WHERE contact_id IN {keys} ORDER BY id DESC LIMIT 20"
_MAY_READ = text("""
SELECT 1 FROM attachment JOIN message ON message.id = attachment.message_id
JOIN conversation ON conversation.id = message.conversation_id
WHERE attachment.digest = :digest AND conversation.key = :key LIMIT 1
""")
_FILE = text("SELECT name, type, size, digest, note FROM attachment WHERE digest = :digest ORDER BY id LIMIT 1")


@dataclass(frozen=True, slots=True)
class Acquaintance:
    """A contact as greeted: whose they are if that is proven, how they read, and who has their open ticket."""

    contact: ContactId
    client: ClientId | None
    language: str | None
    zone: str | None
    assignee: PersonId | None


@dataclass(frozen=True, slots=True)
class Version:
    """An earlier wording of a line, and until when it stood."""

    text: str
    at: Instant


@dataclass(frozen=True, slots=True)
class NoteLine:
    """A note as stored: staff only."""

    id: int
    author: PersonId
    text: str
    at: Instant


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a line of ours is faring on its way out; `state` is the outbox row's."""

    id: int
    state: str
    attempts: int
    not_before: Instant
    error: str


@dataclass(frozen=True, slots=True)
class Page:
    """One ticket with everything that was said, noted, promised and done on it.

    `facts.ticket` is the ticket and `facts.clocks` all of its clocks, past ones too. `versions` and `deliveries` go by
    the line's id. `addresses` are the contact's identities with whether each is proven. `related` are other tickets of
    the same contact, newest first. `margins` go by the line's id as well; `failing` are addresses that nothing arrives
    at, with the reason. `alerts` are what our people were alerted of, the oldest first. `csat` is what the client was
    asked and said of how it went.
    """

    facts: Facts
    ticket: Ticket
    lines: tuple[Line, ...]
    versions: Mapping[MessageId, tuple[Version, ...]]
    deliveries: Mapping[MessageId, Delivery]
    notes: tuple[NoteLine, ...]
    events: tuple[Event, ...]
    addresses: tuple[tuple[str, bool], ...]
    related: tuple[Ticket, ...]
    margins: Mapping[MessageId, Margin] = field(default_factory=dict)
    failing: Mapping[str, str] = field(default_factory=dict)
    alerts: tuple[AlertReceipt, ...] = ()
    csat: Csat | None = None


def page(conn: Connection, revisions: Revisions, ticket_id: TicketId, *, now: Instant) -> Page | None:
    """Everything about one ticket; None for a number that does not exist."""
    facts = facts_of_tickets(conn, revisions, [ticket_id], now=now, is_whole=True).get(ticket_id)
    if facts is None or facts.ticket is None:
        return None
    lines = lines_of_ticket(conn, ticket_id)
    ids = [line.id for line in lines]
    identities = rows_by_keys(conn, _IDENTITIES, [facts.ticket.contact])
    events = tuple(_event(row) for row in rows_by_keys(conn, _EVENTS, [ticket_id]))
    return Page(
        facts=facts,
        ticket=facts.ticket,
        lines=lines,
        versions=_versions(conn, ids),
        deliveries=_deliveries(conn, ids),
        notes=tuple(
            NoteLine(row.id, PersonId(row.author), row.text, row.at) for row in rows_by_keys(conn, _NOTES, [ticket_id])
        ),
        events=events,
        alerts=alert_receipts(conn, ticket_id, events),
        addresses=tuple((row.key, bool(row.is_verified)) for row in identities),
        related=tuple(
            ticket_from_row(row) for row in rows_by_keys(conn, _RELATED, [facts.ticket.contact]) if row.id != ticket_id
        ),
        csat=asked_about(conn, [ticket_id]).get(ticket_id),
        margins={MessageId(one): margin for one, margin in margins.of_messages(conn, ids).items()},
        failing=failing.failing(conn, [row.key for row in identities]),
    )


def lines_of_ticket(conn: Connection, ticket_id: TicketId) -> tuple[Line, ...]:
    """The transcript of one ticket, in the order it was recorded; notes are not in it."""
    return _lines(conn, rows_by_keys(conn, _OF_TICKETS, [ticket_id]))


def lines_of_conversation(conn: Connection, conversation_key: str, after_rev: int) -> tuple[Line, ...]:
    """Every line of a conversation that is new or was changed after `after_rev`, in the order first recorded.

    A deleted line has no words left; what it said is kept as a version, for staff.
    """
    return _lines(conn, conn.execute(_OF_CONVERSATION, {"key": conversation_key, "after": after_rev}).all())


def lines_by_ids(conn: Connection, ids: Sequence[int]) -> dict[MessageId, Line]:
    """Lines by their ids, wherever they stand."""
    rows = rows_by_keys(conn, BY_IDS, ids)
    return {line.id: line for line in _lines(conn, rows)}


def heads(conn: Connection, conversation_keys: Sequence[str]) -> dict[str, int]:
    """The greatest `rev` of each conversation; one that does not exist is left out."""
    return {row.key: row.rev for row in rows_by_keys(conn, _HEADS, conversation_keys)}


def acquaintance(conn: Connection, identity_key: str, vouched: Vouched | None = None) -> Acquaintance | None:
    """What we know of whoever holds this identity and what their token says, if any; None before their first word."""
    row = next(iter(rows_by_keys(conn, _ACQUAINTANCE, [identity_key])), None)
    if vouched is not None and (row is None or row.source != "desk"):
        row = contacts_of_words(conn, {identity_key: vouched}).get(identity_key, row)
    if row is None:
        return None
    latest = next(iter(rows_by_keys(conn, _LATEST_ASSIGNEE, [row.id])), None)
    own = own_client(row, has_token=vouched is not None)
    return Acquaintance(
        contact=ContactId(row.id),
        client=ClientId(own) if own else None,
        language=row.language,
        zone=row.zone,
        assignee=PersonId(latest.assignee) if latest is not None and latest.assignee else None,
    )


def latest_ticket(conn: Connection, conversation_key: str) -> TicketId | None:
    """The ticket that a conversation is about, or was about last; None where nothing was said yet."""
    found = next(iter(rows_by_keys(conn, _LATEST_TICKET, [conversation_key])), None)
    return TicketId(found.id) if found is not None else None


def may_read_file(conn: Connection, conversation_key: str, digest: str) -> bool:
    """Whether a file was sent in that conversation, either way."""
    return conn.execute(_MAY_READ, {"key": conversation_key, "digest": digest}).first() is not None


def file_named(conn: Connection, digest: str) -> Attachment | None:
    """A file of any conversation by its digest, for staff."""
    row = conn.execute(_FILE, {"digest": digest}).first()
    return _attachment(row) if row else None


def _lines(conn: Connection, rows: Sequence[Row[Any]]) -> tuple[Line, ...]:
    attached: dict[int, tuple[Attachment, ...]] = {}
    for row in rows_by_keys(conn, _ATTACHMENTS, [row.id for row in rows if row.has_files]):
        attached[row.message_id] = (*attached.get(row.message_id, ()), _attachment(row))
    return tuple(
        Line(
            id=MessageId(row.id),
            rev=row.rev,
            direction=row.direction,
            kind=row.kind,
            author=row.author,
            channel=conversation_from_key(row.key).channel,
            text=row.text,
            at=row.at,
            state=row.state,
            reply_kind=row.reply_kind,
            external_id=row.external_id,
            is_edited=bool(row.is_edited),
            is_deleted=bool(row.is_deleted),
            attachments=attached.get(row.id, ()),
        )
        for row in rows
    )


def _attachment(row: Row[Any]) -> Attachment:
    return Attachment(Untrusted(row.name), row.type, row.size, row.digest, row.note)


def _versions(conn: Connection, ids: Sequence[int]) -> dict[MessageId, tuple[Version, ...]]:
    versions: dict[MessageId, tuple[Version, ...]] = {}
    for row in rows_by_keys(conn, _VERSIONS, ids):
        versions[row.message_id] = (*versions.get(row.message_id, ()), Version(row.text, row.at))
    return versions


def _deliveries(conn: Connection, ids: Sequence[int]) -> dict[MessageId, Delivery]:
    return {
        row.message_id: Delivery(row.id, row.state, row.attempts, row.not_before, row.error)
        for row in rows_by_keys(conn, _DELIVERIES, ids)
    }


def _event(row: Row[Any]) -> Event:
    return Event(row.what, row.at, row.by, row.why, json.loads(row.particulars or "{}"))

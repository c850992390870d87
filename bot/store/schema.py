"""Every table, once, for SQLite and PostgreSQL alike.

Moments are instants: epoch milliseconds in a 64-bit integer, never a database's own date type. On SQLite the tables are
STRICT, so a text or a float in such a column is an error and not a surprise. Truth values are 0 and 1. Staff-only notes
share no table with anything a client may see.

Where rows are found by a text key and written with every message, SQLite keeps the row in the key's own tree.
"""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

#: States of a ticket that somebody still works on, of outbox rows that are not over, of clocks that count in reports.
OPEN: Final = ("new", "open", "waiting_client", "waiting_third_party")
ON_ITS_WAY: Final = ("pending", "postponed", "sending", "uncertain")
SETTLED: Final = ("met", "met_late", "breached", "retracted")


def is_one_of(column: str, states: Iterable[str]) -> str:
    """A condition of a partial index, which serves only queries that say it in the same words.

    Without IN: SQLite builds the list behind an IN anew for each row that it writes, which took longer than the row.
    """
    conditions = [f"{column} = '{state}'" for state in states]
    return f"({' OR '.join(conditions)})"


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: 64 bits on both databases; SQLite wants the word INTEGER for its row ids and in STRICT tables.
Whole = BigInteger().with_variant(Integer(), "sqlite")


def _table(name: str, *columns: Column[object] | UniqueConstraint | Index, is_keyed: bool = False) -> Table:
    return Table(name, metadata, *columns, sqlite_strict=True, sqlite_with_rowid=not is_keyed)


def _index(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """A partial index."""
    return Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))


def _id() -> Column[object]:
    return Column("id", Whole, primary_key=True, autoincrement=False)


def _at(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, Whole, nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, Text, nullable=nullable)


def _flag(name: str) -> Column[object]:
    return Column(name, Whole, nullable=False, default=0)


def _count(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, Whole, nullable=nullable, default=None if nullable else 0)


def _ref(name: str, target: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, Whole, ForeignKey(target), nullable=nullable)


revision = _table(
    "revision",
    Column("number", Whole, primary_key=True, autoincrement=False),
    _text("digest"),
    _text("document"),
    _at("applied_at"),
    _text("applied_by"),
)
contact = _table(
    "contact",
    _id(),
    _text("client", nullable=True),
    _text("name"),
    _text("language", nullable=True),
    _text("zone", nullable=True),
    _text("email", nullable=True),
    _at("created_at"),
)
identity = _table(
    "identity",
    Column("key", Text, primary_key=True),
    _ref("contact_id", "contact.id"),
    _flag("is_verified"),
    _text("source"),
    _at("linked_at"),
    Index("ix_identity_contact_id", "contact_id"),
    is_keyed=True,
)
conversation = _table(
    "conversation",
    _id(),
    Column("key", Text, nullable=False, unique=True),
    _ref("contact_id", "contact.id"),
    _count("rev"),
    # The latest ticket of this conversation; no foreign key, because the two tables would point at each other.
    _count("ticket_id", nullable=True),
    _at("created_at"),
)
ticket = _table(
    "ticket",
    _id(),
    _count("version"),
    _text("status"),
    _ref("conversation_id", "conversation.id"),
    _ref("contact_id", "contact.id"),
    _text("client", nullable=True),
    _text("plan"),
    _text("policy"),
    _count("revision"),
    _text("urgency"),
    _text("kind", nullable=True),
    _text("channel"),
    _text("subject"),
    _text("assignee", nullable=True),
    _text("rule"),
    _text("line"),
    _flag("is_verified"),
    _flag("is_unreadable"),
    _flag("is_current"),
    _flag("has_reply"),
    _at("opened_at"),
    _at("client_spoke_at"),
    _at("staff_spoke_at", nullable=True),
    _at("resolved_at", nullable=True),
    _at("reopened_at", nullable=True),
    _at("unset_reply_at", nullable=True),
    _at("next_due", nullable=True),
    # How far it was escalated; almost every ticket never is.
    _text("ladder", nullable=True),
    _count("merged_into", nullable=True),
    _text("not_covered", nullable=True),
    # At most one current open ticket per conversation is this index, not a hope.
    _index("uq_ticket_current", "conversation_id", unique=True, where="is_current = 1"),
    # Resolved and closed tickets are most of the table; the queue of open ones stays small and ordered.
    _index("ix_ticket_queue", "next_due", "id", where=is_one_of("status", OPEN)),
    _index("ix_ticket_waiting_list", "line", where=f"assignee IS NULL AND {is_one_of('status', OPEN)}"),
    Index("ix_ticket_contact_id", "contact_id"),
)
message = _table(
    "message",
    _id(),
    _text("key", nullable=True),
    # A word that opened no ticket, such as /help before anything was asked, belongs to its conversation alone.
    _ref("ticket_id", "ticket.id", nullable=True),
    _ref("conversation_id", "conversation.id"),
    _count("rev"),
    _text("direction"),
    _text("kind"),
    _text("author", nullable=True),
    _text("reply_kind", nullable=True),
    _text("text"),
    _at("at"),
    _at("recorded_at"),
    _text("state"),
    _text("external_id", nullable=True),
    _flag("is_edited"),
    _flag("is_deleted"),
    # Which ticket it was said on, where that one was merged into `ticket_id` later.
    _count("merged_from", nullable=True),
    _index("uq_message_key", "key", unique=True, where="key IS NOT NULL"),
    Index("ix_message_ticket_id", "ticket_id"),
    Index("uq_message_conversation_id_rev", "conversation_id", "rev", unique=True),
)
message_version = _table(
    "message_version",
    Column("message_id", Whole, ForeignKey("message.id"), primary_key=True, autoincrement=False),
    Column("version", Whole, primary_key=True, autoincrement=False),
    _text("text"),
    _at("at"),
)
note = _table(
    "note",
    _id(),
    _ref("ticket_id", "ticket.id"),
    _text("author"),
    _text("text"),
    _at("at"),
    _count("merged_from", nullable=True),
    Index("ix_note_ticket_id", "ticket_id"),
)
attachment = _table(
    "attachment",
    _id(),
    _ref("message_id", "message.id"),
    _text("name"),
    _text("type"),
    _count("size"),
    _text("digest", nullable=True),
    _text("note"),
    Index("ix_attachment_message_id", "message_id"),
    Index("ix_attachment_digest", "digest"),
)
clock = _table(
    "clock",
    Column("ticket_id", Whole, ForeignKey("ticket.id"), primary_key=True, autoincrement=False),
    Column("metric", Text, primary_key=True),
    Column("started_at", Whole, primary_key=True, autoincrement=False),
    _text("state"),
    _at("due_at", nullable=True),
    _at("breached_at", nullable=True),
    _at("satisfied_at", nullable=True),
    _text("value"),
    # What is broken now, and how many promises of a month were kept, without a look at every clock there ever was.
    _index("ix_clock_settled", "state", "started_at", where=is_one_of("state", SETTLED)),
    is_keyed=True,
)
alarm = _table(
    "alarm",
    Column("owner", Text, primary_key=True),
    _at("due_at"),
    _count("ticket_id", nullable=True),
    Index("ix_alarm_due_at", "due_at"),
    is_keyed=True,
)
event = _table(
    "event",
    _id(),
    _ref("ticket_id", "ticket.id"),
    _text("what"),
    _text("by"),
    _text("why"),
    _text("particulars"),
    _at("at"),
    _at("recorded_at"),
    Index("ix_event_ticket_id", "ticket_id"),
)
audit = _table(
    "audit",
    _id(),
    _at("at"),
    _text("actor"),
    _text("action"),
    _text("subject"),
    _text("particulars"),
)
inbound = _table(
    "inbound",
    _id(),
    Column("key", Text, nullable=False, unique=True),
    _text("channel"),
    _text("account"),
    _text("external_id"),
    _text("lane"),
    Column("payload", LargeBinary, nullable=False),
    _at("received_at"),
    _text("state"),
    _text("reason"),
    _index("ix_inbound_new", "id", where="state = 'new'"),
    _index("ix_inbound_dead", "id", where="state = 'dead'"),
    # Payloads of one lane are decided in their order, so each asks whether an older one of its lane is still new.
    _index("ix_inbound_lane", "lane", "id", where="state = 'new'"),
)
cursor = _table("cursor", Column("key", Text, primary_key=True), _text("value"), _at("moved_at"))
outbox = _table(
    "outbox",
    _id(),
    Column("key", Text, nullable=False, unique=True),
    _text("channel"),
    _text("lane"),
    _text("what"),
    _count("ticket_id", nullable=True),
    _count("message_id", nullable=True),
    _text("person", nullable=True),
    _text("slot", nullable=True),
    _text("payload"),
    _text("guard"),
    _count("priority"),
    _text("state"),
    _count("attempts"),
    _at("not_before"),
    _at("created_at"),
    _text("claimed_by", nullable=True),
    _at("claimed_until", nullable=True),
    _text("error"),
    _index("ix_outbox_waiting", "priority", "id", where=is_one_of("state", ON_ITS_WAY)),
    # A lane is sent in its order, so each row asks whether an older one of its lane is still on its way.
    _index("ix_outbox_lane", "lane", "id", where=is_one_of("state", ON_ITS_WAY)),
    # A card that waits already is drawn when it leaves, so whatever changes meanwhile needs no further row.
    _index("ix_outbox_slot", "slot", "id", where="slot IS NOT NULL AND state IN ('pending', 'postponed')"),
    Index("ix_outbox_ticket_id", "ticket_id"),
    _index("ix_outbox_message_id", "message_id", where="message_id IS NOT NULL"),
    _index("ix_outbox_person", "person", "id", where="what = 'ping'"),
)
receipt = _table(
    "receipt",
    Column("outbox_id", Whole, ForeignKey("outbox.id"), primary_key=True, autoincrement=False),
    _text("slot", nullable=True),
    _text("lane"),
    _text("external_id"),
    _at("at"),
    Index("ix_receipt_slot", "slot", "lane", "outbox_id"),
    Index("ix_receipt_external_id", "external_id"),
)
lease = _table(
    "lease",
    Column("name", Text, primary_key=True),
    _text("owner"),
    _count("epoch"),
    _at("expires_at"),
)
link_token = _table(
    "link_token",
    Column("digest", Text, primary_key=True),
    _text("purpose"),
    _text("subject"),
    _count("uses_left"),
    _at("created_at"),
    _at("expires_at"),
)
session = _table(
    "session",
    Column("digest", Text, primary_key=True),
    _text("person"),
    _at("created_at"),
    _at("expires_at"),
)
press = _table("press", Column("key", Text, primary_key=True), _text("answer"), _at("at"))
load = _table("load", Column("person", Text, primary_key=True), _count("tickets"))
high_load = _table(
    "high_load", Column("line", Text, primary_key=True), _flag("is_high"), _text("by"), _at("at"), is_keyed=True
)
setting = _table("setting", Column("key", Text, primary_key=True), _text("value"))

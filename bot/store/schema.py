"""Every table, once, for SQLite and PostgreSQL alike.

Moments are instants: epoch milliseconds in a 64-bit integer, never a database's own date type. On SQLite the tables are
STRICT, so a text or a float in such a column is an error and not a surprise. Truth values are 0 and 1. Staff-only notes
share no table with anything a client may see.
"""

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


def _table(name: str, *columns: Column[object] | UniqueConstraint | Index) -> Table:
    return Table(name, metadata, *columns, sqlite_strict=True)


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
    # At most one current open ticket per conversation is this index, not a hope.
    Index(
        "uq_ticket_current",
        "conversation_id",
        unique=True,
        sqlite_where=text("is_current = 1"),
        postgresql_where=text("is_current = 1"),
    ),
    # Resolved and closed tickets are most of the table; the queue of open ones stays small and ordered.
    Index(
        "ix_ticket_queue",
        "next_due",
        "id",
        sqlite_where=text("status IN ('new', 'open', 'waiting_client', 'waiting_third_party')"),
        postgresql_where=text("status IN ('new', 'open', 'waiting_client', 'waiting_third_party')"),
    ),
    Index(
        "ix_ticket_waiting_list",
        "line",
        sqlite_where=text("assignee IS NULL AND status IN ('new', 'open', 'waiting_client', 'waiting_third_party')"),
        postgresql_where=text(
            "assignee IS NULL AND status IN ('new', 'open', 'waiting_client', 'waiting_third_party')"
        ),
    ),
    Index("ix_ticket_contact_id", "contact_id"),
)
message = _table(
    "message",
    _id(),
    Column("key", Text, nullable=True, unique=True),
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
    Index(
        "ix_clock_settled",
        "state",
        "started_at",
        sqlite_where=text("state IN ('met', 'met_late', 'breached', 'retracted')"),
        postgresql_where=text("state IN ('met', 'met_late', 'breached', 'retracted')"),
    ),
)
alarm = _table(
    "alarm",
    Column("owner", Text, primary_key=True),
    _at("due_at"),
    _count("ticket_id", nullable=True),
    Index("ix_alarm_due_at", "due_at"),
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
    Index("ix_inbound_new", "id", sqlite_where=text("state = 'new'"), postgresql_where=text("state = 'new'")),
    Index("ix_inbound_dead", "id", sqlite_where=text("state = 'dead'"), postgresql_where=text("state = 'dead'")),
    # Payloads of one lane are decided in their order, so each asks whether an older one of its lane is still new.
    Index("ix_inbound_lane", "lane", "id", sqlite_where=text("state = 'new'"), postgresql_where=text("state = 'new'")),
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
    Index(
        "ix_outbox_waiting",
        "priority",
        "id",
        sqlite_where=text("state IN ('pending', 'postponed', 'sending', 'uncertain')"),
        postgresql_where=text("state IN ('pending', 'postponed', 'sending', 'uncertain')"),
    ),
    # A lane is sent in its order, so each row asks whether an older one of its lane is still on its way.
    Index(
        "ix_outbox_lane",
        "lane",
        "id",
        sqlite_where=text("state IN ('pending', 'postponed', 'sending', 'uncertain')"),
        postgresql_where=text("state IN ('pending', 'postponed', 'sending', 'uncertain')"),
    ),
    # A card that waits already is drawn when it leaves, so whatever changes meanwhile needs no further row.
    Index(
        "ix_outbox_slot",
        "slot",
        "id",
        sqlite_where=text("state IN ('pending', 'postponed')"),
        postgresql_where=text("state IN ('pending', 'postponed')"),
    ),
    Index("ix_outbox_ticket_id", "ticket_id"),
    Index("ix_outbox_message_id", "message_id"),
    Index(
        "ix_outbox_person", "person", "id", sqlite_where=text("what = 'ping'"), postgresql_where=text("what = 'ping'")
    ),
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
setting = _table("setting", Column("key", Text, primary_key=True), _text("value"))

"""Every table, once, for SQLite and PostgreSQL alike.

`columns` says what they are made of, `channel_schema` has those of the channels. Staff-only notes share no table with
anything a client may see.

Where rows are found by a text key and written with every message, SQLite keeps the row in the key's own tree.
"""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, Text

from bot.store.tables.columns import Whole, flag, moment, partial_index, reference, row_id, table, whole, words

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


revision = table(
    "revision",
    Column("number", Whole, primary_key=True, autoincrement=False),
    words("digest"),
    words("document"),
    moment("applied_at"),
    words("applied_by"),
)
contact = table(
    "contact",
    row_id(),
    words("client", nullable=True),
    words("name"),
    words("language", nullable=True),
    words("zone", nullable=True),
    words("email", nullable=True),
    moment("created_at"),
)
identity = table(
    "identity",
    Column("key", Text, primary_key=True),
    reference("contact_id", "contact.id"),
    flag("is_verified"),
    words("source"),
    moment("linked_at"),
    # Whose it was before that contact turned out to be another one; see `joining`.
    whole("joined_from", nullable=True),
    Index("ix_identity_contact_id", "contact_id"),
    is_keyed=True,
)
conversation = table(
    "conversation",
    row_id(),
    Column("key", Text, nullable=False, unique=True),
    reference("contact_id", "contact.id"),
    whole("rev"),
    # The latest ticket of this conversation; no foreign key, because the two tables would point at each other.
    whole("ticket_id", nullable=True),
    moment("created_at"),
    whole("joined_from", nullable=True),
    Index("ix_conversation_contact_id", "contact_id"),
)
ticket = table(
    "ticket",
    row_id(),
    whole("version"),
    words("status"),
    reference("conversation_id", "conversation.id"),
    reference("contact_id", "contact.id"),
    words("client", nullable=True),
    words("plan"),
    words("policy"),
    whole("revision"),
    words("urgency"),
    words("kind", nullable=True),
    words("channel"),
    words("subject"),
    words("assignee", nullable=True),
    words("rule"),
    words("line"),
    flag("is_verified"),
    flag("is_unreadable"),
    flag("is_current"),
    flag("has_reply"),
    moment("opened_at"),
    moment("client_spoke_at"),
    moment("staff_spoke_at", nullable=True),
    moment("resolved_at", nullable=True),
    moment("reopened_at", nullable=True),
    moment("told_back_at", nullable=True),
    moment("told_due_at", nullable=True),
    moment("unset_reply_at", nullable=True),
    moment("next_due", nullable=True),
    # How far it was escalated; almost every ticket never is.
    words("ladder", nullable=True),
    whole("merged_into", nullable=True),
    words("not_covered", nullable=True),
    words("passed_over", nullable=True),
    words("judged", nullable=True),
    moment("snoozed_until", nullable=True),
    flag("is_ahead"),
    whole("same_as", nullable=True),
    words("agreed", nullable=True),
    whole("joined_from", nullable=True),
    # At most one current open ticket per conversation is this index, not a hope.
    partial_index("uq_ticket_current", "conversation_id", unique=True, where="is_current = 1"),
    # Resolved and closed tickets are most of the table; the queue of open ones stays small and ordered.
    partial_index("ix_ticket_queue", "next_due", "id", where=is_one_of("status", OPEN)),
    partial_index("ix_ticket_waiting_list", "line", where=f"assignee IS NULL AND {is_one_of('status', OPEN)}"),
    # What one person has is asked as each of their shifts begins and ends, with messages waiting behind the question.
    partial_index("ix_ticket_assignee", "assignee", "id", where=is_one_of("status", OPEN)),
    Index("ix_ticket_contact_id", "contact_id"),
    # What was resolved lately may yet be spoken about; the many that were resolved long ago are not looked at.
    partial_index("ix_ticket_resolved_at", "resolved_at", where="resolved_at IS NOT NULL"),
)
message = table(
    "message",
    row_id(),
    words("key", nullable=True),
    # A word that opened no ticket, such as /help before anything was asked, belongs to its conversation alone.
    reference("ticket_id", "ticket.id", nullable=True),
    reference("conversation_id", "conversation.id"),
    whole("rev"),
    words("direction"),
    words("kind"),
    words("author", nullable=True),
    words("reply_kind", nullable=True),
    words("text"),
    moment("at"),
    moment("recorded_at"),
    words("state"),
    words("external_id", nullable=True),
    flag("is_edited"),
    flag("is_deleted"),
    # Which ticket it was said on, where that one was merged into `ticket_id` later.
    whole("merged_from", nullable=True),
    partial_index("uq_message_key", "key", unique=True, where="key IS NOT NULL"),
    Index("ix_message_ticket_id", "ticket_id"),
    Index("uq_message_conversation_id_rev", "conversation_id", "rev", unique=True),
)
message_version = table(
    "message_version",
    Column("message_id", Whole, ForeignKey("message.id"), primary_key=True, autoincrement=False),
    Column("version", Whole, primary_key=True, autoincrement=False),
    words("text"),
    moment("at"),
)
note = table(
    "note",
    row_id(),
    reference("ticket_id", "ticket.id"),
    words("author"),
    words("text"),
    moment("at"),
    whole("merged_from", nullable=True),
    Index("ix_note_ticket_id", "ticket_id"),
)
attachment = table(
    "attachment",
    row_id(),
    reference("message_id", "message.id"),
    words("name"),
    words("type"),
    whole("size"),
    words("digest", nullable=True),
    words("note"),
    Index("ix_attachment_message_id", "message_id"),
    Index("ix_attachment_digest", "digest"),
)
clock = table(
    "clock",
    Column("ticket_id", Whole, ForeignKey("ticket.id"), primary_key=True, autoincrement=False),
    Column("metric", Text, primary_key=True),
    Column("started_at", Whole, primary_key=True, autoincrement=False),
    words("state"),
    moment("due_at", nullable=True),
    moment("breached_at", nullable=True),
    moment("satisfied_at", nullable=True),
    words("value"),
    # What is broken now, and how many promises of a month were kept, without a look at every clock there ever was.
    partial_index("ix_clock_settled", "state", "started_at", where=is_one_of("state", SETTLED)),
    is_keyed=True,
)
alarm = table(
    "alarm",
    Column("owner", Text, primary_key=True),
    moment("due_at"),
    whole("ticket_id", nullable=True),
    Index("ix_alarm_due_at", "due_at"),
    is_keyed=True,
)
event = table(
    "event",
    row_id(),
    reference("ticket_id", "ticket.id"),
    words("what"),
    words("by"),
    words("why"),
    words("particulars"),
    moment("at"),
    moment("recorded_at"),
    Index("ix_event_ticket_id", "ticket_id"),
)
audit = table(
    "audit",
    row_id(),
    moment("at"),
    words("actor"),
    words("action"),
    words("subject"),
    words("particulars"),
)
inbound = table(
    "inbound",
    row_id(),
    Column("key", Text, nullable=False, unique=True),
    words("channel"),
    words("account"),
    words("external_id"),
    words("lane"),
    Column("payload", LargeBinary, nullable=False),
    # The same with what had to be fetched or read first, which is what it is decided from.
    Column("completed", LargeBinary, nullable=True),
    moment("received_at"),
    words("state"),
    words("reason"),
    partial_index("ix_inbound_new", "id", where="state = 'new'"),
    partial_index("ix_inbound_dead", "id", where="state = 'dead'"),
    # Payloads of one lane are decided in their order, so each asks whether an older one of its lane is still new.
    partial_index("ix_inbound_lane", "lane", "id", where="state = 'new'"),
)
cursor = table("cursor", Column("key", Text, primary_key=True), words("value"), moment("moved_at"))
outbox = table(
    "outbox",
    row_id(),
    Column("key", Text, nullable=False, unique=True),
    words("channel"),
    words("lane"),
    words("what"),
    whole("ticket_id", nullable=True),
    whole("message_id", nullable=True),
    words("person", nullable=True),
    words("slot", nullable=True),
    words("payload"),
    words("guard"),
    whole("priority"),
    words("state"),
    whole("attempts"),
    moment("not_before"),
    moment("created_at"),
    words("claimed_by", nullable=True),
    moment("claimed_until", nullable=True),
    words("error"),
    partial_index("ix_outbox_waiting", "priority", "id", where=is_one_of("state", ON_ITS_WAY)),
    # A lane is sent in its order, so each row asks whether an older one of its lane is still on its way.
    partial_index("ix_outbox_lane", "lane", "id", where=is_one_of("state", ON_ITS_WAY)),
    # A card that waits already is drawn when it leaves, so whatever changes meanwhile needs no further row.
    partial_index("ix_outbox_slot", "slot", "id", where="slot IS NOT NULL AND state IN ('pending', 'postponed')"),
    Index("ix_outbox_ticket_id", "ticket_id"),
    partial_index("ix_outbox_message_id", "message_id", where="message_id IS NOT NULL"),
    partial_index("ix_outbox_person", "person", "id", where="what = 'ping'"),
)
receipt = table(
    "receipt",
    Column("outbox_id", Whole, ForeignKey("outbox.id"), primary_key=True, autoincrement=False),
    words("slot", nullable=True),
    words("lane"),
    words("external_id"),
    moment("at"),
    Index("ix_receipt_slot", "slot", "lane", "outbox_id"),
    Index("ix_receipt_external_id", "external_id"),
)
lease = table(
    "lease",
    Column("name", Text, primary_key=True),
    words("owner"),
    whole("epoch"),
    moment("expires_at"),
)
link_token = table(
    "link_token",
    Column("digest", Text, primary_key=True),
    words("purpose"),
    words("subject"),
    whole("uses_left"),
    moment("created_at"),
    moment("expires_at"),
)
session = table(
    "session",
    Column("digest", Text, primary_key=True),
    words("person"),
    moment("created_at"),
    moment("expires_at"),
)
press = table("press", Column("key", Text, primary_key=True), words("answer"), moment("at"))
load = table("load", Column("person", Text, primary_key=True), whole("tickets"))
high_load = table(
    "high_load", Column("line", Text, primary_key=True), flag("is_high"), words("by"), moment("at"), is_keyed=True
)
#: `tickets` are those they had as it began; `is_known` once its stand-in was told, `is_over` once whoever was away was
#: told what happened meanwhile.
absence = table(
    "absence",
    row_id(),
    words("person"),
    moment("since"),
    moment("until", nullable=True),
    words("backup", nullable=True),
    words("by"),
    moment("made_at"),
    moment("ended_at", nullable=True),
    words("tickets"),
    flag("is_known"),
    flag("is_over"),
    partial_index("ix_absence_person", "person", where="is_over = 0"),
)
setting = table("setting", Column("key", Text, primary_key=True), words("value"))

"""The first schema."""

import sqlalchemy as sa
from alembic import op

from bot.store.migrations.words import index, table, whole, words

revision = "0001"
down_revision = None

#: Tables that number their rows; each has a sequence on PostgreSQL.
NUMBERED = (
    "absence",
    "audit",
    "contact",
    "inbound",
    "outbox",
    "conversation",
    "ticket",
    "event",
    "message",
    "note",
    "attachment",
)


OPEN = "(status = 'new' OR status = 'open' OR status = 'waiting_client' OR status = 'waiting_third_party')"
ON_ITS_WAY = "(state = 'pending' OR state = 'postponed' OR state = 'sending' OR state = 'uncertain')"
SETTLED = "(state = 'met' OR state = 'met_late' OR state = 'breached' OR state = 'retracted')"


def upgrade() -> None:  # noqa: PLR0915 - every table, once
    table(
        "absence",
        whole("id", primary_key=True),
        words("person"),
        whole("since"),
        whole("until", nullable=True),
        words("backup", nullable=True),
        words("by"),
        whole("made_at"),
        whole("ended_at", nullable=True),
        words("tickets"),
        whole("is_known"),
        whole("is_over"),
    )
    index("ix_absence_person", "absence", ["person"], where="is_over = 0")
    table(
        "alarm",
        words("owner", primary_key=True),
        whole("due_at"),
        whole("ticket_id", nullable=True),
        is_keyed=True,
    )
    index("ix_alarm_due_at", "alarm", ["due_at"])
    table(
        "audit",
        whole("id", primary_key=True),
        whole("at"),
        words("actor"),
        words("action"),
        words("subject"),
        words("particulars"),
    )
    table(
        "contact",
        whole("id", primary_key=True),
        words("client", nullable=True),
        words("name"),
        words("language", nullable=True),
        words("zone", nullable=True),
        words("email", nullable=True),
        whole("created_at"),
    )
    table(
        "cursor",
        words("key", primary_key=True),
        words("value"),
        whole("moved_at"),
    )
    table(
        "inbound",
        whole("id", primary_key=True),
        words("key", unique=True),
        words("channel"),
        words("account"),
        words("external_id"),
        words("lane"),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("completed", sa.LargeBinary, nullable=True),
        whole("received_at"),
        words("state"),
        words("reason"),
    )
    index("ix_inbound_dead", "inbound", ["id"], where="state = 'dead'")
    index("ix_inbound_lane", "inbound", ["lane", "id"], where="state = 'new'")
    index("ix_inbound_new", "inbound", ["id"], where="state = 'new'")
    table(
        "lease",
        words("name", primary_key=True),
        words("owner"),
        whole("epoch"),
        whole("expires_at"),
    )
    table(
        "link_token",
        words("digest", primary_key=True),
        words("purpose"),
        words("subject"),
        whole("uses_left"),
        whole("created_at"),
        whole("expires_at"),
    )
    table(
        "high_load",
        words("line", primary_key=True),
        whole("is_high"),
        words("by"),
        whole("at"),
        is_keyed=True,
    )
    table(
        "load",
        words("person", primary_key=True),
        whole("tickets"),
    )
    table(
        "outbox",
        whole("id", primary_key=True),
        words("key", unique=True),
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
        whole("not_before"),
        whole("created_at"),
        words("claimed_by", nullable=True),
        whole("claimed_until", nullable=True),
        words("error"),
    )
    index("ix_outbox_lane", "outbox", ["lane", "id"], where=ON_ITS_WAY)
    index("ix_outbox_message_id", "outbox", ["message_id"], where="message_id IS NOT NULL")
    index("ix_outbox_person", "outbox", ["person", "id"], where="what = 'ping'")
    index("ix_outbox_slot", "outbox", ["slot", "id"], where="slot IS NOT NULL AND state IN ('pending', 'postponed')")
    index("ix_outbox_ticket_id", "outbox", ["ticket_id"])
    index(
        "ix_outbox_waiting",
        "outbox",
        ["priority", "id"],
        where=ON_ITS_WAY,
    )
    table(
        "press",
        words("key", primary_key=True),
        words("answer"),
        whole("at"),
    )
    table(
        "revision",
        whole("number", primary_key=True),
        words("digest"),
        words("document"),
        whole("applied_at"),
        words("applied_by"),
    )
    table(
        "session",
        words("digest", primary_key=True),
        words("person"),
        whole("created_at"),
        whole("expires_at"),
    )
    table(
        "setting",
        words("key", primary_key=True),
        words("value"),
    )
    table(
        "conversation",
        whole("id", primary_key=True),
        words("key", unique=True),
        whole("contact_id", sa.ForeignKey("contact.id")),
        whole("rev"),
        whole("ticket_id", nullable=True),
        whole("created_at"),
        whole("joined_from", nullable=True),
    )
    index("ix_conversation_contact_id", "conversation", ["contact_id"])
    table(
        "identity",
        words("key", primary_key=True),
        whole("contact_id", sa.ForeignKey("contact.id")),
        whole("is_verified"),
        words("source"),
        whole("linked_at"),
        whole("joined_from", nullable=True),
        is_keyed=True,
    )
    index("ix_identity_contact_id", "identity", ["contact_id"])
    table(
        "receipt",
        whole("outbox_id", sa.ForeignKey("outbox.id"), primary_key=True),
        words("slot", nullable=True),
        words("lane"),
        words("external_id"),
        whole("at"),
    )
    index("ix_receipt_external_id", "receipt", ["external_id"])
    index("ix_receipt_slot", "receipt", ["slot", "lane", "outbox_id"])
    table(
        "ticket",
        whole("id", primary_key=True),
        whole("version"),
        words("status"),
        whole("conversation_id", sa.ForeignKey("conversation.id")),
        whole("contact_id", sa.ForeignKey("contact.id")),
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
        whole("is_verified"),
        whole("is_unreadable"),
        whole("is_current"),
        whole("has_reply"),
        whole("opened_at"),
        whole("client_spoke_at"),
        whole("staff_spoke_at", nullable=True),
        whole("resolved_at", nullable=True),
        whole("reopened_at", nullable=True),
        whole("told_back_at", nullable=True),
        whole("told_due_at", nullable=True),
        whole("unset_reply_at", nullable=True),
        whole("next_due", nullable=True),
        words("ladder", nullable=True),
        whole("merged_into", nullable=True),
        words("not_covered", nullable=True),
        words("passed_over", nullable=True),
        words("judged", nullable=True),
        whole("snoozed_until", nullable=True),
        whole("is_ahead"),
        whole("same_as", nullable=True),
        words("agreed", nullable=True),
        whole("joined_from", nullable=True),
    )
    index("ix_ticket_contact_id", "ticket", ["contact_id"])
    index("ix_ticket_resolved_at", "ticket", ["resolved_at"], where="resolved_at IS NOT NULL")
    index(
        "ix_ticket_queue",
        "ticket",
        ["next_due", "id"],
        where=OPEN,
    )
    index(
        "ix_ticket_waiting_list",
        "ticket",
        ["line"],
        where=f"assignee IS NULL AND {OPEN}",
    )
    index("ix_ticket_assignee", "ticket", ["assignee", "id"], where=OPEN)
    index("uq_ticket_current", "ticket", ["conversation_id"], where="is_current = 1", unique=True)
    table(
        "clock",
        whole("ticket_id", sa.ForeignKey("ticket.id"), primary_key=True),
        words("metric", primary_key=True),
        whole("started_at", primary_key=True),
        words("state"),
        whole("due_at", nullable=True),
        whole("breached_at", nullable=True),
        whole("satisfied_at", nullable=True),
        words("value"),
        is_keyed=True,
    )
    index(
        "ix_clock_settled",
        "clock",
        ["state", "started_at"],
        where=SETTLED,
    )
    table(
        "event",
        whole("id", primary_key=True),
        whole("ticket_id", sa.ForeignKey("ticket.id")),
        words("what"),
        words("by"),
        words("why"),
        words("particulars"),
        whole("at"),
        whole("recorded_at"),
    )
    index("ix_event_ticket_id", "event", ["ticket_id"])
    table(
        "message",
        whole("id", primary_key=True),
        words("key", nullable=True),
        whole("ticket_id", sa.ForeignKey("ticket.id"), nullable=True),
        whole("conversation_id", sa.ForeignKey("conversation.id")),
        whole("rev"),
        words("direction"),
        words("kind"),
        words("author", nullable=True),
        words("reply_kind", nullable=True),
        words("text"),
        whole("at"),
        whole("recorded_at"),
        words("state"),
        words("external_id", nullable=True),
        whole("is_edited"),
        whole("is_deleted"),
        whole("merged_from", nullable=True),
    )
    index("ix_message_ticket_id", "message", ["ticket_id"])
    index("uq_message_conversation_id_rev", "message", ["conversation_id", "rev"], unique=True)
    index("uq_message_key", "message", ["key"], where="key IS NOT NULL", unique=True)
    table(
        "note",
        whole("id", primary_key=True),
        whole("ticket_id", sa.ForeignKey("ticket.id")),
        words("author"),
        words("text"),
        whole("at"),
        whole("merged_from", nullable=True),
    )
    index("ix_note_ticket_id", "note", ["ticket_id"])
    table(
        "attachment",
        whole("id", primary_key=True),
        whole("message_id", sa.ForeignKey("message.id")),
        words("name"),
        words("type"),
        whole("size"),
        words("digest", nullable=True),
        words("note"),
    )
    index("ix_attachment_digest", "attachment", ["digest"])
    index("ix_attachment_message_id", "attachment", ["message_id"])
    table(
        "message_version",
        whole("message_id", sa.ForeignKey("message.id"), primary_key=True),
        whole("version", primary_key=True),
        words("text"),
        whole("at"),
    )
    if op.get_bind().dialect.name == "sqlite":
        _keep_audit_in_sqlite()
    else:
        _keep_audit_in_postgres()
        for name in NUMBERED:
            op.execute(f"CREATE SEQUENCE seq_{name}_id")


def _keep_audit_in_sqlite() -> None:
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_refuses_{act.lower()} BEFORE {act} ON audit "
            "BEGIN SELECT raise(ABORT, 'the audit trail is only ever added to'); END"
        )


def _keep_audit_in_postgres() -> None:
    op.execute(
        "CREATE FUNCTION audit_refuses() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit trail is only ever added to'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_refuses BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuses()"
    )

"""Calls: what was booked with whom, whose time that takes, what was offered last; people's own calendars."""

import sqlalchemy as sa

from bot.store.migrations.words import index, table, whole, words

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    table(
        "call",
        words("key", primary_key=True),
        words("uid"),
        whole("ticket_id", sa.ForeignKey("ticket.id")),
        whole("conversation_id", sa.ForeignKey("conversation.id")),
        whole("contact_id", sa.ForeignKey("contact.id")),
        words("client"),
        words("person"),
        words("kind"),
        words("state"),
        whole("begins_at"),
        whole("ends_at"),
        words("zone"),
        words("language"),
        words("by"),
        whole("agreed_at"),
        whole("sequence"),
        whole("placed"),
        words("url"),
        words("waits_for"),
        whole("accept_by", nullable=True),
        words("waived_by"),
        whole("is_late"),
        whole("is_invited"),
        words("told"),
        words("news"),
        whole("joined_from", nullable=True),
        is_keyed=True,
    )
    index("ix_call_ticket_id", "call", ["ticket_id"])
    index("ix_call_uid", "call", ["uid"], unique=True)
    index("ix_call_begins_at", "call", ["begins_at"])
    index("ix_call_client", "call", ["client", "kind", "begins_at"])
    live = "(state = 'requested' OR state = 'confirmed' OR state = 'rescheduled')"
    index("ix_call_contact", "call", ["contact_id"], where=live)
    index("uq_call_live", "call", ["ticket_id"], where=live, unique=True)
    table(
        "call_cell",
        words("person", primary_key=True),
        whole("at", primary_key=True),
        words("call"),
        is_keyed=True,
    )
    index("ix_call_cell_call", "call_cell", ["call"])
    table(
        "call_offer",
        whole("conversation_id", primary_key=True),
        whole("contact_id"),
        words("kind"),
        words("slots"),
        words("first"),
        words("moves"),
        whole("wanted_at", nullable=True),
        words("wanted_of"),
        whole("made_at"),
        whole("ends_at"),
        whole("line"),
        whole("newest"),
        words("among"),
        words("deed"),
    )
    table(
        "feed",
        words("key", primary_key=True),
        words("address"),
        whole("asked_at"),
        words("spans"),
        whole("read_at", nullable=True),
        whole("failing_since", nullable=True),
        whole("is_told"),
        is_keyed=True,
    )

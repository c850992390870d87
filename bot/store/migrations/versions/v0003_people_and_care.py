"""Who is who and who is there: contacts that turned out to be one person, and what caring for tickets needs kept."""

import sqlalchemy as sa

from bot.store.migrations.words import index, table, whole, words

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    table(
        "joined_contact",
        whole("gone", sa.ForeignKey("contact.id"), primary_key=True),
        whole("kept", sa.ForeignKey("contact.id")),
        words("by"),
        whole("at"),
        is_keyed=True,
    )
    index("ix_joined_contact_kept", "joined_contact", ["kept"])
    table("shut_out", words("person", primary_key=True), words("by"), whole("at"), is_keyed=True)
    table(
        "csat",
        whole("ticket_id", sa.ForeignKey("ticket.id"), primary_key=True),
        whole("asked_at"),
        whole("line"),
        whole("score", nullable=True),
        whole("answered_at", nullable=True),
        words("comment"),
        whole("is_told"),
        whole("escalated_at", nullable=True),
        is_keyed=True,
    )
    index("ix_csat_line", "csat", ["line"])

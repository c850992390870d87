"""What is kept about who is who and who is there: contacts that turned out to be one person, and care for tickets."""

from sqlalchemy import Column, ForeignKey, Index, Text

from bot.store.tables.columns import Whole, flag, moment, reference, table, words
from bot.store.tables.schema import contact, ticket

#: Two contacts that were one person all along: what `gone` had is `kept`'s until somebody parts them.
joined_contact = table(
    "joined_contact",
    Column("gone", Whole, ForeignKey(contact.c.id), primary_key=True, autoincrement=False),
    reference("kept", contact.c.id),
    words("by"),
    moment("at"),
    Index("ix_joined_contact_kept", "kept"),
    is_keyed=True,
)
#: People of ours whose account was closed: they may do nothing until an admin lets them in again.
shut_out = table(
    "shut_out",
    Column("person", Text, primary_key=True),
    words("by"),
    moment("at"),
    is_keyed=True,
)
#: How it went, as clients see it: asked once a ticket. `line` is the last line of ours about it.
csat = table(
    "csat",
    Column("ticket_id", Whole, ForeignKey(ticket.c.id), primary_key=True, autoincrement=False),
    moment("asked_at"),
    Column("line", Whole, nullable=False),
    Column("score", Whole, nullable=True),
    moment("answered_at", nullable=True),
    words("comment"),
    flag("is_told"),
    moment("escalated_at", nullable=True),
    Index("ix_csat_line", "line"),
    is_keyed=True,
)

"""What is kept of calls: each call, the pieces of time it takes, and what was offered last in a conversation."""

from sqlalchemy import Column, Index, Text

from bot.store.tables.columns import Whole, flag, moment, partial_index, reference, table, whole, words
from bot.store.tables.schema import contact, conversation, is_one_of, ticket

LIVE = ("requested", "confirmed", "rescheduled")

#: `key` is the ticket's number and the call's place among its calls: `12.1`. `joined_from` is whose it was before that
#: contact turned out to be another.
call = table(
    "call",
    Column("key", Text, primary_key=True),
    words("uid"),
    reference("ticket_id", ticket.c.id),
    reference("conversation_id", conversation.c.id),
    reference("contact_id", contact.c.id),
    words("client"),
    words("person"),
    words("kind"),
    words("state"),
    moment("begins_at"),
    moment("ends_at"),
    words("zone"),
    words("language"),
    words("by"),
    moment("agreed_at"),
    whole("sequence"),
    whole("placed"),
    words("url"),
    words("waits_for"),
    moment("accept_by", nullable=True),
    words("waived_by"),
    flag("is_late"),
    flag("is_invited"),
    words("told"),
    words("news"),
    whole("joined_from", nullable=True),
    Index("ix_call_ticket_id", "ticket_id"),
    Index("ix_call_uid", "uid", unique=True),
    Index("ix_call_begins_at", "begins_at"),
    Index("ix_call_client", "client", "kind", "begins_at"),
    partial_index("ix_call_contact", "contact_id", where=is_one_of("state", LIVE)),
    # Two presses at one moment book one call: this index, not a hope.
    partial_index("uq_call_live", "ticket_id", unique=True, where=is_one_of("state", LIVE)),
    is_keyed=True,
)
#: One row for each piece of a person's time that a live call takes: nobody can be booked twice.
call_cell = table(
    "call_cell",
    Column("person", Text, primary_key=True),
    Column("at", Whole, primary_key=True, autoincrement=False),
    words("call"),
    Index("ix_call_cell_call", "call"),
    is_keyed=True,
)
#: The times that were offered last in a conversation; `moves` names the call that is to be held then instead. `line`
#: is the message that shows them, `newest` the last one there when they were shown, `first` what stands before others.
#: Where calls to choose from were listed instead, `among` are their keys and `deed` is what shall be done with one.
call_offer = table(
    "call_offer",
    Column("conversation_id", Whole, primary_key=True, autoincrement=False),
    whole("contact_id"),
    words("kind"),
    words("slots"),
    words("first"),
    words("moves"),
    moment("wanted_at", nullable=True),
    words("wanted_of"),
    moment("made_at"),
    moment("ends_at"),
    whole("line"),
    whole("newest"),
    words("among"),
    words("deed"),
)
#: People's own calendars as they were read last; `key` is the person and what the feed says, `address` its hash.
feed = table(
    "feed",
    Column("key", Text, primary_key=True),
    words("address"),
    moment("asked_at"),
    words("spans"),
    moment("read_at", nullable=True),
    moment("failing_since", nullable=True),
    flag("is_told"),
    is_keyed=True,
)

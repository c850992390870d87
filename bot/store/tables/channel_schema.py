"""What channels need remembered: parts of albums and of long messages, places, topics, buttons, forms in words.

Also what stands beside a mail and is for our own people alone, who takes part in its thread, and which automatic
answers went out.
"""

from sqlalchemy import Column, ForeignKey, Index, Text

from bot.store.tables.columns import Whole, flag, moment, reference, table, whole, words
from bot.store.tables.schema import message

#: The messages that one line is, where it was sent as an album; `album` names all of them.
album_part = table(
    "album_part",
    Column("key", Text, primary_key=True),
    words("album"),
    reference("message_id", message.c.id),
    whole("place"),
    words("text"),
    Index("ix_album_part_album", "album"),
    Index("ix_album_part_message_id", "message_id"),
    is_keyed=True,
)
#: Places that have a new address since the desk directory was written: `key` is the old one, `address` the new one.
moved_place = table(
    "moved_place",
    Column("key", Text, primary_key=True),
    words("channel"),
    words("old"),
    words("address"),
    moment("at"),
    is_keyed=True,
)
#: Places that are nobody's until an admin confirms them, because others read there now.
suspended_place = table(
    "suspended_place",
    Column("key", Text, primary_key=True),
    words("channel"),
    words("address"),
    moment("at"),
    is_keyed=True,
)
#: Which topic of a place of ours is about what; `name` is what it was called when it was last named.
topic = table(
    "topic",
    Column("place", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    words("thread"),
    words("name"),
    moment("at"),
    Index("ix_topic_place_thread", "place", "thread"),
    is_keyed=True,
)
#: A form that is asked for in words: `position` is the field that is asked now, `turn` counts the questions.
form = table(
    "form",
    Column("key", Text, primary_key=True),
    words("lane"),
    words("under", nullable=True),
    words("person"),
    words("action"),
    words("value"),
    words("inputs"),
    words("fields"),
    whole("position"),
    whole("turn"),
    flag("is_over"),
    moment("ends_at"),
    is_keyed=True,
)
#: What stands behind the opaque name of a button, on a channel that gives back no more than a name; `at` is when it was
#: last drawn.
button = table(
    "button",
    Column("name", Text, primary_key=True),
    words("conversation"),
    words("action"),
    words("value"),
    moment("at"),
    Index("ix_button_at", "at"),
    is_keyed=True,
)
#: What a channel has taken of a message that goes in several parts.
sent_part = table(
    "sent_part",
    Column("key", Text, primary_key=True),
    Column("position", Whole, primary_key=True, autoincrement=False),
    words("external_id"),
    moment("at"),
    Index("ix_sent_part_external_id", "external_id"),
    Index("ix_sent_part_at", "at"),
    is_keyed=True,
)
#: Files that a channel was asked for lately, by its own mark of them.
fetched_file = table(
    "fetched_file",
    Column("mark", Text, primary_key=True),
    words("digest"),
    whole("size"),
    moment("at"),
    Index("ix_fetched_file_at", "at"),
    is_keyed=True,
)
#: What stands beside a message and no client is ever shown; `beside` are identities, as JSON.
margin = table(
    "margin",
    Column("message_id", Whole, ForeignKey("message.id"), primary_key=True, autoincrement=False),
    words("subject"),
    words("doubt"),
    words("beneath"),
    words("quoted"),
    words("beside"),
    words("passed_on_by", nullable=True),
    is_keyed=True,
)
#: Who else takes part in a conversation, by identity: known contacts whom its own contact has written to as well.
participant = table(
    "participant",
    Column("key", Text, primary_key=True),
    Column("conversation_id", Whole, ForeignKey("conversation.id"), primary_key=True, autoincrement=False),
    moment("joined_at"),
    Index("ix_participant_conversation_id", "conversation_id"),
    is_keyed=True,
)
#: Automatic answers that went to an address lately, by the key of what they answer. `is_known`: to a client's own
#: contact; `is_asked`: by a word of command.
auto_answer = table(
    "auto_answer",
    Column("key", Text, primary_key=True),
    words("address"),
    whole("ticket_id", nullable=True),
    flag("is_known"),
    flag("is_asked"),
    moment("at"),
    Index("ix_auto_answer_address", "address", "at"),
    Index("ix_auto_answer_at", "at"),
    is_keyed=True,
)
#: The line that stands for a payload which could not be read, until it can.
stub = table(
    "stub",
    Column("inbound_id", Whole, ForeignKey("inbound.id"), primary_key=True, autoincrement=False),
    reference("message_id", message.c.id),
    is_keyed=True,
)
#: Addresses at which nothing arrived lately, and why.
failing_address = table(
    "failing_address",
    Column("key", Text, primary_key=True),
    words("reason"),
    moment("at"),
    is_keyed=True,
)
#: How much was said lately in places that bear only so much, by conversation: `moments` as JSON, the oldest first. It
#: wants to be left alone until `held_until`; nobody need know any of it after `at`.
place_pace = table(
    "place_pace",
    Column("place", Text, primary_key=True),
    words("moments"),
    moment("held_until"),
    moment("at"),
    Index("ix_place_pace_at", "at"),
    is_keyed=True,
)

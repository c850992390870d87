"""What channels need remembered: parts of albums and of long messages, places, topics, buttons, forms in words."""

import sqlalchemy as sa

from bot.store.migrations.words import index, table, whole, words

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    table(
        "album_part",
        words("key", primary_key=True),
        words("album"),
        whole("message_id", sa.ForeignKey("message.id")),
        whole("place"),
        words("text"),
        is_keyed=True,
    )
    index("ix_album_part_album", "album_part", ["album"])
    index("ix_album_part_message_id", "album_part", ["message_id"])
    table(
        "moved_place",
        words("key", primary_key=True),
        words("channel"),
        words("old"),
        words("address"),
        whole("at"),
        is_keyed=True,
    )
    table(
        "suspended_place",
        words("key", primary_key=True),
        words("channel"),
        words("address"),
        whole("at"),
        is_keyed=True,
    )
    table(
        "topic",
        words("place", primary_key=True),
        words("key", primary_key=True),
        words("thread"),
        words("name"),
        whole("at"),
        is_keyed=True,
    )
    index("ix_topic_place_thread", "topic", ["place", "thread"])
    table(
        "form",
        words("key", primary_key=True),
        words("lane"),
        words("under", nullable=True),
        words("person"),
        words("action"),
        words("value"),
        words("inputs"),
        words("fields"),
        whole("position"),
        whole("turn"),
        whole("is_over"),
        whole("ends_at"),
        is_keyed=True,
    )
    table(
        "button",
        words("name", primary_key=True),
        words("conversation"),
        words("action"),
        words("value"),
        whole("at"),
        is_keyed=True,
    )
    index("ix_button_at", "button", ["at"])
    table(
        "sent_part",
        words("key", primary_key=True),
        whole("position", primary_key=True),
        words("external_id"),
        whole("at"),
        is_keyed=True,
    )
    index("ix_sent_part_external_id", "sent_part", ["external_id"])
    index("ix_sent_part_at", "sent_part", ["at"])
    table(
        "fetched_file",
        words("mark", primary_key=True),
        words("digest"),
        whole("size"),
        whole("at"),
        is_keyed=True,
    )
    index("ix_fetched_file_at", "fetched_file", ["at"])
    table(
        "margin",
        whole("message_id", sa.ForeignKey("message.id"), primary_key=True),
        words("subject"),
        words("doubt"),
        words("beneath"),
        words("quoted"),
        words("beside"),
        words("passed_on_by", nullable=True),
        is_keyed=True,
    )
    table(
        "participant",
        words("key", primary_key=True),
        whole("conversation_id", sa.ForeignKey("conversation.id"), primary_key=True),
        whole("joined_at"),
        is_keyed=True,
    )
    index("ix_participant_conversation_id", "participant", ["conversation_id"])
    table(
        "auto_answer",
        words("key", primary_key=True),
        words("address"),
        whole("ticket_id", nullable=True),
        whole("is_known"),
        whole("is_asked"),
        whole("at"),
        is_keyed=True,
    )
    index("ix_auto_answer_address", "auto_answer", ["address", "at"])
    index("ix_auto_answer_at", "auto_answer", ["at"])
    table(
        "stub",
        whole("inbound_id", sa.ForeignKey("inbound.id"), primary_key=True),
        whole("message_id", sa.ForeignKey("message.id")),
        is_keyed=True,
    )
    table(
        "failing_address",
        words("key", primary_key=True),
        words("reason"),
        whole("at"),
        is_keyed=True,
    )
    table(
        "place_pace",
        words("place", primary_key=True),
        words("moments"),
        whole("held_until"),
        whole("at"),
        is_keyed=True,
    )
    index("ix_place_pace_at", "place_pace", ["at"])

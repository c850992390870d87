"""What a message of Telegram says, as words to read: its text, and a line in brackets for what is no text. Pure.

    Payroll failed [https://a.test/x]       a link whose target another text hides
    [location 38.72, -9.14]                 what cannot be shown elsewhere says what it is
    [forwarded from Lena Kova]              stands first: whoever wrote it is not who sent it

Whatever Telegram invents after us is named too, so that nobody waits for an answer to something we did not see.
"""

import math
from collections.abc import Callable, Mapping
from typing import Final

from adapters.message import Untrusted
from adapters.shapes import Fields, each, inner_or, text_or
from adapters.telegram.files import FILE_FIELDS
from adapters.telegram.markup import JOINER
from adapters.telegram.numbers import number_or
from adapters.text import clean, one_line

#: Notes of Telegram's own about a chat, in which nobody says anything.
SERVICE: Final = frozenset(
    {
        "boost_added",
        "channel_chat_created",
        "chat_background_set",
        "chat_owner_changed",
        "chat_owner_left",
        "chat_shared",
        "checklist_tasks_added",
        "checklist_tasks_done",
        "community_chat_added",
        "community_chat_joined",
        "community_chat_removed",
        "connected_website",
        "delete_chat_photo",
        "direct_message_price_changed",
        "forum_topic_closed",
        "forum_topic_created",
        "forum_topic_edited",
        "forum_topic_reopened",
        "general_forum_topic_hidden",
        "general_forum_topic_unhidden",
        "gift",
        "gift_upgrade_sent",
        "giveaway_completed",
        "giveaway_created",
        "group_chat_created",
        "left_chat_member",
        "managed_bot_created",
        "message_auto_delete_timer_changed",
        "migrate_from_chat_id",
        "new_chat_members",
        "new_chat_photo",
        "new_chat_title",
        "paid_message_price_changed",
        "passport_data",
        "pinned_message",
        "poll_option_added",
        "poll_option_deleted",
        "proximity_alert_triggered",
        "refunded_payment",
        "successful_payment",
        "suggested_post_approval_failed",
        "suggested_post_approved",
        "suggested_post_declined",
        "suggested_post_paid",
        "suggested_post_refunded",
        "supergroup_chat_created",
        "unique_gift",
        "user_shared",
        "users_shared",
        "video_chat_ended",
        "video_chat_participants_invited",
        "video_chat_scheduled",
        "video_chat_started",
        "web_app_data",
        "write_access_allowed",
    }
)
#: What stands in a message beside what it says.
_AROUND: Final = frozenset(
    {
        "author_signature",
        "business_connection_id",
        "caption_entities",
        "chat",
        "date",
        "direct_messages_topic",
        "edit_date",
        "effect_id",
        "entities",
        "external_reply",
        "forward_date",
        "forward_from",
        "forward_from_chat",
        "forward_from_message_id",
        "forward_origin",
        "forward_sender_name",
        "forward_signature",
        "from",
        "guest_bot_caller_chat",
        "guest_bot_caller_user",
        "has_media_spoiler",
        "has_protected_content",
        "is_automatic_forward",
        "is_from_offline",
        "is_paid_post",
        "is_topic_message",
        "link_preview_options",
        "media_group_id",
        "message_id",
        "message_thread_id",
        "paid_star_count",
        "quote",
        "reply_markup",
        "reply_to_checklist_task_id",
        "reply_to_message",
        "reply_to_story",
        "sender_boost_count",
        "sender_business_bot",
        "sender_chat",
        "sender_tag",
        "show_caption_above_media",
        "suggested_post_info",
        "via_bot",
    }
)
_SHORT: Final = 300
_MOST_ENTITIES: Final = 100
_MOST_PARTS: Final = 20


def words(message: Fields) -> Untrusted:
    """Everything a message says but its files."""
    body = text_or(message, "text")
    said = with_targets(body, message, "entities") if body else ""
    if caption := text_or(message, "caption"):
        said = with_targets(caption, message, "caption_entities")
    parts = [_origin(message), *(f"[{kind}]" for kind in kinds_of(message)), said]
    if not any(parts[1:]) and not FILE_FIELDS & message.keys() and (kind := unknown_kind(message)):
        parts.append(f"[a message of the kind {kind!r}, which is shown in Telegram only]")
    # A joiner is ours: words that were copied from a card are read as they were before it.
    return Untrusted(clean("\n".join(part for part in parts if part)).replace(JOINER, ""))


def name_of(user: Fields) -> Untrusted:
    """A person's or a chat's name as Telegram shows it."""
    both = f"{text_or(user, 'first_name')} {text_or(user, 'last_name')}".strip()
    return one_line(both or text_or(user, "title") or text_or(user, "username"))


def language_of(user: Fields) -> str | None:
    """The tag of the language that somebody's Telegram speaks, where it says so."""
    return text_or(user, "language_code")[:35] or None


def unknown_kind(message: Fields) -> str:
    """A field that we do not know and that may be all the message says."""
    unknown = message.keys() - _AROUND - FILE_FIELDS - _KINDS.keys() - SERVICE - {"text", "caption"}
    return one_line(min(unknown), 40) if unknown else ""


def kinds_of(message: Fields) -> list[str]:
    """What a message holds that is neither words nor a file, each in a line of words."""
    shown = (one_line(show(message), _SHORT) for name, show in _KINDS.items() if name in message)
    return [one for one in shown if one]


def origin_name(origin: Fields) -> str:
    """Whose words they were that somebody passes on or answers; empty where Telegram does not say."""
    chat = inner_or(origin, "sender_chat") or inner_or(origin, "chat")
    return name_of(inner_or(origin, "sender_user")) or one_line(text_or(origin, "sender_user_name")) or name_of(chat)


def with_targets(text: str, message: Fields, entities: str) -> str:
    """The text, with the target behind each link that shows other words. Places are counted in UTF-16 units."""
    targets: list[tuple[int, str]] = []
    for entity in each(message, entities)[:_MOST_ENTITIES]:
        start, length, url = number_or(entity, "offset"), number_or(entity, "length"), text_or(entity, "url")
        if text_or(entity, "type") == "text_link" and start is not None and length is not None and url:
            targets.append((start + length, one_line(url, 2_000)))
    if not targets:
        return text
    units = text.encode("utf-16-le", "surrogatepass")
    for end, url in sorted(targets, reverse=True):
        if 0 <= end <= len(units) // 2:
            units = units[: 2 * end] + f" [{url}]".encode("utf-16-le", "surrogatepass") + units[2 * end :]
    return units.decode("utf-16-le", "replace")


def _origin(message: Fields) -> str:
    origin = inner_or(message, "forward_origin")
    return f"[forwarded from {origin_name(origin) or 'somebody'}]" if origin else ""


def _location(message: Fields) -> str:
    found = inner_or(message, "location")
    if "venue" in message:
        return ""  # which has it too
    return f"{'live location' if 'live_period' in found else 'location'} {_point(found)}"


def _venue(message: Fields) -> str:
    found = inner_or(message, "venue")
    where = ", ".join(filter(None, (text_or(found, "title"), text_or(found, "address"))))
    return f"place: {where} ({_point(inner_or(found, 'location'))})"


def _point(location: Fields) -> str:
    return ", ".join(_degrees(location.get(name)) for name in ("latitude", "longitude"))


def _degrees(found: object) -> str:
    if not isinstance(found, int | float) or isinstance(found, bool) or not math.isfinite(found):
        return "?"
    return f"{found:.5f}".rstrip("0").rstrip(".") if abs(found) <= 180 else "?"  # noqa: PLR2004 - half the globe


def _contact(message: Fields) -> str:
    found = inner_or(message, "contact")
    return "contact: " + ", ".join(filter(None, (name_of(found), text_or(found, "phone_number"))))


def _poll(message: Fields) -> str:
    found = inner_or(message, "poll")
    return _listed("poll", text_or(found, "question"), [text_or(one, "text") for one in each(found, "options")])


def _checklist(message: Fields) -> str:
    found = inner_or(message, "checklist")
    return _listed("checklist", text_or(found, "title"), [text_or(one, "text") for one in each(found, "tasks")])


def _listed(kind: str, title: str, parts: list[str]) -> str:
    return f"{kind}: {title} – {' / '.join(parts[:_MOST_PARTS])}"


def _sticker(message: Fields) -> str:
    return f"sticker {text_or(inner_or(message, 'sticker'), 'emoji')}".strip()


def _dice(message: Fields) -> str:
    found = inner_or(message, "dice")
    return f"{text_or(found, 'emoji', 'dice')} {number_or(found, 'value') or ''}".strip()


#: What cannot be shown elsewhere, by the field it stands in.
_KINDS: Final[Mapping[str, Callable[[Fields], str]]] = {
    "checklist": _checklist,
    "contact": _contact,
    "dice": _dice,
    "game": lambda message: f"game: {text_or(inner_or(message, 'game'), 'title')}",
    "giveaway": lambda _: "giveaway",
    "giveaway_winners": lambda _: "winners of a giveaway",
    "invoice": lambda message: f"invoice: {text_or(inner_or(message, 'invoice'), 'title')}",
    "location": _location,
    "paid_media": lambda _: "paid media",
    "poll": _poll,
    "sticker": _sticker,
    "story": lambda _: "story",
    "venue": _venue,
}

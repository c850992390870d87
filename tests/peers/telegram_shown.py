"""What a chat of Telegram reads now, as a person sees it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.peers.telegram_markup import to_html
from tests.peers.telegram_world import BOT_ID, Place, World

_KINDS = (
    "photo",
    "animation",
    "document",
    "video",
    "voice",
    "audio",
    "video_note",
    "sticker",
    "location",
    "contact",
    "poll",
)


@dataclass(frozen=True, slots=True)
class Shown:
    """One message. `reactions` are the bot's; `kind` is text, the kind of file, or the name of a service message."""

    chat: int
    message_id: int
    sender: int
    kind: str
    text: str
    html: str
    buttons: list[list[str]]
    reply_to: int | None
    topic: int | None
    reactions: list[str]
    reactions_of_people: list[str]
    file: bytes | None
    file_name: str
    album: str | None
    is_edited: bool
    is_silent: bool
    forces_reply: bool

    @property
    def external_id(self) -> str:
        return f"{self.chat}:{self.message_id}"

    @property
    def is_of_bot(self) -> bool:
        return self.sender == BOT_ID

    @property
    def labels(self) -> list[str]:
        """The buttons in one row."""
        return [label for row in self.buttons for label in row]


def shown_in(world: World, place: Place, topic: int | None) -> list[Shown]:
    """Everything in a place, or in one topic of it, oldest first; service messages are of their own kinds."""
    found = []
    for number, message in sorted(place.messages.items()):
        thread = int(message["message_thread_id"]) if message.get("is_topic_message") else None
        if topic is not None and thread != topic:
            continue
        kind = next((one for one in _KINDS if one in message), "text")
        if kind == "text" and "text" not in message:
            left_out = {
                "message_id",
                "from",
                "chat",
                "date",
                "reply_to_message",
                "message_thread_id",
                "is_topic_message",
            }
            kind = next(iter(message.keys() - left_out))
        content = message.get(kind)
        content = content[-1] if isinstance(content, list) else content
        stored = world.files.get(content.get("file_id", "")) if isinstance(content, dict) else None
        markup = message.get("reply_markup", {})
        reactions = place.reactions.get(number, {})
        found.append(
            Shown(
                chat=place.id,
                message_id=number,
                sender=int(message["from"]["id"]),
                kind=kind,
                text=str(message.get("text", message.get("caption", ""))),
                html=_html(message),
                buttons=[[button["text"] for button in row] for row in markup.get("inline_keyboard", [])],
                reply_to=message.get("reply_to_message", {}).get("message_id"),
                topic=thread,
                reactions=reactions.get(BOT_ID, []),
                reactions_of_people=[one for user, emoji in reactions.items() if user != BOT_ID for one in emoji],
                file=stored.content if stored else None,
                file_name=stored.name if stored else "",
                album=message.get("media_group_id"),
                is_edited="edit_date" in message,
                is_silent=number in place.silent,
                forces_reply=bool(markup.get("force_reply")),
            )
        )
    return found


def _html(message: Mapping[str, Any]) -> str:
    if "text" in message:
        return to_html(message["text"], message.get("entities", []))
    return to_html(message.get("caption", ""), message.get("caption_entities", []))

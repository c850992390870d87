"""What Telegram knows: people, places, who is in them, and every message as it reads now.

Whoever writes, a person of the test or the bot, writes here; the world says which update the bot gets of it, if any.
"""

import copy
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.peers.telegram_line import Line
from tests.peers.telegram_markup import Payload, RefusalError

TOKEN = "123456789:AAF-canary_token_of_the_desk_bot_00"
BOT_ID, BOT_NAME = 123456789, "maitred_desk_bot"
ALL_RIGHTS: Payload = {
    "can_be_edited": False,
    "is_anonymous": False,
    "can_manage_chat": True,
    "can_delete_messages": True,
    "can_manage_video_chats": False,
    "can_restrict_members": False,
    "can_promote_members": False,
    "can_change_info": False,
    "can_invite_users": True,
    "can_post_stories": False,
    "can_edit_stories": False,
    "can_delete_stories": False,
    "can_pin_messages": True,
    "can_manage_topics": False,
    "can_send_welcome_messages": False,
}


@dataclass(eq=False, slots=True)
class Place:
    """A private chat or a group. `topics` are the open ones of a forum, by thread."""

    chat: Payload
    members: dict[int, Payload] = field(default_factory=dict)
    messages: dict[int, Payload] = field(default_factory=dict)
    reactions: dict[int, dict[int, list[str]]] = field(default_factory=dict)
    silent: set[int] = field(default_factory=set)
    topics: dict[int, str] = field(default_factory=dict)
    closed_topics: set[int] = field(default_factory=set)
    #: What may be reacted with; everything free where None.
    allowed_reactions: set[str] | None = None
    is_muted: bool = False
    upgraded_to: int | None = None
    numbered: int = 0
    spoke_last: int = 0
    spoke_before: int = 0

    @property
    def id(self) -> int:
        return int(self.chat["id"])

    @property
    def kind(self) -> str:
        return str(self.chat["type"])

    def is_admin(self, user: int) -> bool:
        return self.members.get(user, {}).get("status") in {"administrator", "creator"}


@dataclass(frozen=True, slots=True)
class Stored:
    """A file the server keeps."""

    content: bytes
    path: str
    name: str = ""


class World:
    """The state behind every method. People are users of the Bot API, as payloads, by id."""

    def __init__(self, line: Line, *, now: Callable[[], float]) -> None:
        self.line, self.now = line, now
        self.me: Payload = {
            "id": BOT_ID,
            "is_bot": True,
            "first_name": "Maitred",
            "username": BOT_NAME,
            "can_join_groups": True,
            "can_read_all_group_messages": True,
            "supports_inline_queries": False,
            "can_connect_to_business": False,
            "has_main_web_app": False,
        }
        self.people: dict[int, Payload] = {}
        self.places: dict[int, Place] = {}
        self.files: dict[str, Stored] = {}
        #: Who has blocked the bot, who never wrote to it, who is gone.
        self.blocked: set[int] = set()
        self.started: set[int] = set()
        self.deactivated: set[int] = set()
        #: How far private chats and basic groups have counted together.
        self.numbered = 0

    def place(self, written: object) -> Place:
        """The place a call names, or the server's complaint."""
        if written in {None, ""}:
            raise RefusalError("chat_id is empty")
        try:
            found = self.places.get(int(str(written)))
        except ValueError:
            found = None
        if found is None:
            raise RefusalError("chat not found")
        return found

    def private(self, user: int) -> Place:
        """Somebody's own chat with the bot."""
        if user not in self.places:
            person = {
                name: value
                for name, value in self.people[user].items()
                if name in {"first_name", "last_name", "username"}
            }
            self.places[user] = Place({"id": user, "type": "private", **person})
        return self.places[user]

    def sendable(self, written: object) -> Place:
        """The place, where the bot may write there."""
        place = self.place(written)
        if place.kind == "private":
            if place.id in self.deactivated:
                raise RefusalError("user is deactivated", code=403)
            if place.id in self.blocked:
                raise RefusalError("bot was blocked by the user", code=403)
            if place.id not in self.started:
                raise RefusalError("bot can't initiate conversation with a user", code=403)
            return place
        if place.upgraded_to is not None:
            raise RefusalError(
                "group chat was upgraded to a supergroup chat", parameters={"migrate_to_chat_id": place.upgraded_to}
            )
        self.require_bot(place)
        if place.is_muted and not place.is_admin(BOT_ID):
            raise RefusalError("not enough rights to send text messages to the chat")
        return place

    def require_bot(self, place: Place) -> None:
        kind = "supergroup" if place.kind == "supergroup" else "group"
        status = place.members.get(BOT_ID, {}).get("status", "left")
        if status == "kicked":
            raise RefusalError(f"bot was kicked from the {kind} chat", code=403)
        if status == "left" and place.kind != "private":
            raise RefusalError(f"bot is not a member of the {kind} chat", code=403)

    def user(self, user: int) -> Payload:
        if user == BOT_ID:
            return {name: self.me[name] for name in ("id", "is_bot", "first_name", "username")}
        return dict(self.people[user])

    def keep(self, content: bytes, *, folder: str, name: str = "", ending: str = "") -> Payload:
        """Store a file; what a message says of it."""
        file_id = f"BQACAgIAAxk{secrets.token_urlsafe(30)}"
        ending = ending or (f".{name.rpartition('.')[2]}" if "." in name else "")
        self.files[file_id] = Stored(content, f"{folder}/file_{len(self.files)}{ending}", name)
        return {"file_id": file_id, "file_unique_id": secrets.token_hex(8), "file_size": len(content)}

    def write(
        self,
        place: Place,
        sender: int,
        content: Mapping[str, Any],
        *,
        thread: int | None = None,
        reply_to: int | None = None,
    ) -> Payload:
        """Put a message into a place, as everybody there sees it from now on."""
        message: Payload = {
            "message_id": self._number(place),
            "from": self.user(sender),
            "chat": dict(place.chat),
            "date": int(self.now()),
        }
        if reply_to is not None:
            replied = place.messages[reply_to]
            thread = thread if thread is not None else _topic_of(replied)
            message["reply_to_message"] = _without_reply(replied)
            if thread is None and place.kind == "supergroup":
                message["message_thread_id"] = replied.get(
                    "message_thread_id", reply_to
                )  # a thread of replies, no topic
        if thread is not None:
            message |= {"message_thread_id": thread, "is_topic_message": True}
            if reply_to is None and thread in place.messages:
                message["reply_to_message"] = _without_reply(place.messages[thread])
        message |= content
        place.messages[message["message_id"]] = message
        place.spoke_before, place.spoke_last = place.spoke_last, sender
        return message

    def emit(self, kind: str, place: Place, payload: Mapping[str, Any]) -> int | None:
        """Tell the bot, where it is there and is meant to know."""
        if place.kind != "private" and place.members.get(BOT_ID, {}).get("status", "left") in {"left", "kicked"}:
            return None
        if place.id in self.blocked:
            return None
        return self.line.emit(kind, payload)

    def hears(self, place: Place, message: Mapping[str, Any]) -> bool:
        """Whether privacy mode lets the bot read a message: everything of its own, commands, and what answers it."""
        if place.kind == "private" or self.me["can_read_all_group_messages"] or place.is_admin(BOT_ID):
            return True
        if not {"text", "caption"} & message.keys() and not _MEDIA & message.keys():
            return True  # service messages always
        if message.get("reply_to_message", {}).get("from", {}).get("id") == BOT_ID:
            return True
        command = str(message.get("text", "")).split(maxsplit=1)[:1]
        if not command or not command[0].startswith("/"):
            return False
        return command[0].endswith(f"@{BOT_NAME}") or ("@" not in command[0] and place.spoke_before == BOT_ID)

    def shared(self, message: Mapping[str, Any]) -> Payload:
        """A message as an update carries it, and the one it answers: of what stands below them, only buttons."""
        found = copy.deepcopy(dict(message))
        for one in (found, found.get("reply_to_message", {})):
            if "inline_keyboard" not in one.get("reply_markup", {"inline_keyboard": []}):
                del one["reply_markup"]
        return found

    def _number(self, place: Place) -> int:
        """Supergroups count for themselves; private chats and basic groups share one count."""
        if place.kind == "supergroup":
            place.numbered += 1
            return place.numbered
        self.numbered += 1
        return self.numbered


_MEDIA = {
    "photo", "document", "video", "voice", "audio", "video_note", "sticker", "location", "contact", "poll", "animation",
}  # fmt: skip


def _topic_of(message: Mapping[str, Any]) -> int | None:
    if message.get("is_topic_message"):
        return int(message["message_thread_id"])
    return int(message["message_id"]) if "forum_topic_created" in message else None


def _without_reply(message: Mapping[str, Any]) -> Payload:
    return {name: value for name, value in message.items() if name != "reply_to_message"}


def membership(user: Mapping[str, Any], status: str, **rights: object) -> Payload:
    """A ChatMember of the Bot API."""
    member: Payload = {"user": dict(user), "status": status}
    if status == "administrator":
        member |= {**ALL_RIGHTS, **rights}
    if status == "kicked":
        member["until_date"] = 0
    if status == "creator":
        member["is_anonymous"] = False
    return member

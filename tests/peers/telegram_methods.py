"""The methods of the Bot API that write: each takes a call's arguments and answers, or refuses as the server does."""

from dataclasses import dataclass

from tests.peers.telegram_arguments import Arguments, Method, Upload
from tests.peers.telegram_contents import file_content
from tests.peers.telegram_markup import (
    FREE_REACTIONS,
    LONGEST_CAPTION,
    LONGEST_TEXT,
    Payload,
    RefusalError,
    formatted,
    keyboard_of,
    units,
)
from tests.peers.telegram_profile import Profile
from tests.peers.telegram_world import BOT_ID, Place, World

LARGEST_PHOTO, LARGEST_UPLOAD = 10 * 2**20, 50 * 2**20
QUERY_LASTS_S = 60
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM")
_KINDS = {
    "sendPhoto": "photo",
    "sendDocument": "document",
    "sendVideo": "video",
    "sendVoice": "voice",
    "sendAudio": "audio",
    "sendAnimation": "animation",
}
_ACTIONS = {
    "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "upload_document",
    "choose_sticker", "find_location", "record_video_note", "upload_video_note",
}  # fmt: skip
_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current content "
    "and reply markup of the message"
)


@dataclass(eq=False, slots=True)
class Query:
    """A press on a button that the bot has yet to answer."""

    id: str
    at: float
    answer: Payload | None = None


class Methods:
    """What a bot may do. `queries` are the presses it may answer."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.queries: dict[str, Query] = {}
        #: What the bot is seen doing: (chat, thread, action), newest last.
        self.actions: list[tuple[int, int | None, str]] = []
        self.profile = Profile(world)
        self.known: dict[str, Method] = {
            "sendMessage": self._send_message,
            "sendMediaGroup": self._send_album,
            "sendChatAction": self._send_action,
            "editMessageText": self._edit_text,
            "editMessageCaption": self._edit_caption,
            "editMessageReplyMarkup": self._edit_markup,
            "deleteMessage": self._delete,
            "setMessageReaction": self._react,
            "answerCallbackQuery": self._answer,
            **dict.fromkeys(_KINDS, self._send_file),
            **self.profile.known,
        }

    # ---- sending

    async def _send_message(self, asked: Arguments) -> Payload:
        place, thread, reply = self._where(asked)
        text, entities = formatted(asked.values, "text", longest=LONGEST_TEXT)
        if not text:
            raise RefusalError("message text is empty")
        content: Payload = {"text": text} | ({"entities": entities} if entities else {})
        return self._written(asked, place, content, thread=thread, reply=reply)

    async def _send_file(self, asked: Arguments) -> Payload:
        place, thread, reply = self._where(asked)
        content = self._file_content(_KINDS[asked.method], asked[_KINDS[asked.method]], asked)
        caption, entities = formatted(asked.values, "caption", longest=LONGEST_CAPTION)
        content |= ({"caption": caption} if caption else {}) | ({"caption_entities": entities} if entities else {})
        return self._written(asked, place, content, thread=thread, reply=reply)

    async def _send_album(self, asked: Arguments) -> list[Payload]:
        place, thread, reply = self._where(asked)
        media = asked["media"]
        if not isinstance(media, list) or not all(isinstance(one, dict) for one in media):
            raise RefusalError("can't parse media JSON object")
        if not 2 <= len(media) <= 10:
            raise RefusalError("wrong number of media: an album has 2 to 10 of them")
        kinds = {str(one.get("type")) for one in media}
        if kinds - {"photo", "video", "document", "audio"}:
            raise RefusalError("media type can't be used in an album")
        if len(kinds) > 1 and kinds & {"document", "audio"}:
            raise RefusalError(f"{min(kinds)} can't be mixed with other media types")
        contents = []
        for one in media:
            content = self._file_content(str(one["type"]), one.get("media"), asked)
            caption, entities = formatted(one, "caption", longest=LONGEST_CAPTION)
            content |= ({"caption": caption} if caption else {}) | ({"caption_entities": entities} if entities else {})
            contents.append(content)
        album = str(13_000_000_000_000_000 + len(self.world.files))
        return [
            self._written(asked, place, {"media_group_id": album, **content}, thread=thread, reply=reply)
            for content in contents
        ]

    async def _send_action(self, asked: Arguments) -> bool:
        place = self.world.sendable(asked["chat_id"])
        if asked.text("action") not in _ACTIONS:
            raise RefusalError("wrong parameter action in request")
        self.actions.append((place.id, asked.number("message_thread_id"), asked.text("action")))
        return True

    def _where(self, asked: Arguments) -> tuple[Place, int | None, int | None]:
        place = self.world.sendable(asked["chat_id"])
        thread = asked.number("message_thread_id")
        if thread is not None:
            if thread not in place.topics:
                raise RefusalError("message thread not found")
            if thread in place.closed_topics and not place.is_admin(BOT_ID):
                raise RefusalError("TOPIC_CLOSED")
        reply = asked["reply_parameters"]
        if reply is None:
            return place, thread, None
        if not isinstance(reply, dict) or not isinstance(reply.get("message_id"), int):
            raise RefusalError("can't parse reply parameters JSON object")
        if "chat_id" in reply and int(reply["chat_id"]) != place.id:
            raise RefusalError("replies in another chat are not emulated")
        replied = place.messages.get(reply["message_id"])
        if replied is None or (thread is not None and replied.get("message_thread_id", thread) != thread):
            if reply.get("allow_sending_without_reply"):
                return place, thread, None
            raise RefusalError("message to be replied not found")
        if (quote := reply.get("quote")) and quote not in str(replied.get("text") or replied.get("caption")):
            raise RefusalError("QUOTE_TEXT_INVALID")
        return place, thread, int(reply["message_id"])

    def _written(
        self, asked: Arguments, place: Place, content: Payload, *, thread: int | None, reply: int | None
    ) -> Payload:
        if markup := keyboard_of(asked.values):
            content = {**content, "reply_markup": markup}
        if asked.is_true("protect_content"):
            content = {**content, "has_protected_content": True}
        message = self.world.write(place, BOT_ID, content, thread=thread, reply_to=reply)
        if asked.is_true("disable_notification"):
            place.silent.add(message["message_id"])
        return self._returned(message)

    def _returned(self, message: Payload) -> Payload:
        """A message as a method answers it: keyboards for one person's keys are not told."""
        found = self.world.shared(message)
        if "inline_keyboard" not in found.get("reply_markup", {"inline_keyboard": None}):
            del found["reply_markup"]
        return found

    def _file_content(self, kind: str, written: object, asked: Arguments) -> Payload:
        upload = asked.files.get(kind)
        if isinstance(written, str) and written.startswith("attach://"):
            upload = asked.files.get(written.removeprefix("attach://"))
            if upload is None:
                raise RefusalError("wrong file identifier/HTTP URL specified")
        if upload is None:
            stored = self.world.files.get(str(written or ""))
            if stored is None:
                raise RefusalError(
                    f"there is no {kind} in the request" if not written else "wrong remote file identifier"
                )
            upload = Upload(stored.name, stored.content)
        if not upload.content:
            raise RefusalError("file must be non-empty")
        if kind == "photo" and (len(upload.content) > LARGEST_PHOTO or not upload.content.startswith(_PICTURES)):
            raise RefusalError(
                "IMAGE_PROCESS_FAILED" if len(upload.content) <= LARGEST_PHOTO else "PHOTO_SAVE_FILE_INVALID"
            )
        if len(upload.content) > LARGEST_UPLOAD:
            raise RefusalError("Request Entity Too Large", code=413)
        return file_content(self.world, kind, upload.content, name=upload.name)

    # ---- changing

    def _own(self, asked: Arguments) -> tuple[Place, Payload]:
        place = self.world.sendable(asked["chat_id"])
        message = place.messages.get(asked.number("message_id") or 0)
        if message is None:
            raise RefusalError("message to edit not found")
        if message["from"]["id"] != BOT_ID:
            raise RefusalError("message can't be edited")
        return place, message

    async def _edit_text(self, asked: Arguments) -> Payload:
        _, message = self._own(asked)
        if "text" not in message:
            raise RefusalError("there is no text in the message to edit")
        text, entities = formatted(asked.values, "text", longest=LONGEST_TEXT)
        if not text:
            raise RefusalError("message text is empty")
        return self._changed(message, asked, {"text": text, "entities": entities})

    async def _edit_caption(self, asked: Arguments) -> Payload:
        _, message = self._own(asked)
        if not message.keys() & _KINDS.values() or "text" in message:
            raise RefusalError("there is no caption in the message to edit")
        caption, entities = formatted(asked.values, "caption", longest=LONGEST_CAPTION)
        return self._changed(message, asked, {"caption": caption, "caption_entities": entities})

    async def _edit_markup(self, asked: Arguments) -> Payload:
        _, message = self._own(asked)
        return self._changed(message, asked, {})

    def _changed(self, message: Payload, asked: Arguments, content: Payload) -> Payload:
        markup = keyboard_of(asked.values) or {}
        if markup and "inline_keyboard" not in markup:
            raise RefusalError("inline keyboard expected")
        wanted = {**content, "reply_markup": markup if markup.get("inline_keyboard") else {}}
        if all((message.get(name) or type(value)()) == value for name, value in wanted.items()):
            raise RefusalError(_MODIFIED)
        for name, value in wanted.items():
            if value:
                message[name] = value
            else:
                message.pop(name, None)
        message["edit_date"] = int(self.world.now())
        return self._returned(message)

    async def _delete(self, asked: Arguments) -> bool:
        place = self.world.place(asked["chat_id"])
        self.world.require_bot(place)
        number = asked.number("message_id") or 0
        if number not in place.messages:
            raise RefusalError("message to delete not found")
        message = place.messages[number]
        is_old = self.world.now() - message["date"] > 48 * 3600
        may = place.members.get(BOT_ID, {}).get("can_delete_messages", False)
        if not may and (is_old or (message["from"]["id"] != BOT_ID and place.kind != "private")):
            raise RefusalError("message can't be deleted")
        del place.messages[number]
        return True

    async def _react(self, asked: Arguments) -> bool:
        place = self.world.place(asked["chat_id"])
        self.world.sendable(place.id)
        number = asked.number("message_id") or 0
        if number not in place.messages:
            raise RefusalError("message to react not found")
        reactions = asked["reaction"] or []
        if len(reactions) > 1:
            raise RefusalError("REACTIONS_TOO_MANY")
        emoji = [str(one.get("emoji")) for one in reactions if one.get("type") == "emoji"]
        if len(emoji) != len(reactions) or any(one not in FREE_REACTIONS for one in emoji):
            raise RefusalError("REACTION_INVALID")
        if place.allowed_reactions is not None and any(one not in place.allowed_reactions for one in emoji):
            raise RefusalError("REACTION_INVALID")
        place.reactions.setdefault(number, {})[BOT_ID] = emoji
        return True

    async def _answer(self, asked: Arguments) -> bool:
        query = self.queries.get(asked.text("callback_query_id"))
        if query is None or query.answer is not None or self.world.now() - query.at > QUERY_LASTS_S:
            raise RefusalError("query is too old and response timeout expired or query ID is invalid")
        if units(asked.text("text")) > 200:
            raise RefusalError("MESSAGE_TOO_LONG")
        query.answer = {"text": asked.text("text"), "show_alert": asked.is_true("show_alert")}
        return True

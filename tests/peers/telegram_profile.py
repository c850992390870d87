"""The methods of the Bot API by which a bot reads, keeps a forum and presents itself."""

import re

from tests.peers.telegram_arguments import Arguments, Method
from tests.peers.telegram_contents import open_topic
from tests.peers.telegram_markup import Payload, RefusalError
from tests.peers.telegram_world import BOT_ID, Place, World

LARGEST_DOWNLOAD = 20 * 2**20


class Profile:
    """`commands` are the menus by scope and language, `descriptions` the texts by kind and language."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.commands: dict[tuple[str, str], list[Payload]] = {}
        self.descriptions: dict[tuple[str, str], str] = {}
        self.menu_buttons: dict[int | None, Payload] = {}
        line = world.line
        self.known: dict[str, Method] = {
            "getMe": self._me,
            "getUpdates": lambda asked: line.updates(asked.values),
            "setWebhook": self._set_webhook,
            "deleteWebhook": self._delete_webhook,
            "getWebhookInfo": self._webhook_state,
            "getFile": self._file,
            "getChat": self._chat,
            "getChatMember": self._member,
            "getChatAdministrators": self._admins,
            "leaveChat": self._leave,
            "createForumTopic": self._create_topic,
            "editForumTopic": self._edit_topic,
            "closeForumTopic": self._close_topic,
            "reopenForumTopic": self._reopen_topic,
            "setMyCommands": self._set_commands,
            "getMyCommands": self._commands,
            "deleteMyCommands": self._delete_commands,
            "setMyDescription": self._describe,
            "setMyShortDescription": self._describe,
            "getMyDescription": self._description,
            "getMyShortDescription": self._description,
            "setChatMenuButton": self._set_menu_button,
            "getChatMenuButton": self._menu_button,
        }

    # ---- who and how

    async def _me(self, _: Arguments) -> Payload:
        return dict(self.world.me)

    async def _set_webhook(self, asked: Arguments) -> tuple[bool, str]:
        return True, self.world.line.set_webhook(asked.values)

    async def _delete_webhook(self, asked: Arguments) -> tuple[bool, str]:
        return True, self.world.line.delete_webhook(asked.values)

    async def _webhook_state(self, _: Arguments) -> Payload:
        return self.world.line.webhook_state()

    # ---- reading

    async def _file(self, asked: Arguments) -> Payload:
        stored = self.world.files.get(asked.text("file_id"))
        if stored is None:
            raise RefusalError("wrong file_id or the file is temporarily unavailable")
        if len(stored.content) > LARGEST_DOWNLOAD:
            raise RefusalError("file is too big")
        return {
            "file_id": asked.text("file_id"),
            "file_unique_id": asked.text("file_id")[-16:],
            "file_size": len(stored.content),
            "file_path": stored.path,
        }

    async def _chat(self, asked: Arguments) -> Payload:
        place = self.world.place(asked["chat_id"])
        if place.kind != "private":
            self.world.require_bot(place)
        found: Payload = {**place.chat, "accent_color_id": 3, "max_reaction_count": 11}
        found["accepted_gift_types"] = dict.fromkeys(_GIFTS, False)
        if place.allowed_reactions is not None:
            found["available_reactions"] = [{"type": "emoji", "emoji": one} for one in sorted(place.allowed_reactions)]
        return found

    async def _member(self, asked: Arguments) -> Payload:
        place = self.world.place(asked["chat_id"])
        if place.kind != "private":
            self.world.require_bot(place)
        user = asked.number("user_id")
        if user is None or (user != BOT_ID and user not in self.world.people):
            raise RefusalError("user not found")
        return dict(place.members.get(user) or {"user": self.world.user(user), "status": "left"})

    async def _admins(self, asked: Arguments) -> list[Payload]:
        place = self.world.place(asked["chat_id"])
        if place.kind == "private":
            raise RefusalError("there are no administrators in the private chat")
        self.world.require_bot(place)
        return [dict(one) for user, one in place.members.items() if place.is_admin(user)]

    async def _leave(self, asked: Arguments) -> bool:
        place = self.world.place(asked["chat_id"])
        if place.kind == "private":
            raise RefusalError("chat member status can't be changed in private chats")
        self.world.require_bot(place)
        place.members.pop(BOT_ID)
        return True

    # ---- topics

    def _forum(self, asked: Arguments) -> Place:
        place = self.world.sendable(asked["chat_id"])
        if not place.chat.get("is_forum"):
            raise RefusalError("the chat is not a forum")
        if not place.members[BOT_ID].get("can_manage_topics"):
            raise RefusalError(
                "not enough rights to create a topic" if "create" in asked.method else "not enough rights"
            )
        return place

    def _topic(self, asked: Arguments) -> tuple[Place, int]:
        place, thread = self._forum(asked), asked.number("message_thread_id") or 0
        if thread not in place.topics:
            raise RefusalError("message thread not found")
        return place, thread

    async def _create_topic(self, asked: Arguments) -> Payload:
        place = self._forum(asked)
        name = asked.text("name").strip()
        if not 1 <= len(name) <= 128:
            raise RefusalError("TOPIC_TITLE_EMPTY" if not name else "topic name is too long")
        thread = open_topic(self.world, place, name, by=BOT_ID)
        return {"message_thread_id": thread, "name": name, "icon_color": 7322096}

    async def _edit_topic(self, asked: Arguments) -> bool:
        place, thread = self._topic(asked)
        if (name := asked.text("name").strip()) == place.topics[thread]:
            raise RefusalError("TOPIC_NOT_MODIFIED")
        place.topics[thread] = name or place.topics[thread]
        return True

    async def _close_topic(self, asked: Arguments) -> bool:
        place, thread = self._topic(asked)
        if thread in place.closed_topics:
            raise RefusalError("TOPIC_NOT_MODIFIED")
        place.closed_topics.add(thread)
        return True

    async def _reopen_topic(self, asked: Arguments) -> bool:
        place, thread = self._topic(asked)
        if thread not in place.closed_topics:
            raise RefusalError("TOPIC_NOT_MODIFIED")
        place.closed_topics.remove(thread)
        return True

    # ---- how the bot presents itself

    async def _set_commands(self, asked: Arguments) -> bool:
        commands = asked["commands"]
        if not isinstance(commands, list) or len(commands) > 100:
            raise RefusalError("BOT_COMMANDS_TOO_MUCH" if isinstance(commands, list) else "can't parse commands")
        for command in commands:
            if not re.fullmatch(r"[a-z0-9_]{1,32}", str(command.get("command", ""))):
                raise RefusalError("BOT_COMMAND_INVALID")
            if not 1 <= len(str(command.get("description", ""))) <= 256:
                raise RefusalError("BOT_COMMAND_DESCRIPTION_INVALID")
        self.commands[self._scope(asked)] = commands
        return True

    async def _commands(self, asked: Arguments) -> list[Payload]:
        return self.commands.get(self._scope(asked), [])

    async def _delete_commands(self, asked: Arguments) -> bool:
        self.commands.pop(self._scope(asked), None)
        return True

    def _scope(self, asked: Arguments) -> tuple[str, str]:
        scope, language = asked["scope"] or {"type": "default"}, asked.text("language_code")
        if scope.get("type") not in _SCOPES:
            raise RefusalError("wrong bot command scope type specified")
        if language and not re.fullmatch(r"[a-z]{2}", language):
            raise RefusalError("invalid language code specified")
        if "chat_id" in scope:
            self.world.place(scope["chat_id"])
        names = [str(scope[name]) for name in ("type", "chat_id", "user_id") if name in scope]
        return ":".join(names), language

    async def _describe(self, asked: Arguments) -> bool:
        name = "short_description" if "Short" in asked.method else "description"
        if len(asked.text(name)) > (120 if "Short" in asked.method else 512):
            raise RefusalError("description is too long")
        self.descriptions[name, asked.text("language_code")] = asked.text(name)
        return True

    async def _description(self, asked: Arguments) -> Payload:
        name = "short_description" if "Short" in asked.method else "description"
        return {name: self.descriptions.get((name, asked.text("language_code")), "")}

    async def _set_menu_button(self, asked: Arguments) -> bool:
        button = asked["menu_button"] or {"type": "default"}
        if button.get("type") not in {"commands", "web_app", "default"}:
            raise RefusalError("wrong menu button type specified")
        self.menu_buttons[asked.number("chat_id")] = button
        return True

    async def _menu_button(self, asked: Arguments) -> Payload:
        return self.menu_buttons.get(asked.number("chat_id"), {"type": "default"})


_GIFTS = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
_SCOPES = {
    "default", "all_private_chats", "all_group_chats", "all_chat_administrators", "chat", "chat_administrators",
    "chat_member",
}  # fmt: skip

"""Somebody in Telegram as a test plays them: writes, answers, reacts, presses, blocks. Nothing here waits."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.peers.telegram_contents import file_content
from tests.peers.telegram_markup import Payload, with_found
from tests.peers.telegram_methods import Query
from tests.peers.telegram_people import Group, People, Pressed, Said, Where
from tests.peers.telegram_world import BOT_ID, membership

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)

#: Telegram's own number for whoever writes in a group's name.
ANONYMOUS: Payload = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody. Where no place is named, it is their own chat with the bot."""

    people: People = field(repr=False)
    id: int
    name: str

    @property
    def user(self) -> Payload:
        return self.people.world.user(self.id)

    # ---- writing

    def says(
        self,
        text: str,
        place: Group | None = None,
        *,
        topic: int | None = None,
        reply_to: Where | None = None,
        quote: str = "",
        entities: Sequence[Mapping[str, Any]] = (),
        as_group: bool = False,
    ) -> Said:
        found = with_found(text, [dict(one) for one in entities])
        content: Payload = {"text": text} | ({"entities": found} if found else {})
        if quote:
            content["quote"] = {"text": quote, "position": 0, "is_manual": True}
        return self._writes(content, place, topic=topic, reply_to=reply_to, as_group=as_group)

    def starts(self, payload: str = "") -> Said:
        """Press Start, with what the link carried; somebody who had blocked the bot unblocks it so."""
        if self.id in self.people.world.blocked:
            self.unblocks()
        return self.says(f"/start {payload}".strip())

    def edits(self, said: Where, text: str, *, document: bytes | None = None, name: str = "report.pdf") -> Said:
        """Change what one wrote, or the caption of it; with a `document`, the file that stood there."""
        place, message = self.people.found(said)
        assert message["from"]["id"] == self.id, "people edit their own messages"
        if document is not None:
            for kind in ("document", "photo", "video", "audio", "animation"):
                message.pop(kind, None)
            message |= file_content(self.people.world, "document", document, name=name, mime="application/pdf")
        name = "text" if "text" in message else "caption"
        message |= {name: text, "edit_date": int(self.people.world.now())}
        message.pop("entities" if name == "text" else "caption_entities", None)
        if found := with_found(text, []):
            message["entities" if name == "text" else "caption_entities"] = found
        return self.people.told(place, message, kind="edited_message")

    def sends_photo(self, content: bytes = PIXEL, place: Group | None = None, **how: Any) -> Said:  # noqa: ANN401
        return self._sends_file("photo", content, place, **how)

    def sends_document(
        self,
        content: bytes,
        place: Group | None = None,
        *,
        name: str = "report.pdf",
        kind: str = "application/pdf",
        **how: Any,  # noqa: ANN401
    ) -> Said:
        return self._sends_file("document", content, place, name=name, mime=kind, **how)

    def sends_video(self, content: bytes = b"\0\0\0 ftypmp42", place: Group | None = None, **how: Any) -> Said:  # noqa: ANN401
        return self._sends_file("video", content, place, **how)

    def sends_voice(self, content: bytes = b"OggS", place: Group | None = None, **how: Any) -> Said:  # noqa: ANN401
        return self._sends_file("voice", content, place, **how)

    def sends_audio(self, content: bytes = b"ID3", place: Group | None = None, **how: Any) -> Said:  # noqa: ANN401
        return self._sends_file("audio", content, place, **how)

    def sends_animation(self, content: bytes = b"GIF89a", place: Group | None = None, **how: Any) -> Said:  # noqa: ANN401
        return self._sends_file("animation", content, place, **how)

    def sends_video_note(self, content: bytes = b"\0\0\0 ftypmp42", place: Group | None = None, **how: Any) -> Said:  # noqa: ANN401
        return self._sends_file("video_note", content, place, **how)

    def sends_sticker(self, emoji: str = "👍", place: Group | None = None, **how: Any) -> Said:  # noqa: ANN401
        stored = self.people.world.keep(b"RIFF sticker", folder="stickers", ending=".webp")
        flags = {"width": 512, "height": 512, "is_animated": False, "is_video": False, "type": "regular"}
        return self._writes({"sticker": {**stored, **flags, "emoji": emoji}}, place, **how)

    def sends_location(self, latitude: float, longitude: float, place: Group | None = None, **how: Any) -> Said:  # noqa: ANN401
        return self._writes({"location": {"latitude": latitude, "longitude": longitude}}, place, **how)

    def sends_contact(
        self,
        name: str,
        phone: str,
        place: Group | None = None,
        *,
        of: "Person | None" = None,
        **how: Any,  # noqa: ANN401
    ) -> Said:
        """A contact card; anybody may send anybody's."""
        card: Payload = {"phone_number": phone, "first_name": name} | ({"user_id": of.id} if of else {})
        return self._writes({"contact": card}, place, **how)

    def sends_poll(self, question: str, *options: str, place: Group | None = None, **how: Any) -> Said:  # noqa: ANN401
        poll: Payload = {
            "id": str(5_000_000_000 + self.people.number()),
            "question": question,
            "options": [
                {"persistent_id": str(index), "text": one, "voter_count": 0} for index, one in enumerate(options)
            ],
            "total_voter_count": 0,
            "is_closed": False,
            "is_anonymous": True,
            "type": "regular",
            "allows_multiple_answers": False,
            "allows_revoting": False,
            "members_only": False,
        }
        return self._writes({"poll": poll}, place, **how)

    def sends_album(self, *contents: bytes, caption: str = "", place: Group | None = None, **how: Any) -> list[Said]:  # noqa: ANN401
        """Photos in one go: one update each, told apart from others by their group."""
        album = str(13_900_000_000_000_000 + self.people.number())
        found = [file_content(self.people.world, "photo", one) for one in contents]
        if caption:
            found[0]["caption"] = caption
        return [self._writes({"media_group_id": album, **one}, place, **how) for one in found]

    def forwards(self, said: Where, place: Group | None = None, *, hides_sender: bool = False) -> Said:
        """Somebody's message again, in another place."""
        _, message = self.people.found(said)
        left_out = {
            "message_id",
            "from",
            "chat",
            "date",
            "reply_to_message",
            "message_thread_id",
            "is_topic_message",
            "edit_date",
            "reply_markup",
        }
        content = {name: value for name, value in message.items() if name not in left_out}
        origin: Payload = {"type": "user", "date": message["date"], "sender_user": message["from"]}
        if hides_sender:
            origin = {"type": "hidden_user", "date": message["date"], "sender_user_name": message["from"]["first_name"]}
        return self._writes({"forward_origin": origin, **copy.deepcopy(content)}, place)

    # ---- pressing and reacting

    def presses(
        self, said: Where, label: str = "", *, data: str | None = None, is_inaccessible: bool = False
    ) -> Pressed:
        """Press a button by its label; with `data`, whatever a test says the button carried, there or not."""
        place, message = self.people.found(said)
        if data is None:
            rows = message.get("reply_markup", {}).get("inline_keyboard", [])
            buttons = [button for row in rows for button in row]
            found = next((one for one in buttons if one["text"] == label), None)
            assert found is not None, f"no button {label!r}, but {[one['text'] for one in buttons]}"
            assert "callback_data" in found, f"the button {label!r} opens an address"
            data = found["callback_data"]
        query = Query(str(4_000_000_000_000_000 + self.people.number()), self.people.world.now())
        self.people.methods.queries[query.id] = query
        shown = self.people.world.shared(message)
        if is_inaccessible:
            shown = {"chat": shown["chat"], "message_id": shown["message_id"], "date": 0}
        update = self.people.world.emit(
            "callback_query",
            place,
            {"id": query.id, "from": self.user, "message": shown, "chat_instance": str(place.id * 7), "data": data},
        )
        self.people.changed()
        return Pressed(query, update, self.people)

    def reacts(self, said: Where, *emoji: str) -> int | None:
        """React to a message; with nothing, take one's reactions back."""
        place, message = self.people.found(said)
        before = place.reactions.setdefault(message["message_id"], {}).get(self.id, [])
        place.reactions[message["message_id"]][self.id] = list(emoji)
        if place.kind != "private" and not place.is_admin(BOT_ID):
            return None  # a bot that is no administrator is not told of reactions
        update = self.people.world.emit(
            "message_reaction",
            place,
            {
                "chat": dict(place.chat),
                "message_id": message["message_id"],
                "user": self.user,
                "date": int(self.people.world.now()),
                "old_reaction": [{"type": "emoji", "emoji": one} for one in before],
                "new_reaction": [{"type": "emoji", "emoji": one} for one in emoji],
            },
        )
        self.people.changed()
        return update

    # ---- the bot itself

    def blocks(self) -> None:
        self._has_bot("kicked")
        self.people.world.blocked.add(self.id)

    def unblocks(self) -> None:
        self.people.world.blocked.discard(self.id)
        self._has_bot("member")

    def is_gone(self) -> None:
        """The person's account is deleted."""
        self.people.world.deactivated.add(self.id)

    def _has_bot(self, status: str) -> None:
        world, place = self.people.world, self.people.world.private(self.id)
        bot = world.user(BOT_ID)
        old = "member" if status == "kicked" else "kicked"
        update = {
            "chat": dict(place.chat),
            "from": self.user,
            "date": int(world.now()),
            "old_chat_member": membership(bot, old),
            "new_chat_member": membership(bot, status),
        }
        world.emit("my_chat_member", place, update)
        self.people.changed()

    def _sends_file(
        self,
        kind: str,
        content: bytes,
        place: Group | None,
        *,
        caption: str = "",
        name: str = "",
        mime: str = "",
        album: str = "",
        **how: Any,  # noqa: ANN401
    ) -> Said:
        found = file_content(self.people.world, kind, content, name=name, mime=mime)
        if caption:
            found["caption"] = caption
        if album:
            found["media_group_id"] = album
        return self._writes(found, place, **how)

    def _writes(
        self,
        content: Payload,
        place: Group | None,
        *,
        topic: int | None = None,
        reply_to: Where | None = None,
        as_group: bool = False,
    ) -> Said:
        """`as_group` is how an anonymous administrator writes: in the group's name, as a bot of Telegram's own."""
        world = self.people.world
        where = place.place if place is not None else world.private(self.id)
        if place is None:
            assert self.id not in world.blocked, "who has blocked the bot cannot write to it"
            world.started.add(self.id)
        else:
            assert where.members.get(self.id, {}).get("status") not in {None, "left", "kicked"}, (
                f"{self.name} is not in it"
            )
        replied = self.people.found(reply_to) if reply_to is not None else None
        assert replied is None or replied[0] is where, "a reply stands where the message stands"
        message = world.write(
            where, self.id, content, thread=topic, reply_to=replied[1]["message_id"] if replied else None
        )
        if as_group:
            assert where.is_admin(self.id), "only administrators are anonymous"
            message |= {"from": dict(ANONYMOUS), "sender_chat": dict(where.chat)}
        return self.people.told(where, message)

"""The groups of Telegram as a test plays them, and what everybody shares. Nothing here waits but what says so."""

import asyncio
import copy
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.peers.telegram_contents import open_topic
from tests.peers.telegram_markup import Payload
from tests.peers.telegram_methods import Methods, Query
from tests.peers.telegram_world import BOT_ID, Place, World, membership

PATIENCE_S = 60


@dataclass(frozen=True, slots=True)
class Said:
    """A message somebody wrote; `update_id` is None where the bot was kept from it."""

    chat: int
    message_id: int
    update_id: int | None

    @property
    def external_id(self) -> str:
        return f"{self.chat}:{self.message_id}"


Where = Said | str | tuple[int, int]


class Somebody(Protocol):
    """Whoever has an id."""

    @property
    def id(self) -> int: ...


@dataclass(eq=False, slots=True)
class Pressed:
    """A press of a button, until the bot has answered it."""

    query: Query
    update_id: int | None
    people: "People"

    @property
    def is_answered(self) -> bool:
        return self.query.answer is not None

    async def answered(self) -> Payload:
        """What the presser was shown: `text` and `show_alert`."""
        await self.people.until(lambda: self.is_answered)
        assert self.query.answer is not None
        return self.query.answer


class People:
    """Everybody in Telegram, and the groups they are in."""

    def __init__(self, world: World, methods: Methods) -> None:
        self.world, self.methods = world, methods
        self._groups: Iterator[int] = itertools.count(1)
        self._numbers: Iterator[int] = itertools.count(1)
        self._pulse = asyncio.Event()

    def changed(self) -> None:
        """Wake whoever waits for something to come."""
        self._pulse.set()
        self._pulse = asyncio.Event()

    async def until(self, is_so: Any, *, within_s: float = PATIENCE_S) -> None:  # noqa: ANN401 - a question, asked anew
        """Wait for something that comes with a call of the bot or an update."""
        async with asyncio.timeout(within_s):
            while not is_so():
                await self._pulse.wait()

    def group(
        self,
        title: str,
        *people: Somebody,
        id: int | None = None,  # noqa: A002 - Telegram's word
        is_forum: bool = False,
        is_basic: bool = False,
        has_bot: bool = True,
    ) -> "Group":
        """A group with these people in it, the first of them its owner; silent, as if it had been there for long."""
        number = next(self._groups)
        number = (-4000 - number if is_basic else -1001000000000 - number) if id is None else id
        chat: Payload = {"id": number, "type": "group" if is_basic else "supergroup", "title": title}
        place = Place(chat | ({"is_forum": True} if is_forum else {}))
        for index, person in enumerate(people):
            place.members[person.id] = membership(self.world.user(person.id), "member" if index else "creator")
        if has_bot:
            place.members[BOT_ID] = membership(self.world.user(BOT_ID), "member")
        self.world.places[number] = place
        return Group(self, place)

    def found(self, where: Where) -> tuple[Place, Payload]:
        """A message by what a test knows of it."""
        if isinstance(where, Said):
            chat, number = where.chat, where.message_id
        elif isinstance(where, str):
            chat, number = map(int, where.rsplit(":", 1))
        else:
            chat, number = where
        place = self.world.places[chat]
        return place, place.messages[number]

    def told(self, place: Place, message: Payload, *, kind: str = "message") -> Said:
        update = None
        if self.world.hears(place, message):
            update = self.world.emit(kind, place, self.world.shared(message))
        self.changed()
        return Said(place.id, int(message["message_id"]), update)

    def number(self) -> int:
        return next(self._numbers)


@dataclass(frozen=True, slots=True)
class Group:
    """A group, a supergroup or a forum."""

    people: People
    place: Place = field(repr=False)

    @property
    def id(self) -> int:
        return self.place.id

    def opens_topic(self, name: str, *, by: Somebody) -> int:
        """A topic somebody opens; its thread."""
        thread = open_topic(self.people.world, self.place, name, by=by.id)
        self.people.told(self.place, self.place.messages[thread])
        return thread

    def deletes_topic(self, thread: int) -> None:
        """A topic goes with everything in it; no update says so."""
        del self.place.topics[thread]
        for number, message in list(self.place.messages.items()):
            if message.get("message_thread_id") == thread:
                del self.place.messages[number]

    def closes_topic(self, thread: int, *, by: Somebody) -> Said:
        self.place.closed_topics.add(thread)
        message = self.people.world.write(self.place, by.id, {"forum_topic_closed": {}}, thread=thread)
        return self.people.told(self.place, message)

    def adds(self, *people: Somebody, by: Somebody) -> None:
        """New members; without any, the bot."""
        world = self.people.world
        for user in [person.id for person in people] or [BOT_ID]:
            self._becomes(user, "member", by)
            message = world.write(self.place, by.id, {"new_chat_members": [world.user(user)]})
            self.people.told(self.place, message)

    def kicks(self, person: Somebody | None = None, *, by: Somebody) -> None:
        """A member is put out; without a name, the bot."""
        self._becomes(person.id if person else BOT_ID, "kicked", by)

    def leaves(self, person: Somebody) -> None:
        """A member goes; the room is told."""
        self._becomes(person.id, "left", person)
        message = self.people.world.write(
            self.place, person.id, {"left_chat_member": self.people.world.user(person.id)}
        )
        self.people.told(self.place, message)

    def promotes(self, person: Somebody | None = None, *, by: Somebody | None = None, **rights: bool) -> None:
        """A member becomes an administrator; without a name, the bot."""
        user = person.id if person else BOT_ID
        self._becomes(user, "administrator", by, **rights)

    def demotes(self, person: Somebody | None = None, *, by: Somebody | None = None) -> None:
        self._becomes(person.id if person else BOT_ID, "member", by)

    def mutes(self, *, is_muted: bool = True) -> None:
        """Members may no longer write, the bot among them unless it is an administrator."""
        self.place.is_muted = is_muted

    def allows_reactions(self, *emoji: str) -> None:
        """Only these may be reacted with; none at all where there are none."""
        self.place.allowed_reactions = set(emoji)

    def renames(self, title: str, *, by: Somebody) -> Said:
        self.place.chat["title"] = title
        return self.people.told(self.place, self.people.world.write(self.place, by.id, {"new_chat_title": title}))

    def upgrades(self) -> "Group":
        """A basic group becomes a supergroup with an id of its own; both say so."""
        world, owner = self.people.world, next(iter(self.place.members))
        new = self.people.group(str(self.place.chat["title"]), has_bot=False)
        new.place.members.update(copy.deepcopy(self.place.members))
        self.place.upgraded_to = new.id
        self.people.told(self.place, world.write(self.place, owner, {"migrate_to_chat_id": new.id}))
        self.people.told(new.place, world.write(new.place, owner, {"migrate_from_chat_id": self.id}))
        return new

    def _becomes(self, user: int, status: str, by: Somebody | None, **rights: bool) -> None:
        world = self.people.world
        by_id = by.id if by else next(iter(self.place.members))
        was_there = self.place.is_admin(BOT_ID)
        old = self.place.members.get(user) or {"user": world.user(user), "status": "left"}
        new = membership(world.user(user), status, **rights)
        update = {
            "chat": dict(self.place.chat),
            "from": world.user(by_id),
            "date": int(world.now()),
            "old_chat_member": old,
            "new_chat_member": new,
        }
        self.place.members[user] = new
        if user == BOT_ID:
            world.line.emit("my_chat_member", update)  # also when it is put out
        elif was_there:
            world.emit("chat_member", self.place, update)
        self.people.changed()

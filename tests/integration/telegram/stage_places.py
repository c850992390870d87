"""The people and places of a story on Telegram: whoever a story names is there, in the group or topic it names.

People go by their ids; who is called by a name alone gets an id here. A group is there from when it is first named,
with the bot as an administrator. It is a forum from when a topic is named in it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from adapters.message import Conversation, PlaceChange
from tests.peers.telegram_contents import open_topic
from tests.peers.telegram_people import Group, Somebody
from tests.peers.telegram_person import Person
from tests.peers.telegram_server import TelegramServer
from tests.peers.telegram_world import BOT_ID, Place, membership

#: Ids of people whom a story knows by name alone.
NAMELESS = 700_000
#: Messages count from here, so that a story may give smaller numbers of its own.
FIRST = 1_001
#: The first topic that the bot makes in a forum, as stories call it.
FIRST_TOPIC = 55
#: Who is in every group.
ANYBODY = "1001"


class Scenery:
    """Everybody and every place that a story has named so far."""

    def __init__(self, telegram: TelegramServer) -> None:
        self._telegram = telegram
        self._world = telegram.world
        self._persons: dict[str, Person] = {}
        self._groups: dict[str, Group] = {}
        self._names: dict[str, str] = {}
        #: The story's name of a topic that has another number in Telegram, and back.
        self._told: dict[tuple[str, int], int] = {}
        self._real: dict[tuple[str, int], int] = {}
        self._world.numbered = FIRST - 1

    # ---- people

    def person(self, address: str, name: str = "") -> Person:
        if address not in self._persons:
            number = int(address) if address.isdecimal() else NAMELESS + len(self._names)
            if not address.isdecimal():
                self._names[str(number)] = address
            self._persons[address] = self._telegram.person(name or address, id=number)
            del self._world.people[number]["language_code"]  # a story says it where it matters
            self._world.started.add(number)
            self._world.private(number)
        return self._persons[address]

    # ---- places

    def group(self, address: str, member: str = ANYBODY) -> Group | None:
        """The group of that address with this member in it; None for a person's own chat."""
        name, has_topic, _ = address.partition("#")
        if not name.startswith("-"):
            return None
        if name not in self._groups:
            group = self._groups[name] = self._telegram.group("Acme", id=int(name))
            group.place.numbered = FIRST - 1
            self._bot_is_in(group.place)
        group = self._groups[name]
        if has_topic:
            group.place.chat["is_forum"] = True
        person = self.person(member)
        group.place.members.setdefault(person.id, membership(self._world.user(person.id), "member"))
        return group

    def forum(self, address: str) -> None:
        """Make a forum of the group of that address."""
        group = self.group(address)
        assert group is not None
        if not group.place.chat.get("is_forum"):
            group.place.chat["is_forum"] = True
            group.place.numbered = FIRST_TOPIC - 1

    def topic(self, address: str, reply_to: str | None) -> int | None:
        """The topic of that address in Telegram, where whatever is answered stands in it."""
        group = self.group(address)
        name, has_topic, own = address.partition("#")
        if group is None or not has_topic:
            return None
        replied = group.place.messages[int(reply_to.rpartition(":")[2])] if reply_to is not None else {}
        thread = int(replied.get("message_thread_id", self._real.get((name, int(own)), int(own))))
        if thread != int(own):
            self._told[name, thread], self._real[name, int(own)] = int(own), thread
        if thread not in group.place.topics:
            with self.next_number(group.place, f"{name}:{thread}"):
                open_topic(self._world, group.place, "Billing", by=self.person(ANYBODY).id)
        return thread

    @contextmanager
    def next_number(self, place: Place, name: str | None) -> Iterator[None]:
        """Whatever is written there now has the number that a story gives it, where it gives one."""
        if name is None:
            yield
            return
        number = int(name.rpartition(":")[2])
        assert number not in place.messages, f"{name} is taken"
        before = place.numbered, self._world.numbered
        place.numbered = self._world.numbered = number - 1
        yield
        place.numbered, self._world.numbered = before

    def becomes(self, address: str, change: PlaceChange, *, by: str | None, title: str, to: str | None) -> None:
        """Let it become of a place."""
        who = self.person(by or ANYBODY)
        group = self.group(address)
        if change in {"blocked", "unblocked"}:
            assert group is None, "a bot is blocked by a person"
            return who.blocks() if change == "blocked" else who.unblocks()
        assert group is not None, "only groups move, and take somebody in"
        if change == "moved":
            assert to is not None
            return self._moves(group, to, who)
        if change == "left":
            return group.kicks(by=who)
        group.place.members[BOT_ID] = membership(self._world.user(BOT_ID), "left")
        group.place.chat["title"] = title or group.place.chat["title"]
        return group.adds(by=who)

    # ---- names

    def real(self, where: Conversation) -> str:
        """Its address in Telegram, where everybody in it is known by then."""
        name, has_topic, own = where.address.partition("#")
        if self.group(where.address) is None:
            return str(self.person(where.address).id)
        return f"{name}#{self._real.get((name, int(own)), int(own))}" if has_topic else name

    def told(self, address: str) -> str:
        """The story's name of an address in Telegram."""
        name, has_topic, thread = address.partition("#")
        own = f"#{self._told.get((name, int(thread)), int(thread))}" if has_topic else ""
        return self._names.get(name, name) + own

    # ---- inside

    def _moves(self, group: Group, to: str, by: Somebody) -> None:
        """A basic group becomes a supergroup with an id of its own; both say so."""
        new = self.group(to)
        assert new is not None
        group.place.chat["type"], group.place.upgraded_to = "group", new.id
        people, write = group.people, self._world.write
        people.told(group.place, write(group.place, by.id, {"migrate_to_chat_id": new.id}))
        people.told(new.place, write(new.place, by.id, {"migrate_from_chat_id": group.id}))

    def _bot_is_in(self, place: Place) -> None:
        bot = self._world.user(BOT_ID)
        place.members[BOT_ID] = membership(bot, "administrator", can_manage_topics=True)

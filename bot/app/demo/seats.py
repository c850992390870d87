"""The other ends of the stand-in channels: every conversation a client may have, and each of our people's own.

Taken from the desk directory, so that whoever is added there can be played here as well. Whoever writes without being
in it, a stranger, has a seat for as long as the channel remembers them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from adapters.fake import FakeChannel
from adapters.message import Channel, Conversation
from bot.tickets.revision import Revision
from bot.web.rows import CHANNELS


@dataclass(frozen=True, slots=True)
class Seat:
    """One conversation on a stand-in. `speakers` are the names and addresses that may write there, the usual one first.

    `zone` is where whoever sits there reads the time; `owner` says that it is one of our people's own. Where
    `has_threads`, each matter has a thread of its own.
    """

    conversation: Conversation
    name: str
    whose: str
    zone: str
    speakers: tuple[tuple[str, str], ...] = ()
    owner: bool = False
    has_threads: bool = False

    @property
    def channel(self) -> Channel:
        return self.conversation.channel

    @property
    def key(self) -> str:
        """How the page names it in its address."""
        return f"{self.channel}:{self.conversation.address}"

    @property
    def where(self) -> str:
        """The channel's name as people write it."""
        return CHANNELS[self.channel]


def seats(revision: Revision, standins: Mapping[Channel, FakeChannel]) -> list[Seat]:
    """Every seat, channel by channel: clients, then strangers, then our own people."""
    found: list[Seat] = []
    for standin in standins.values():
        known = [*_clients(revision, standin), *_people(revision, standin)]
        taken = {seat.conversation.address for seat in known}
        heard = {one.conversation.address: one.by for one in standin.happenings() if one.what == "said"}
        strangers = [
            Seat(standin.conversation(address), address, "not in the directory", revision.zone, ((address, by),))
            for address, by in heard.items()
            if standin.conversation(address).place not in taken
        ]
        found += sorted([*known, *strangers], key=lambda seat: seat.owner)
    return found


def seat_at(key: str, among: Iterable[Seat]) -> Seat | None:
    """The seat of that key."""
    return next((seat for seat in among if seat.key == key), None)


def is_there(address: str, seat: Seat) -> bool:
    """Whether an address is the seat's own, or a thread in it."""
    return address.partition("#")[0] == seat.conversation.place


def _clients(revision: Revision, standin: FakeChannel) -> Iterator[Seat]:
    channel = standin.channel
    for client in revision.clients.values():
        zone = client.zone or revision.zone
        contacts = [(one.name, one.addresses[channel]) for one in client.contacts if channel in one.addresses]
        for name, address in contacts:
            yield Seat(standin.conversation(address), name, client.name, zone, ((name, address),))
        manager = revision.person(client.manager)
        ours = [(manager.name, manager.addresses[channel])] if manager and channel in manager.addresses else []
        for address in client.channels.get(channel, ()):
            name = f"{client.name} and us"
            speakers = (*contacts, *ours)
            has_threads = channel is Channel.SLACK
            yield Seat(
                standin.conversation(address), name, "shared by several", zone, speakers, has_threads=has_threads
            )


def _people(revision: Revision, standin: FakeChannel) -> Iterator[Seat]:
    for person in revision.people.values():
        if (address := person.addresses.get(standin.channel)) is not None:
            zone = revision.calendars[person.calendar].zone
            own = ((person.name, address),)
            yield Seat(standin.conversation(address), person.name, "our side", zone, own, owner=True, has_threads=True)

"""Who is who, and where each of our people is reached: the current revision, with what routing leaves to the desk.

Addresses come in the order the person wrote them; the first whose channel is up is used, our own board being the last.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Final

from adapters.message import Channel, Conversation, Identity
from adapters.port import Limits
from bot.store.revisions import Revisions
from bot.tickets.revision import Revision
from routing.people import PersonId, Role

#: Our end of every pipe to our own people.
DESK_ACCOUNT: Final = "desk"


def shared_places(revision: Revision, channel: Channel) -> frozenset[str]:
    """The places of a channel that our own people share, where no client reads."""
    return frozenset(places[channel] for places in (revision.alerts, revision.cards) if channel in places)


class Ways:
    """The `Whereto` of the desk."""

    def __init__(
        self, revisions: Revisions, channels: Callable[[], Mapping[Channel, Limits]], served: Collection[Channel]
    ) -> None:
        self._revisions = revisions
        self._channels = channels
        self._served = served

    def __call__(self, person: PersonId) -> Conversation:
        return self.routes(person)[0]

    def alert(self, person: PersonId) -> Conversation:
        return self._place(self._revisions.current.alerts, person) or self(person)

    def card(self, person: PersonId) -> Conversation:
        return self._place(self._revisions.current.cards, person) or self(person)

    def thread(self, person: PersonId) -> Conversation | None:
        where = self.card(person)
        limits = self._channels().get(where.channel)
        return where if limits is not None and limits.has_threads and not limits.has_letters else None

    def home(self, person: PersonId) -> Conversation | None:
        up = self._channels()
        return next((one for one in self.routes(person) if one.channel in up and up[one.channel].has_homes), None)

    def mail(self, person: PersonId) -> Conversation | None:
        address = self._addresses(person).get(Channel.EMAIL)
        known = address is not None and Channel.EMAIL in self._served
        return Conversation(Channel.EMAIL, DESK_ACCOUNT, address) if known and address is not None else None

    def routes(self, person: PersonId) -> tuple[Conversation, ...]:
        """Every way, best first; the board always is one."""
        addresses, up = self._addresses(person).items(), self._channels()
        routes = [
            Conversation(Channel(name), DESK_ACCOUNT, address) for name, address in addresses if Channel(name) in up
        ]
        return (*routes, Conversation(Channel.BOARD, DESK_ACCOUNT, person))

    def _addresses(self, person: PersonId) -> Mapping[str, str]:
        """Where they read what we tell them; nowhere, once their account was closed."""
        revision = self._revisions.current
        one = revision.person(person)
        return one.addresses if one is not None and person not in revision.shut_out else {}

    def _place(self, places: Mapping[str, str], person: PersonId) -> Conversation | None:
        """A place that is up and in which this person can be called."""
        known, up = self._addresses(person), self._channels()
        found = (Conversation(Channel(name), DESK_ACCOUNT, place) for name, place in places.items())
        return next((where for where in found if where.channel in up and where.channel in known), None)


class Directory:
    """Questions about people that need the current revision and the channels that are up."""

    def __init__(
        self,
        revisions: Revisions,
        channels: Callable[[], Mapping[Channel, Limits]],
        served: Collection[Channel] = (),
    ) -> None:
        """`channels` are those that are up now, with what each can do; `served` those that the desk has at all."""
        self.whereto = Ways(revisions, channels, served)
        self.served = served
        self._revisions = revisions
        self._channels = channels
        self._known: tuple[int, dict[str, PersonId]] = (0, {})

    def person_of(self, identity: Identity) -> PersonId | None:
        """The person of ours behind an identity, if it is one of theirs."""
        if self._known[0] != self._revisions.number:
            people = self._revisions.current.people.values()
            known = {
                f"{channel}:{address}": person.id for person in people for channel, address in person.addresses.items()
            }
            self._known = (self._revisions.number, known)
        return self._known[1].get(identity.key)

    def limits_of(self, channel: Channel) -> Limits | None:
        """What a channel can do; None while it is not up."""
        return self._channels().get(channel)

    def routes(self, person: PersonId) -> tuple[Conversation, ...]:
        """Every way to tell this person something, best first; the board always is one."""
        return self.whereto.routes(person)

    def is_shared(self, where: Conversation) -> bool:
        """Whether a conversation is, or is a thread in, a place that our own people share."""
        return where.account == DESK_ACCOUNT and where.place in shared_places(self._revisions.current, where.channel)

    def admins(self) -> tuple[PersonId, ...]:
        """Who is told about failures; the leads where nobody is an admin."""
        people = self._revisions.current.people.values()
        admins = tuple(sorted(person.id for person in people if Role.ADMIN in person.roles))
        return admins or tuple(sorted(person.id for person in people if Role.LEAD in person.roles))

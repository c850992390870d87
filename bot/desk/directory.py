"""Who is who, and where each of our people is reached: the current revision, with what routing leaves to the desk.

Addresses come in the order the person wrote them; the first whose channel is up is used, our own board being the last.
"""

from collections.abc import Callable, Collection
from typing import Final

from adapters.message import Channel, Conversation, Identity
from bot.store.revisions import Revisions
from routing.people import PersonId, Role

#: Our end of every pipe to our own people.
DESK_ACCOUNT: Final = "desk"


class Directory:
    """Questions about people that need the current revision and the channels that are up."""

    def __init__(self, revisions: Revisions, channels: Callable[[], Collection[Channel]]) -> None:
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

    def whereto(self, person: PersonId) -> Conversation:
        """Where this person is told things now."""
        return self.routes(person)[0]

    def routes(self, person: PersonId) -> tuple[Conversation, ...]:
        """Every way to tell this person something, best first; the board always is one."""
        one = self._revisions.current.person(person)
        addresses = one.addresses.items() if one else ()
        up = self._channels()
        routes = [
            Conversation(Channel(name), DESK_ACCOUNT, address) for name, address in addresses if Channel(name) in up
        ]
        return (*routes, Conversation(Channel.BOARD, DESK_ACCOUNT, person))

    def admins(self) -> tuple[PersonId, ...]:
        """Who is told about failures; the leads where nobody is an admin."""
        people = self._revisions.current.people.values()
        admins = tuple(sorted(person.id for person in people if Role.ADMIN in person.roles))
        return admins or tuple(sorted(person.id for person in people if Role.LEAD in person.roles))

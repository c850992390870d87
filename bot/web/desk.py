"""What the pages ask of the desk; `bot.desk.desk.Desk` is one."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Protocol

from adapters.port import Answer
from bot.desk.calls.call_desk import CallDesk
from bot.desk.changes import Changes
from bot.store.driver.database import Database
from bot.store.revisions import Revisions
from bot.tickets.command import Command
from bot.tickets.ticket import TicketId
from bot.tickets.words.leave import Words
from routing.people import LineId, PersonId
from sla.duration import Instant


class Performer(Protocol):
    """The one door through which people do things to tickets."""

    async def perform(self, by: PersonId, ticket: TicketId, command: Command, *, key: str) -> Answer:
        """Do it, or say why not; the same key gives the same answer. KeyError for a ticket that does not exist."""


class Leaver(Protocol):
    """The one door through which people say that they, or others, are away."""

    async def leaves(self, by: PersonId, words: Words, *, key: str) -> Answer:
        """Somebody is away, or will be; the same key gives the same answer."""

    async def returns(self, by: PersonId, person: str, number: int, *, key: str) -> Answer:
        """That absence is over, or called off."""


class Desk(Protocol):
    """The running desk as a page sees it."""

    @property
    def database(self) -> Database:
        """Where everything is read from."""

    @property
    def revisions(self) -> Revisions:
        """The desk directory as it is now, and as it was."""

    @property
    def now(self) -> Callable[[], Instant]:
        """The desk's own clock, which may be a rehearsal's."""

    @property
    def commands(self) -> Performer:
        """Where every button ends."""

    @property
    def leaving(self) -> Leaver:
        """Where absences are said."""

    @property
    def calls(self) -> CallDesk:
        """Where calls are asked for, and looked up."""

    async def declare_load(self, by: PersonId, lines: Collection[LineId], *, is_high: bool) -> int:
        """A lead says how high the load of lines is; how many tickets have a promise that moved."""

    @property
    def changes(self) -> Changes:
        """Who tells a page that something has changed."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where the pages stand.

    `speed` is how fast the desk's time runs in a rehearsal; every page of one says so. `has_standins` puts the demo's
    own conversations into the rail, which are served under /demo/channels.
    """

    public_url: str = "http://127.0.0.1:8080"
    speed: float = 1.0
    is_rehearsal: bool = False
    has_standins: bool = False

    @property
    def is_https(self) -> bool:
        """Whether browsers reach us over TLS, directly or through a proxy."""
        return self.public_url.startswith("https:")

    @property
    def has_seconds(self) -> bool:
        """Whether time runs slowly enough for seconds to be read."""
        return self.speed <= 10  # noqa: PLR2004 - ten a second is still readable

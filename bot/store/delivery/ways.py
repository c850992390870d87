"""Where our people are told things now: asked while decisions are written, answered by whoever knows the channels.

A place that several share takes what is meant for all of them. None: no channel of theirs can show such a thing.
"""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from adapters.message import Conversation
from bot.tickets.ticket import TicketId
from routing.people import PersonId

Place = TypeVar("Place")


class Whereto(Protocol):
    """The ways to our people."""

    def __call__(self, person: PersonId) -> Conversation:
        """Their own best way; the board where no channel of theirs is up."""

    def alert(self, person: PersonId) -> Conversation:
        """Where this person is alerted as a lead: with all others, if there is a place for that."""

    def card(self, person: PersonId) -> Conversation:
        """Where their cards stand: with everybody's, if there is a place for that."""

    def thread(self, person: PersonId) -> Conversation | None:
        """The same, if something may go under a card there without calling anybody."""

    def home(self, person: PersonId) -> Conversation | None:
        """Where this person has a page of their own."""

    def mail(self, person: PersonId) -> Conversation | None:
        """Where their calendar is told by mail, whether or not that channel is up just now."""


class Remembered:
    """The same ways for as long as one batch is written: whoever knows asks every channel how it is."""

    def __init__(self, whereto: Whereto) -> None:
        self._whereto = whereto
        self._known: dict[tuple[str, PersonId], Any] = {}

    def __call__(self, person: PersonId) -> Conversation:
        return self._asked("told", self._whereto, person)

    def alert(self, person: PersonId) -> Conversation:
        return self._asked("alert", self._whereto.alert, person)

    def card(self, person: PersonId) -> Conversation:
        return self._asked("card", self._whereto.card, person)

    def thread(self, person: PersonId) -> Conversation | None:
        return self._asked("thread", self._whereto.thread, person)

    def home(self, person: PersonId) -> Conversation | None:
        return self._asked("home", self._whereto.home, person)

    def mail(self, person: PersonId) -> Conversation | None:
        return self._asked("mail", self._whereto.mail, person)

    def _asked(self, what: str, ask: Callable[[PersonId], Place], person: PersonId) -> Place:
        key = what, person
        if key not in self._known:
            self._known[key] = ask(person)
        place: Place = self._known[key]
        return place


def card_slot(ticket: TicketId | int | None, person: PersonId, *, is_shared: bool) -> str:
    """What names the one card of a ticket in a place: each person has their own, and a shared place has one."""
    return f"card:{ticket}" if is_shared else f"card:{ticket}:{person}"

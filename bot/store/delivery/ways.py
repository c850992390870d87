"""Where our people are told things now: asked while decisions are written, answered by whoever knows the channels.

A place that several share takes what is meant for all of them. None: no channel of theirs can show such a thing.
"""

from functools import cache
from typing import Protocol

from adapters.message import Conversation
from bot.tickets.ticket import TicketId
from routing.people import PersonId


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
        self._told = cache(whereto.__call__)
        self.alert = cache(whereto.alert)
        self.card = cache(whereto.card)
        self.thread = cache(whereto.thread)
        self.home = cache(whereto.home)
        self.mail = cache(whereto.mail)

    def __call__(self, person: PersonId) -> Conversation:
        return self._told(person)


def card_slot(ticket: TicketId | int | None, person: PersonId, *, is_shared: bool) -> str:
    """What names the one card of a ticket in a place: each person has their own, and a shared place has one."""
    return f"card:{ticket}" if is_shared else f"card:{ticket}:{person}"

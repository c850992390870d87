"""One command of one of our people on one ticket, whichever door it came through: what it holds, and what it does.

Buttons, forms in words, words under a card and the terminal all end here, inside the transaction of whoever calls, so
that a command does the same wherever it was given.
"""

from collections.abc import Collection, Iterable

from adapters.message import Channel
from adapters.port import Answer
from bot.desk.calls.door import Calls
from bot.desk.calls.staff_keyboard import Under
from bot.desk.directory import Directory
from bot.desk.pairing import Pairing
from bot.desk.people.contacts import Contacts
from bot.desk.sending.elsewhere import Elsewhere
from bot.store.driver.connection import Connection
from bot.store.facts import lock_tickets
from bot.store.pairing import lock_pairs
from bot.store.people.asking import going_on
from bot.store.revisions import Revisions
from bot.store.unit import write
from bot.tickets.calls.command import BookCall, CallCommand
from bot.tickets.cards import failing_line
from bot.tickets.command import (
    AboutContact,
    Command,
    GoElsewhere,
    HandOver,
    Merge,
    Paired,
    Same,
    SamePerson,
    Unmerge,
)
from bot.tickets.decide_staff import staff_does
from bot.tickets.facts import Facts, Say
from bot.tickets.outcome import person_texts
from bot.tickets.ticket import TicketId
from routing.people import PersonId
from sla.duration import Instant


class Acting:
    """Performs commands in the transaction of whoever calls; holds nothing, so there may be several."""

    def __init__(
        self, revisions: Revisions, directory: Directory, *, served: Collection[Channel] = (), page: str = ""
    ) -> None:
        """`served` are the channels that the desk has, up or not. `page` is where our pages are seen."""
        self._revisions = revisions
        self._directory = directory
        self._pairing = Pairing(revisions, directory.whereto)
        self._elsewhere = Elsewhere(revisions, directory, served)
        self._calls = Calls(revisions, directory, page)
        self._contacts = Contacts(revisions, directory, served)

    def offer_instead(self, conn: Connection, by: PersonId, ticket: TicketId, command: Command, under: Under) -> bool:
        """Below words that named a time which a call cannot have: times that it can; False where there is nothing."""
        return isinstance(command, BookCall) and self._calls.keys.instead(conn, by, ticket, command, under)

    def hold(self, conn: Connection, acts: Collection[tuple[TicketId, Command]]) -> None:
        """Hold every ticket that is concerned, before facts are read; in one order, so nobody waits in a circle."""
        lock = lock_pairs if any(isinstance(command, Paired) for _, command in acts) else lock_tickets
        tickets = {held for ticket, command in acts for held in _concerned(ticket, command)}
        # What was merged is taken apart together with the ticket that it went on as, and has its calls on that one.
        tickets.update(_ends(conn, (ticket for ticket, command in acts if isinstance(command, Unmerge | CallCommand))))
        lock(conn, sorted(tickets))

    def perform(self, conn: Connection, by: PersonId, facts: Facts, command: Command, *, now: Instant) -> Answer:
        """Do it to the ticket in `facts`, which is held, or say why not."""
        ticket, speak = facts.number, person_texts(self._revisions.current, by)
        if isinstance(command, Paired):
            return self._pairing.perform(conn, by, ticket, command, now=now)
        if isinstance(command, GoElsewhere):
            return self._elsewhere.perform(conn, by, ticket, command, now=now)
        if isinstance(command, AboutContact):
            return self._contacts.perform(conn, by, facts, command, now=now)
        if isinstance(command, Same):
            return Answer(speak("refused_not_same"), is_refused=True)
        if isinstance(command, CallCommand):
            return self._calls.staff.perform(conn, by, ticket, command, now=now)
        decision = staff_does(facts, by, command)
        if decision.ticket is not None:
            write(conn, [(facts, decision)], recorded_at=now, whereto=self._directory.whereto)
        if decision.refusal:
            return Answer(decision.refusal, is_refused=True)
        if isinstance(command, HandOver) and facts.ticket is not None:
            self._calls.alarms.handed_over(conn, ticket, facts.ticket.assignee, at=now)
        is_said = any(isinstance(one, Say) for one in decision.effects)
        said = (speak("done"), decision.remark, failing_line(facts, speak) if is_said else "")
        return Answer(" ".join(one for one in said if one))


def _concerned(ticket: TicketId, command: Command) -> tuple[TicketId, ...]:
    """Every ticket that a command may change."""
    if isinstance(command, SamePerson):
        return (ticket, command.other)
    return (ticket, command.into) if isinstance(command, Merge) else (ticket,)


def _ends(conn: Connection, tickets: Iterable[TicketId]) -> Collection[TicketId]:
    return going_on(conn, list(tickets)).values()

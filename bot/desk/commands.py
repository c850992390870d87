"""What people do to tickets: one door for buttons, forms, threads, the board and the terminal.

What is done carries a key; the same key gives the same answer, whatever happened in between. The decision is made
inside the transaction that writes it, on facts read there, so that of two people who press at the same moment exactly
one wins.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from adapters.message import Channel
from adapters.port import Answer
from bot.crashpoint import reach
from bot.desk.calls.door import Calls
from bot.desk.changes import Changes, Nudge
from bot.desk.directory import Directory
from bot.desk.pairing import Pairing
from bot.desk.people.contacts import Contacts
from bot.desk.sending.elsewhere import Elsewhere
from bot.desk.talk.presses import (
    answer_from_text,
    answer_to_text,
)
from bot.store.channels import presses
from bot.store.driver.committer import Committer
from bot.store.driver.connection import Connection
from bot.store.facts import facts_of_tickets, lock_tickets
from bot.store.pairing import lock_pairs
from bot.store.people.asking import going_on
from bot.store.people.following import same_as
from bot.store.revisions import Revisions
from bot.store.unit import write
from bot.tickets.calls.command import CallCommand
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


@dataclass(frozen=True, slots=True)
class _Act:
    by: PersonId
    ticket: TicketId
    command: Command
    key: str


class Commands:
    """Performs commands; one per process."""

    def __init__(
        self,
        committer: Committer,
        revisions: Revisions,
        directory: Directory,
        now: Callable[[], Instant],
        *,
        done: Changes,
        woken: Sequence[Nudge],
        served: Collection[Channel] = (),
        page: str = "",
    ) -> None:
        """`served` are the channels that the desk has, up or not. `page` is where our pages are seen."""
        self._committer = committer
        self._revisions = revisions
        self._directory = directory
        self._pairing = Pairing(revisions, directory.whereto)
        self._elsewhere = Elsewhere(revisions, directory, served)
        self._calls = Calls(revisions, directory, page)
        self._contacts = Contacts(revisions, directory, served)
        self._now = now
        self._done = done
        self._woken = woken

    async def perform(self, by: PersonId, ticket: TicketId, command: Command, *, key: str) -> Answer:
        """Do it, or say why not. Raises KeyError for a ticket or a person that does not exist."""
        answer = await self._committer.commit(self._act, _Act(by, ticket, command, key))
        reach("command.decided")
        self.tell()
        return answer

    def tell(self) -> None:
        """Something was decided: open pages look again, and so do the loops that it may concern."""
        self._done.tell()
        for nudge in self._woken:
            nudge.ring()

    def _act(self, conn: Connection, acts: Sequence[_Act]) -> Sequence[Answer]:
        acts = [_named(conn, act) for act in acts]
        # All of them before the first is decided: in one order, so that two replicas never wait in a circle.
        lock = lock_pairs if any(isinstance(act.command, Paired) for act in acts) else lock_tickets
        tickets = {ticket for act in acts for ticket in _concerned(act)}
        # What was merged is taken apart together with the ticket that it went on as.
        tickets.update(going_on(conn, [act.ticket for act in acts if isinstance(act.command, Unmerge)]).values())
        lock(conn, sorted(tickets))
        return [self._acted(conn, act) for act in acts]

    def _acted(self, conn: Connection, act: _Act) -> Answer:
        now = self._now()
        key = f"{act.by}:{act.key}"
        if (kept := presses.answers(conn, [key]).get(key)) is not None:
            return answer_from_text(kept)
        facts = facts_of_tickets(conn, self._revisions, [act.ticket], now=now).get(act.ticket)
        if facts is None or act.by not in self._revisions.current.people:
            raise KeyError(f"there is no ticket {act.ticket} for {act.by}")
        answer = self._answered(conn, act, facts, now)
        presses.keep(conn, [presses.Answered(key, answer_to_text(answer), now)])
        return answer

    def _answered(self, conn: Connection, act: _Act, facts: Facts, now: Instant) -> Answer:
        if isinstance(act.command, Paired):
            return self._pairing.perform(conn, act.by, act.ticket, act.command, now=now)
        if isinstance(act.command, GoElsewhere):
            return self._elsewhere.perform(conn, act.by, act.ticket, act.command, now=now)
        if isinstance(act.command, AboutContact):
            return self._contacts.perform(conn, act.by, facts, act.command, now=now)
        if isinstance(act.command, Same):
            return Answer(person_texts(self._revisions.current, act.by)("refused_not_same"), is_refused=True)
        if isinstance(act.command, CallCommand):
            return self._calls.staff.perform(conn, act.by, act.ticket, act.command, now=now)
        decision = staff_does(facts, act.by, act.command)
        speak = person_texts(self._revisions.current, act.by)
        if decision.ticket is not None:
            write(conn, [(facts, decision)], recorded_at=now, whereto=self._directory.whereto)
        if decision.refusal:
            return Answer(decision.refusal, is_refused=True)
        if isinstance(act.command, HandOver) and facts.ticket is not None:
            self._calls.alarms.handed_over(conn, act.ticket, facts.ticket.assignee, at=now)
        is_said = facts.failing and any(isinstance(one, Say) for one in decision.effects)
        return Answer(f"{speak('done')} {failing_line(facts, speak)}" if is_said else speak("done"))


def _concerned(act: _Act) -> tuple[TicketId, ...]:
    """Every ticket that an act may change."""
    if isinstance(act.command, SamePerson):
        return (act.ticket, act.command.other)
    return (act.ticket, act.command.into) if isinstance(act.command, Merge) else (act.ticket,)


def _named(conn: Connection, act: _Act) -> _Act:
    """What is perhaps one turns out to be one: with the ticket that was named when it opened."""
    other = same_as(conn, act.ticket) if isinstance(act.command, Same) else None
    return act if other is None else replace(act, command=Merge(other))

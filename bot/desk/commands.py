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
from bot.desk.acting import Acting
from bot.desk.changes import Changes, Nudge
from bot.desk.directory import Directory
from bot.desk.talk.presses import answer_from_text, answer_to_text
from bot.store.channels import presses
from bot.store.driver.committer import Committer
from bot.store.driver.connection import Connection
from bot.store.facts import facts_of_tickets
from bot.store.people.following import same_as
from bot.store.revisions import Revisions
from bot.tickets.command import Command, Merge, Same
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
        self._acting = Acting(revisions, directory, served=served, page=page)
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
        self._acting.hold(conn, [(act.ticket, act.command) for act in acts])
        return [self._acted(conn, act) for act in acts]

    def _acted(self, conn: Connection, act: _Act) -> Answer:
        now = self._now()
        key = f"{act.by}:{act.key}"
        if (kept := presses.answers(conn, [key]).get(key)) is not None:
            return answer_from_text(kept)
        facts = facts_of_tickets(conn, self._revisions, [act.ticket], now=now).get(act.ticket)
        if facts is None or act.by not in self._revisions.current.people:
            raise KeyError(f"there is no ticket {act.ticket} for {act.by}")
        answer = self._acting.perform(conn, act.by, facts, act.command, now=now)
        presses.keep(conn, [presses.Answered(key, answer_to_text(answer), now)])
        return answer


def _named(conn: Connection, act: _Act) -> _Act:
    """What is perhaps one turns out to be one: with the ticket that was named when it opened."""
    other = same_as(conn, act.ticket) if isinstance(act.command, Same) else None
    return act if other is None else replace(act, command=Merge(other))

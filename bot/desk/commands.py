"""What people do to tickets: one door for buttons, forms, threads, the board and the terminal.

A press carries a key; the same key gives the same answer, whatever happened in between. The decision is made inside the
transaction that writes it, on facts read there, so that of two people who press at the same moment exactly one wins.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from adapters.port import Answer, Press
from bot.crashpoint import reach
from bot.desk.changes import Changes, Nudge
from bot.desk.directory import Directory
from bot.desk.presses import command_from_press, form_for
from bot.store import presses
from bot.store.committer import Committer
from bot.store.connection import Connection
from bot.store.facts import facts_of_tickets
from bot.store.revisions import Revisions
from bot.store.unit import write
from bot.tickets.command import Command
from bot.tickets.decide_staff import staff_does
from bot.tickets.outcome import person_texts
from bot.tickets.texts import Texts
from bot.tickets.ticket import TicketId, ticket_id_from_number
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
    ) -> None:
        self._committer = committer
        self._revisions = revisions
        self._directory = directory
        self._now = now
        self._done = done
        self._woken = woken

    async def perform(self, by: PersonId, ticket: TicketId, command: Command, *, key: str) -> Answer:
        """Do it, or say why not. Raises KeyError for a ticket or a person that does not exist."""
        answer = await self._committer.commit(self._act, _Act(by, ticket, command, key))
        reach("command.decided")
        self._done.tell()
        for nudge in self._woken:
            nudge.ring()
        return answer

    async def press(self, press: Press) -> Answer:
        """The `Ask` of every adapter: who pressed is looked up by identity, never by the place it came from."""
        by = self._directory.person_of(press.by)
        if by is None:
            revision = self._revisions.current
            return Answer(Texts(revision.language, revision.zone, revision.texts)("refused_not_staff"), is_refused=True)
        speak = person_texts(self._revisions.current, by)
        unknown = Answer(speak("refused_no_ticket", number=press.value[:40]), is_refused=True)
        try:
            ticket = ticket_id_from_number(press.value)
        except ValueError:
            return unknown
        if not press.fields and (form := form_for(press.action, press.value, speak, self._revisions.current)):
            return Answer(form=form)
        calendar = self._revisions.current.calendars[self._revisions.current.people[by].calendar]
        command = command_from_press(press, now=self._now(), calendar=calendar)
        if isinstance(command, Answer):
            return command
        try:
            return await self.perform(by, ticket, command, key=press.key)
        except KeyError:
            return unknown

    def _act(self, conn: Connection, acts: Sequence[_Act]) -> Sequence[Answer]:
        return [self._acted(conn, act) for act in acts]

    def _acted(self, conn: Connection, act: _Act) -> Answer:
        now = self._now()
        key = f"{act.by}:{act.key}"
        if (kept := presses.answers(conn, [key]).get(key)) is not None:
            return Answer(**json.loads(kept))
        facts = facts_of_tickets(conn, self._revisions, [act.ticket], now=now, is_locked=True).get(act.ticket)
        if facts is None or act.by not in self._revisions.current.people:
            raise KeyError(f"there is no ticket {act.ticket} for {act.by}")
        decision = staff_does(facts, act.by, act.command)
        speak = person_texts(self._revisions.current, act.by)
        answer = Answer(decision.refusal, is_refused=True) if decision.refusal else Answer(speak("done"))
        if decision.ticket is not None:
            write(conn, [(facts, decision)], recorded_at=now, whereto=self._directory.whereto)
        kept = json.dumps({"text": answer.text, "is_refused": answer.is_refused})
        presses.keep(conn, [presses.Answered(key, kept, now)])
        return answer

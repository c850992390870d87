"""What people do to tickets: one door for buttons, forms, threads, the board and the terminal.

A press carries a key; the same key gives the same answer, whatever happened in between. The decision is made inside the
transaction that writes it, on facts read there, so that of two people who press at the same moment exactly one wins.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final

from adapters.message import Channel
from adapters.port import Answer, Limits, Press
from bot.crashpoint import reach
from bot.desk.calls.door import Calls
from bot.desk.calls.talk import PRESSES as CALLS
from bot.desk.calls.window import PRESSES as WINDOW
from bot.desk.calls.window import CallWindow
from bot.desk.calls.words import Calling
from bot.desk.changes import Changes, Nudge
from bot.desk.directory import Directory
from bot.desk.pairing import Pairing
from bot.desk.people.contacts import Contacts
from bot.desk.people.leaving import Leaving
from bot.desk.sending.elsewhere import Elsewhere
from bot.desk.talk.asking import ESCALATE, Asked, Asking
from bot.desk.talk.forms import FORMS, Forms, Pressed
from bot.desk.talk.presses import (
    AFTERWARDS,
    CLIENT_READS,
    CLIENTS,
    TO_CLIENT,
    answer_from_text,
    answer_to_text,
    command_from_press,
    elsewhere_form,
    form_for,
    opens_form,
)
from bot.desk.talk.questions import Questions
from bot.store import audit
from bot.store.channels import presses
from bot.store.channels.said import Said, said_by_key
from bot.store.delivery.told import home_row
from bot.store.driver.committer import Committer
from bot.store.driver.connection import Connection
from bot.store.facts import facts_of_tickets, lock_tickets
from bot.store.pairing import lock_pairs
from bot.store.people.asking import going_on
from bot.store.people.following import same_as
from bot.store.revisions import Revisions
from bot.store.unit import write, write_outbox
from bot.tickets.calls.command import CallCommand
from bot.tickets.cards import addressee, failing_line
from bot.tickets.command import (
    AboutContact,
    Command,
    GoElsewhere,
    HandOver,
    Merge,
    Paired,
    Same,
    SamePerson,
    Split,
    Unmerge,
)
from bot.tickets.decide_place import OTHER_CHANNEL
from bot.tickets.decide_staff import staff_does
from bot.tickets.facts import Facts, Say
from bot.tickets.outcome import person_texts
from bot.tickets.texts import Texts
from bot.tickets.ticket import TicketId, number, ticket_id_from_number
from bot.tickets.words.thread_words import stays_in
from routing.people import PersonId
from sla.duration import Instant

#: Presses that are about no ticket: a page was opened, a question was asked, a message is to become a ticket.
HOME: Final = "home.open"
ASK: Final = "desk"
MAKE_A_TICKET: Final = "message.ticket"
#: So much of what came with a refused press is written down.
SAID_BACK: Final = 40


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
        questions: Questions | None = None,
        leaving: Leaving | None = None,
        calling: Calling | None = None,
        limits: Callable[[Channel], Limits] = lambda _: Limits(),
        served: Collection[Channel] = (),
        page: str = "",
    ) -> None:
        """`limits` are a channel's: where it has no windows, forms are asked for in words.

        `served` are the channels that the desk has, whether or not they are up. `page` is where our pages are seen.
        """
        #: Where clients book calls in a window of their channel; it is made after this.
        self.window: CallWindow | None = None
        self._questions = questions
        self._leaving = leaving
        self._calling = calling
        self._committer = committer
        self._revisions = revisions
        self._directory = directory
        self._asking = Asking(revisions, directory.whereto, now)
        self._pairing = Pairing(revisions, directory.whereto)
        self._elsewhere = Elsewhere(revisions, directory, served)
        self._calls = Calls(revisions, directory, page)
        self._contacts = Contacts(revisions, directory, served)
        self._forms = Forms(revisions, directory, served)
        self._limits = limits
        self._now = now
        self._done = done
        self._woken = woken

    async def perform(self, by: PersonId, ticket: TicketId, command: Command, *, key: str) -> Answer:
        """Do it, or say why not. Raises KeyError for a ticket or a person that does not exist."""
        answer = await self._committer.commit(self._act, _Act(by, ticket, command, key))
        reach("command.decided")
        self._tell()
        return answer

    async def press(self, press: Press) -> Answer:
        """The `Ask` of every adapter: who pressed is looked up by identity, never by the place it came from."""
        by = self._directory.person_of(press.by)
        if by in self._revisions.current.shut_out:
            return Answer() if press.action == HOME else await self._committer.commit(self._refuse, press)
        if self.window is not None and press.action in WINDOW and by is None:
            return await self.window.answer(press)
        if press.action in CALLS and by is None:
            answer = await self._committer.commit(self._call_pressed, press)
            self._tell()
            return answer
        if press.action.startswith(CLIENTS) and (by is None or press.action != ESCALATE):
            answer = await self._committer.commit(self._asking.answer, Asked(press, by))
            self._tell()
            return answer
        if by is None:
            # A page of the desk's own is opened by anybody who finds it; theirs stays empty.
            return Answer() if press.action == HOME else await self._committer.commit(self._refuse, press)
        if press.action.startswith(FORMS):
            answer = await self._committer.commit(self._forms.pressed, (Pressed(press, by), self._now()))
            reach("command.decided")
            self._tell()
            return answer
        if press.action == ESCALATE:
            # One of ours asks for the lead under their own name, and says why.
            press = replace(press, action="ticket.escalate")
        return await self._pressed(by, press)

    async def _pressed(self, by: PersonId, press: Press) -> Answer:
        speak = person_texts(self._revisions.current, by)
        if press.action == HOME:
            await self._committer.commit(self._open_home, (by, press.key))
            self._tell()
            return Answer()
        if press.action == ASK and (asked := await self._asked(by, press)) is not None:
            return asked
        if press.action == MAKE_A_TICKET:
            return await self._make_a_ticket(by, press, speak)
        unknown = Answer(speak("refused_no_ticket", number=press.value[:40]), is_refused=True)
        try:
            ticket = ticket_id_from_number(press.value)
        except ValueError:
            return unknown
        if not press.fields and opens_form(press.action):
            return await self._form(by, press, ticket, speak) or unknown
        calendar = self._revisions.current.calendars[self._revisions.current.people[by].calendar]
        command = _kept_in(press, speak) or command_from_press(press, now=self._now(), calendar=calendar)
        if isinstance(command, Answer):
            return command
        try:
            return await self.perform(by, ticket, command, key=press.key)
        except KeyError:
            return unknown

    async def _form(self, by: PersonId, press: Press, ticket: TicketId, speak: Texts) -> Answer | None:
        """The form, which names whoever reads what is written into it; None for a ticket that does not exist."""
        to = ""
        if self._questions is not None:
            facts = await self._questions.about(ticket)
            if facts is None or facts.ticket is None:
                return None
            if not facts.ticket.status.is_open and press.action not in AFTERWARDS:
                return Answer(speak("refused_closed", number=number(ticket)), is_refused=True)
            to = addressee(facts, by) if press.action in TO_CLIENT else ""
        form = form_for(press.action, press.value, speak, self._revisions.current, to=to)
        if press.action == OTHER_CHANNEL:
            channels, words = await self._committer.commit(self._offered, ticket)
            if not channels:
                return Answer(speak("refused_no_channel"), is_refused=True)
            form = elsewhere_form(press.value, speak, channels, words)
        if press.conversation is None or self._limits(press.by.channel).has_windows:
            return Answer(form=form)
        answer = await self._committer.commit(self._forms.begin, (Pressed(press, by, form), self._now()))
        self._tell()
        return answer

    async def _make_a_ticket(self, by: PersonId, press: Press, speak: Texts) -> Answer:
        """A client's message becomes a ticket of its own, with all that was said after it; one that began one is it."""
        key = f"{press.conversation.key}:{press.value}" if press.conversation is not None else ""
        said = await self._committer.commit(self._said, key)
        if said is None:
            return Answer(speak("refused_no_message"), is_refused=True)
        if said.is_first:
            return Answer(speak("is_ticket", number=number(said.ticket)))
        return await self.perform(by, said.ticket, Split(said.line), key=press.key)

    async def _asked(self, by: PersonId, press: Press) -> Answer | None:
        """What stands after `/desk`: something said of being away, something about calls, a question."""
        if self._leaving is not None and (answer := await self._leaving.answer(by, press.value, key=press.key)):
            return answer
        if self._calling is not None and press.value.partition(" ")[0].casefold() in {"call", "calls"}:
            return await self._call(by, press)
        return await self._questions.answer(by, press.value) if self._questions is not None else None

    async def _call(self, by: PersonId, press: Press) -> Answer:
        """What is asked or done about calls by `/desk calls` and `/desk call`; the same key gives the same answer."""
        try:
            answer = await self._committer.commit(self._called, (by, press))
        except ValueError as error:
            return Answer(str(error), is_refused=True)
        self._tell()
        return answer

    def _called(self, conn: Connection, asked: Sequence[tuple[PersonId, Press]]) -> Sequence[Answer]:
        return [self._once(conn, by, press) for by, press in asked]

    def _once(self, conn: Connection, by: PersonId, press: Press) -> Answer:
        key = f"{by}:{press.key}"
        if (kept := presses.answers(conn, [key]).get(key)) is not None:
            return answer_from_text(kept)
        answer = self._calling.answered(conn, by, press.value) if self._calling is not None else None
        answer = answer or Answer()
        presses.keep(conn, [presses.Answered(key, answer_to_text(answer), self._now())])
        return answer

    def _call_pressed(self, conn: Connection, pressed: Sequence[Press]) -> Sequence[Answer]:
        return self._calls.talk.pressed(conn, pressed, now=self._now())

    def _tell(self) -> None:
        self._done.tell()
        for nudge in self._woken:
            nudge.ring()

    def _refuse(self, conn: Connection, pressed: Sequence[Press]) -> Sequence[Answer]:
        """Whoever is not one of ours changes nothing by pressing, and it is written down that they tried."""
        revision = self._revisions.current
        words = Texts(revision.language, revision.zone, revision.texts)("refused_not_staff")
        for press in pressed:
            where = press.conversation.key if press.conversation is not None else None
            tried = {"value": press.value[:SAID_BACK], "where": where}
            audit.append(conn, [audit.Deed(self._now(), press.by.key, "refused", press.action, tried)])
        return [Answer(words, is_refused=True)] * len(pressed)

    def _open_home(self, conn: Connection, opened: Sequence[tuple[PersonId, str]]) -> Sequence[None]:
        rows = [home_row(person, key, self._directory.whereto, self._now()) for person, key in opened]
        write_outbox(conn, [row for row in rows if row is not None])
        return [None] * len(opened)

    def _offered(self, conn: Connection, tickets: Sequence[TicketId]) -> Sequence[tuple[Sequence[Channel], str]]:
        return [self._elsewhere.offered(conn, ticket, now=self._now()) for ticket in tickets]

    def _said(self, conn: Connection, keys: Sequence[str]) -> Sequence[Said | None]:
        return [said_by_key(conn, key) for key in keys]

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


def _kept_in(press: Press, speak: Texts) -> Answer | None:
    """The refusal of words for a client that are none: a note, or a command."""
    wanted = CLIENT_READS.get(press.action, "")
    if not stays_in(press.fields.get(wanted, ""), channel=press.by.channel):
        return None
    return Answer(errors={wanted: speak("word_stays_in")}, is_refused=True)

"""Whatever is pressed on a channel, and who may: a button, a form, the slash command, a page that is opened.

Who pressed is looked up by identity, never by the place it came from. What becomes of it is a client's question, a
call, a form to fill in, or a command that `Commands` performs; the same key gives the same answer.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from typing import Final

from adapters.message import Channel, Identity
from adapters.port import Answer, Limits, Press
from bot.crashpoint import reach
from bot.desk.acting import Acting
from bot.desk.calls.client_presses import PRESSES as CALLS
from bot.desk.calls.door import Calls
from bot.desk.calls.presses import OF_A_CALL
from bot.desk.calls.staff_keyboard import KEYS, OPENS, words_wanted
from bot.desk.calls.staff_keyboard import Pressed as KeyPressed
from bot.desk.calls.window import PRESSES as WINDOW
from bot.desk.calls.window import CallWindow
from bot.desk.calls.words import Calling
from bot.desk.commands import Commands
from bot.desk.directory import Directory
from bot.desk.people.leaving import Leaving
from bot.desk.people.link_window import LINK, LinkWindow
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
from bot.store.people.asking import texts_for
from bot.store.revisions import Revisions
from bot.store.unit import write_outbox
from bot.tickets.cards import addressee
from bot.tickets.command import (
    Split,
)
from bot.tickets.decide_place import OTHER_CHANNEL, REPLY
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


class Pressing:
    """Answers presses; one per process."""

    def __init__(
        self,
        commands: Commands,
        committer: Committer,
        revisions: Revisions,
        directory: Directory,
        now: Callable[[], Instant],
        *,
        window: CallWindow,
        calls: Calls,
        questions: Questions,
        leaving: Leaving,
        calling: Calling,
        limits: Callable[[Channel], Limits],
        served: Collection[Channel],
        is_sure: Callable[[Identity], Awaitable[bool]],
        page: str = "",
    ) -> None:
        """`limits` are a channel's: where it has no windows, forms are asked for in words.

        `is_sure`: whether it is known that the account of one of our people is not a guest's; nothing is done before.
        `served` are the channels that the desk has, whether or not they are up. `page` is where our pages are seen.
        """
        self._commands = commands
        self._committer = committer
        self._revisions = revisions
        self._directory = directory
        self._now = now
        self._window = window
        self._linking = LinkWindow(committer, revisions, directory, now)
        self._calls = calls
        self._questions = questions
        self._leaving = leaving
        self._calling = calling
        self._asking = Asking(revisions, directory.whereto, now)
        self._elsewhere = Elsewhere(revisions, directory, served)
        self._forms = Forms(revisions, directory, Acting(revisions, directory, served=served, page=page))
        self._limits = limits
        self._is_sure = is_sure

    async def answer(self, press: Press) -> Answer:
        """The `Ask` of every adapter: who pressed is looked up by identity, never by the place it came from."""
        by = self._directory.person_of(press.by)
        if by is not None and not await self._is_sure(press.by):
            words = person_texts(self._revisions.current, by)("refused_not_sure")
            return Answer() if press.action == HOME else Answer(words, is_refused=True)
        if by in self._revisions.current.shut_out:
            return Answer() if press.action == HOME else await self._committer.commit(self._refuse, press)
        if press.action in WINDOW and by is None:
            return await self._window.answer(press)
        if press.action == LINK and by is None:
            answer = await self._linking.answer(press)
            self._commands.tell()
            return answer
        if press.action in CALLS and by is None:
            answer = await self._committer.commit(self._call_pressed, press)
            self._commands.tell()
            return answer
        if press.action.startswith(CLIENTS) and (by is None or press.action != ESCALATE):
            answer = await self._committer.commit(self._asking.answer, Asked(press, by))
            self._commands.tell()
            return answer
        if by is None:
            # A page of the desk's own is opened by anybody who finds it; theirs stays empty.
            return Answer() if press.action == HOME else await self._committer.commit(self._refuse, press)
        if press.action.startswith(FORMS):
            answer = await self._committer.commit(self._forms.pressed, (Pressed(press, by), self._now()))
            reach("command.decided")
            self._commands.tell()
            return answer
        if press.action == ESCALATE:
            # One of ours asks for the lead under their own name, and says why.
            press = replace(press, action="ticket.escalate")
        return await self._pressed(by, press)

    async def _key(self, by: PersonId, press: Press) -> Answer:
        """A button of a keyboard of days and times; a time that none of them has is asked for in words."""
        if (wanted := words_wanted(press)) is not None:
            return await self._in_words(by, replace(press, action=wanted[0], value=wanted[1]))
        answer = await self._committer.commit(self._calls.keys.take, KeyPressed(press, by, self._now()))
        self._commands.tell()
        return answer

    async def _pressed(self, by: PersonId, press: Press) -> Answer:
        if press.action.startswith(KEYS):
            return await self._key(by, press)
        speak = person_texts(self._revisions.current, by)
        if press.action == HOME:
            await self._committer.commit(self._open_home, (by, press.key))
            self._commands.tell()
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
        command = _kept_in(press, speak) or command_from_press(press, now=self._now(), calendar=calendar, speak=speak)
        if isinstance(command, Answer):
            return command
        try:
            return await self._commands.perform(by, ticket, command, key=press.key)
        except KeyError:
            return unknown

    async def _form(self, by: PersonId, press: Press, ticket: TicketId, speak: Texts) -> Answer | None:
        """The form, which names whoever reads what is written into it; None for a ticket that does not exist."""
        facts = await self._questions.about(ticket)
        if facts is None or facts.ticket is None:
            return None
        if (into := facts.ticket.merged_into) is not None and press.action not in OF_A_CALL:
            # Before anything is written that would be refused.
            return Answer(speak("refused_merged", number=number(ticket), into=number(into)), is_refused=True)
        if not facts.ticket.status.is_open and press.action not in AFTERWARDS:
            return Answer(speak("refused_closed", number=number(ticket)), is_refused=True)
        to = addressee(facts, by) if press.action in TO_CLIENT else ""
        form = form_for(press.action, press.value, speak, self._revisions.current, to=to)
        if press.action == OTHER_CHANNEL:
            channels, words = await self._committer.commit(self._offered, ticket)
            if not channels:
                return Answer(speak("refused_no_channel"), is_refused=True)
            form = elsewhere_form(press.value, speak, channels, words)
        if form is not None and press.action == REPLY and (words := await self._questions.unheard(ticket)):
            form = replace(form, inputs=tuple(replace(one, initial=words) for one in form.inputs))
        if press.conversation is None or self._limits(press.by.channel).has_windows:
            return Answer(form=form)
        if press.action in OPENS and self._calls.keys.has_keyboards(press.by.channel):
            answer = await self._committer.commit(self._calls.keys.begin, KeyPressed(press, by, self._now()))
            self._commands.tell()
            return answer
        answer = await self._committer.commit(self._forms.begin, (Pressed(press, by, form), self._now()))
        self._commands.tell()
        return answer

    async def _in_words(self, by: PersonId, press: Press) -> Answer:
        """A time that no button offers is asked for in words."""
        speak = person_texts(self._revisions.current, by)
        form = form_for(press.action, press.value, speak, self._revisions.current)
        if press.conversation is None or form is None:
            return Answer(form=form)
        answer = await self._committer.commit(self._forms.begin, (Pressed(press, by, form), self._now()))
        self._commands.tell()
        return answer

    async def _make_a_ticket(self, by: PersonId, press: Press, speak: Texts) -> Answer:
        """A client's message becomes a ticket of its own, with all that was said after it; one that began one is it."""
        key = f"{press.conversation.key}:{press.value}" if press.conversation is not None else ""
        said = await self._committer.commit(self._said, key)
        if said is None:
            return Answer(speak("refused_no_message"), is_refused=True)
        if said.is_first:
            return Answer(speak("is_ticket", number=number(said.ticket)))
        return await self._commands.perform(by, said.ticket, Split(said.line), key=press.key)

    async def _asked(self, by: PersonId, press: Press) -> Answer | None:
        """What stands after `/desk`: something said of being away, something about calls, a question."""
        if answer := await self._leaving.answer(by, press.value, key=press.key):
            return answer
        if press.value.partition(" ")[0].casefold() in {"call", "calls"}:
            return await self._call(by, press)
        return await self._questions.answer(by, press.value)

    async def _call(self, by: PersonId, press: Press) -> Answer:
        """What is asked or done about calls by `/desk calls` and `/desk call`; the same key gives the same answer."""
        try:
            answer = await self._committer.commit(self._called, (by, press))
        except ValueError as error:
            return Answer(str(error), is_refused=True)
        self._commands.tell()
        return answer

    def _called(self, conn: Connection, asked: Sequence[tuple[PersonId, Press]]) -> Sequence[Answer]:
        return [self._once(conn, by, press) for by, press in asked]

    def _once(self, conn: Connection, by: PersonId, press: Press) -> Answer:
        key = f"{by}:{press.key}"
        if (kept := presses.answers(conn, [key]).get(key)) is not None:
            return answer_from_text(kept)
        answer = self._calling.answered(conn, by, press.value) or Answer()
        presses.keep(conn, [presses.Answered(key, answer_to_text(answer), self._now())])
        return answer

    def _call_pressed(self, conn: Connection, pressed: Sequence[Press]) -> Sequence[Answer]:
        return self._calls.presses.take(conn, pressed, now=self._now())

    def _refuse(self, conn: Connection, pressed: Sequence[Press]) -> Sequence[Answer]:
        """Whoever is not one of ours changes nothing by pressing, and it is written down that they tried."""
        answers = []
        for press in pressed:
            speak = texts_for(conn, self._revisions.current, press.by, press.language)
            answers.append(Answer(speak("refused_not_staff"), is_refused=True))
            where = press.conversation.key if press.conversation is not None else None
            tried = {"value": press.value[:SAID_BACK], "where": where}
            audit.append(conn, [audit.Deed(self._now(), press.by.key, "refused", press.action, tried)])
        return answers

    def _open_home(self, conn: Connection, opened: Sequence[tuple[PersonId, str]]) -> Sequence[None]:
        rows = [home_row(person, key, self._directory.whereto, self._now()) for person, key in opened]
        write_outbox(conn, [row for row in rows if row is not None])
        return [None] * len(opened)

    def _offered(self, conn: Connection, tickets: Sequence[TicketId]) -> Sequence[tuple[Sequence[Channel], str]]:
        return [self._elsewhere.offered(conn, ticket, now=self._now()) for ticket in tickets]

    def _said(self, conn: Connection, keys: Sequence[str]) -> Sequence[Said | None]:
        return [said_by_key(conn, key) for key in keys]


def _kept_in(press: Press, speak: Texts) -> Answer | None:
    """The refusal of words for a client that are none: a note, or a command."""
    wanted = CLIENT_READS.get(press.action, "")
    if not stays_in(press.fields.get(wanted, ""), channel=press.by.channel):
        return None
    return Answer(errors={wanted: speak("word_stays_in")}, is_refused=True)

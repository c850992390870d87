"""What our people write where they work: in their own conversation with the desk, and in places they share.

    under a card of one's own, and a ping of a ticket that was one's own ──> a reply to the client; // makes it a note
    in a shared place, and under any other ping ──> a note; a reply, if it begins with !reply
    anywhere else ──> nothing, and whoever wrote to the desk alone is told how it works

Where a reply names the very message that it answers there is more: under a client's own words it goes to them, in a
shared place too; what stands alone in a client's topic is a note on their newest open ticket; a reply to a question of
ours fills in a form; and some words do what buttons do, or ask the desk.

Nothing written there ever opens a ticket. Each message counts once, however often it comes; what it became is kept with
it, because its author may change it later.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from adapters.message import Channel, InboundDeletion, InboundEdit, InboundLine, InboundMessage
from adapters.port import Adapter, Answer, Press
from adapters.text import clean
from bot.desk.acting import Acting
from bot.desk.calls.staff_keyboard import times_of
from bot.desk.directory import DESK_ACCOUNT, Directory
from bot.desk.talk.desk_words import DeskWords, question_from_text
from bot.desk.talk.forms import STOP, Forms, Pressed
from bot.desk.talk.nameless import Nameless
from bot.desk.talk.our_albums import OurAlbums
from bot.desk.talk.presses import CLIENT_READS, TO_CLIENT, command_from_press, form_for, opens_form
from bot.desk.talk.rewording import Rewording, file_mark, words_mark
from bot.store.channels import forms, presses, topics
from bot.store.delivery import signs
from bot.store.delivery.told import mark_row, word_row
from bot.store.driver.connection import Connection
from bot.store.facts import facts_of_tickets
from bot.store.reading.references import Stood, buttons_of, stood
from bot.store.revisions import Revisions
from bot.store.unit import write_outbox
from bot.tickets import command as c
from bot.tickets.cards import CLIENTS_TOPIC, addressee, failing_line
from bot.tickets.facts import Written
from bot.tickets.outcome import person_texts
from bot.tickets.relays import with_files
from bot.tickets.ticket import TicketId, number, ticket_id_from_number
from bot.tickets.words.decide_words import word_from_text
from bot.tickets.words.short_words import Shorts
from bot.tickets.words.thread_words import Meant, meant, stays_in
from routing.people import ClientId, PersonId
from sla.duration import Instant, later

#: Words that are still on their way after this long are marked as such; mostly they have arrived by then.
MARKED_AFTER: Final = timedelta(seconds=3)
HOUR_MS: Final = 3_600_000

#: What became of words, as it is kept with them.
Became = Mapping[str, str | int]
NOTHING: Final[Became] = {"became": ""}


@dataclass(frozen=True, slots=True)
class _Wrote:
    """A message of one of our people: its own key, and how things are where it was written."""

    message: InboundMessage
    person: PersonId
    key: str
    now: Instant
    is_shared: bool
    #: It names the very message it answers, and a slash in it is ours.
    has_replies: bool
    #: It stands for itself in a box of theirs, with a signature below.
    is_letter: bool

    @property
    def lane(self) -> str:
        return self.message.conversation.lane

    @property
    def shorts(self) -> Shorts:
        if self.is_letter:
            return Shorts.ABOVE
        return Shorts.ALL if self.has_replies else Shorts.ETA


class Threads:
    """Decides what our people write; one per process. Runs inside the committer's transaction."""

    def __init__(
        self,
        adapters: Mapping[Channel, Adapter],
        revisions: Revisions,
        directory: Directory,
        words: DeskWords | None = None,
        *,
        page: str = "",
    ) -> None:
        """Without `words` nothing is asked of the desk in words. `page` is where our pages are seen from outside."""
        self._adapters = adapters
        self._revisions = revisions
        self._directory = directory
        self._words = words
        self._acting = Acting(revisions, directory, served=adapters, page=page)
        self._forms = Forms(revisions, directory, self._acting)
        self._rewording = Rewording(adapters, revisions, directory)
        self._nameless = Nameless(revisions)
        self._albums = OurAlbums(revisions, directory, self._rewording)

    def has(self, one: InboundLine) -> bool:
        """Whether something happened in a conversation of the desk's own people, and not in a client's."""
        adapter, where = self._adapters.get(one.conversation.channel), one.conversation
        if adapter is None or not adapter.limits.has_threads or where.account != DESK_ACCOUNT:
            return False
        if self._directory.is_shared(where):
            return True
        if not isinstance(one, InboundMessage | InboundEdit | InboundDeletion):
            return False
        return where.address == one.sender.address and self._directory.person_of(one.sender) is not None

    def knows(self, conn: Connection, key: str) -> bool:
        """Whether this message of our people's was heard before, whatever became of it."""
        return bool(presses.answers(conn, [f"{presses.WROTE}{key}"]))

    def hear(self, conn: Connection, one: InboundLine, key: str, *, now: Instant) -> None:
        """Decide one happening there. `key` is the message's own, over all payloads it may come in."""
        if not isinstance(one, InboundMessage | InboundEdit | InboundDeletion):
            return
        person = self._directory.person_of(one.sender)
        if person is None:  # a guest in a place of ours: their words are nobody's
            if isinstance(one, InboundMessage):
                self._nameless.hear(conn, one, key, now=now)
            return
        name = f"{presses.WROTE}{key}"
        kept = presses.answers(conn, [name]).get(name)
        if not isinstance(one, InboundMessage):
            if kept is not None:
                answer = json.dumps(self._rewording.reword(conn, one, person, key, json.loads(kept), now=now))
                presses.replace(conn, presses.Answered(name, answer, now))
        elif kept is None and (clean(one.text).strip() or one.attachments or one.is_inward):
            where = one.conversation
            limits = self._adapters[where.channel].limits
            is_shared = self._directory.is_shared(where)
            wrote = _Wrote(one, person, key, now, is_shared, limits.has_replies, limits.has_letters)
            became = self._albums.go_on(conn, one, person, key, now=now)
            if became is None:
                became = self._hear(conn, wrote)
                self._albums.begin(conn, one, key, became, now=now)
            presses.keep(conn, [presses.Answered(name, json.dumps(became), now)])

    def _hear(self, conn: Connection, wrote: _Wrote) -> Became:
        """What became of it, with its ticket, what it stands under and what tells its words from others."""
        message = wrote.message
        if not clean(message.text).strip() and not message.attachments:
            self._tell(conn, wrote, person_texts(self._revisions.current, wrote.person)("answer_empty"))
            return NOTHING
        question = forms.question(conn, wrote.lane, message.reply_to) if wrote.has_replies else None
        if question is not None:
            return self._answers(conn, wrote, question)
        asked = question_from_text(clean(message.text)) if wrote.has_replies and self._words is not None else None
        if asked is not None and self._words is not None:
            self._tell(conn, wrote, self._words.answered(conn, wrote.person, asked).text)
            return NOTHING
        above = self._above(conn, wrote)
        is_inward = (wrote.is_shared and not (above is not None and above.invites)) or (
            above is not None and not above.goes_out
        )
        text = clean(message.text)
        read = meant(text, channel=message.conversation.channel, is_inward=is_inward, shorts=wrote.shorts)
        if read.what == "note":
            on = above.ticket if above is not None else None
            with_file = self._albums.made_note(conn, message, wrote.person, on, now=wrote.now)
            if with_file is not None:
                return {**with_file, "words": words_mark(text)}
            self._albums.tell_left(conn, message, wrote.person, now=wrote.now)
        if is_inward and (asked := self._status_word(conn, wrote, above)) is not None:
            self._tell(conn, wrote, asked)
            return NOTHING
        if above is None:
            return self._alone(conn, wrote, read)
        return self._under(conn, wrote, above.ticket, read, is_inward=is_inward)

    def _status_word(self, conn: Connection, wrote: _Wrote, above: Stood | None) -> str | None:
        """The answer to a client's word of command that stands where words are notes; None for other words."""
        message = wrote.message
        word = word_from_text(clean(message.text), channel=message.conversation.channel)
        if not wrote.has_replies or self._words is None or word is None or word.rest or message.attachments:
            return None
        speak = person_texts(self._revisions.current, wrote.person)
        if word.name != "status":
            return speak("word_command", command=clean(message.text).split()[0])
        ticket = above.ticket if above is not None else self._topic_ticket(conn, wrote)
        if ticket is None:
            return speak("word_alone", word=clean(message.text).strip())
        return self._words.answered(conn, wrote.person, f"ticket {number(ticket)}").text

    def _topic_ticket(self, conn: Connection, wrote: _Wrote) -> TicketId | None:
        """The newest open ticket of the client whose topic it was written in."""
        where = wrote.message.conversation
        _, _, thread = where.address.partition("#")
        topic = topics.key_of(conn, where.place, thread) if thread else None
        if topic is None or not topic.startswith(CLIENTS_TOPIC):
            return None
        client = self._revisions.current.client(ClientId(topic.removeprefix(CLIENTS_TOPIC)))
        return topics.newest_open(conn, client.id) if client is not None else None

    def is_fetched(self, conn: Connection, one: InboundMessage | None, *, now: Instant) -> None:
        """The files of a message are on their way; it is heard once they are there."""
        person = self._directory.person_of(one.sender) if one is not None else None
        if one is not None and person is not None and self.has(one):
            self._albums.is_fetched(conn, one, now=now)

    def _above(self, conn: Connection, wrote: _Wrote) -> Stood | None:
        """What it was written under; words of one's own count as what they stood under themselves."""
        reply_to = wrote.message.reply_to
        above = stood(conn, wrote.lane, reply_to)
        if above is not None or reply_to is None or not wrote.has_replies:
            return above
        name = f"{presses.WROTE}{wrote.message.conversation.key}:{reply_to}"
        kept = json.loads(presses.answers(conn, [name]).get(name, "{}"))
        if kept.get("became") not in {"note", "reply"}:
            return None
        return Stood(TicketId(kept["ticket"]), goes_out=not kept["is_inward"])

    def _alone(self, conn: Connection, wrote: _Wrote, read: Meant) -> Became:
        """Words under nothing of ours. In a place of theirs people also talk among themselves."""
        where, speak = wrote.message.conversation, person_texts(self._revisions.current, wrote.person)
        reply_to = wrote.message.reply_to if wrote.has_replies else None
        booked = times_of(buttons_of(conn, wrote.lane, reply_to)) if reply_to else None
        if booked is not None:
            self._tell(conn, wrote, speak("word_below_times", number=number(booked)))
            return NOTHING
        if not wrote.is_shared:
            # A machine that answers letters would go on for ever, if each answer of it were answered.
            once = f"astray:{wrote.person}:{wrote.now // HOUR_MS}" if wrote.is_letter else ""
            self._tell(conn, wrote, speak("word_astray_replies" if wrote.has_replies else "word_astray"), key=once)
            return NOTHING
        _, _, thread = where.address.partition("#")
        topic = topics.key_of(conn, where.place, thread) if thread else None
        if read.what != "note":
            word = read.text if read.what in {"deed", "command"} else "!reply"
            self._tell(conn, wrote, speak("word_alone", word=word) if wrote.has_replies else speak("word_astray"))
            return NOTHING
        if topic is None or not topic.startswith(CLIENTS_TOPIC):
            return NOTHING
        client = self._revisions.current.client(ClientId(topic.removeprefix(CLIENTS_TOPIC)))
        ticket = topics.newest_open(conn, client.id) if client is not None else None
        if ticket is None:
            name = client.name if client is not None else topic.removeprefix(CLIENTS_TOPIC)
            self._tell(conn, wrote, speak("word_no_open", client=name))
            return NOTHING
        return self._under(conn, wrote, ticket, read, is_inward=True)

    def _under(self, conn: Connection, wrote: _Wrote, ticket: TicketId, read: Meant, *, is_inward: bool) -> Became:
        """Words on a ticket: said to the client, noted, or done."""
        message, person, now = wrote.message, wrote.person, wrote.now
        speak = person_texts(self._revisions.current, person)
        if read.what == "command":
            self._tell(conn, wrote, speak("word_command", command=read.text))
            return NOTHING
        if read.what == "unclear":
            self._tell(conn, wrote, speak("word_note_below"))
            return NOTHING
        if read.what == "deed":
            return self._do(conn, wrote, ticket, read)
        facts = facts_of_tickets(conn, self._revisions, [ticket], now=now, is_locked=True)[ticket]
        where = message.conversation
        is_marked = self._adapters[where.channel].limits.can_mark
        written = Written(where.key, message.external_id, is_marked)
        answer = self._acting.perform(conn, person, facts, _command(read, message, wrote.key, written), now=now)
        if answer.is_refused:
            self._tell(conn, wrote, answer.text)
            return NOTHING
        if read.what == "reply" and (warning := failing_line(facts, speak)):
            self._tell(conn, wrote, warning)
        if is_marked and read.what == "reply":
            signs.begin(conn, written, ticket, person, at=now, until=later(now, MARKED_AFTER))
        elif is_marked:
            signs.put(conn, [mark_row(written, "sent", ticket, person, now)])
        kept = {"became": read.what, "ticket": ticket, "under": message.reply_to or "", "is_inward": is_inward}
        return {**kept, "words": words_mark(clean(message.text)), **file_mark(message.attachments)}

    def _do(self, conn: Connection, wrote: _Wrote, ticket: TicketId, read: Meant) -> Became:
        """What a button does, by its word. Words that it needs and that are not there are asked for."""
        message, person, now = wrote.message, wrote.person, wrote.now
        revision = self._revisions.current
        speak, named = person_texts(revision, person), number(ticket)
        if message.attachments:
            self._tell(conn, wrote, speak("form_no_files"))
            return NOTHING
        fields = {name: self._meant_person(value) if name == "to" else value for name, value in read.fields.items()}
        words = fields.get(CLIENT_READS.get(read.action, ""), "")
        if words and stays_in(words, channel=message.conversation.channel):
            self._tell(conn, wrote, speak("word_stays_in"))
            return NOTHING
        press = Press(wrote.key, message.sender, read.action, named, message.at, fields, message.conversation)
        if not fields and opens_form(read.action):
            facts = facts_of_tickets(conn, self._revisions, [ticket], now=now)[ticket]
            to = addressee(facts, person) if read.action in TO_CLIENT else ""
            form = form_for(read.action, named, speak, revision, to=to)
            opened = Pressed(replace(press, under=message.external_id), person, form)
            self._forms.open(conn, opened, wrote.key, now=now)
            return NOTHING
        calendar = revision.calendars[revision.people[person].calendar]
        command = command_from_press(press, now=now, calendar=calendar, speak=speak)
        if isinstance(command, Answer):
            self._tell(conn, wrote, "\n".join(command.errors.values()) or command.text)
            return NOTHING
        self._acting.hold(conn, [(ticket, command)])
        facts = facts_of_tickets(conn, self._revisions, [ticket], now=now)[ticket]
        answer = self._acting.perform(conn, person, facts, command, now=now)
        done = "done" if words and read.action != "ticket.eta" else "word_deed"
        said = speak(done, number=named, word=read.text, contact=facts.speaker.name)
        self._tell(conn, wrote, answer.text if answer.is_refused else said)
        if answer.is_refused:
            return NOTHING
        return {"became": "deed", "words": words_mark(clean(message.text))}

    def _answers(self, conn: Connection, wrote: _Wrote, question: forms.Question) -> Became:
        """A reply to a question of ours. Words for the client, or a note, are taken as if they stood under the card."""
        message, speak = wrote.message, person_texts(self._revisions.current, wrote.person)
        form = self._forms.asked(conn, question, wrote.person, wrote.now)
        if isinstance(form, str):
            self._tell(conn, wrote, form)
            return NOTHING
        text = clean(message.text)
        if form.action in {"ticket.reply", "ticket.note"} and text.strip().casefold() != STOP:
            is_inward = form.action == "ticket.note"
            read = (
                Meant("note", text.strip())
                if is_inward
                else meant(text, channel=message.conversation.channel, is_inward=False, shorts=_signed(text))
            )
            if read.what not in {"command", "unclear"}:
                self._forms.close(conn, form)
            ticket = ticket_id_from_number(form.value)
            return self._under(conn, wrote, ticket, read, is_inward=is_inward)
        if message.attachments:
            self._tell(conn, wrote, speak("form_no_files"))
            return NOTHING
        self._forms.answered(conn, form, text, message.sender, message.external_id, now=wrote.now)
        return NOTHING

    def _meant_person(self, name: str) -> str:
        """The id of the one person who goes by this name, or by it first; the name itself where that is nobody."""
        said = name.casefold()
        people = self._revisions.current.people.values()
        found = {one.id for one in people if said in {one.id.casefold(), one.name.partition(" ")[0].casefold()}}
        return found.pop() if len(found) == 1 else name

    def _tell(self, conn: Connection, wrote: _Wrote, text: str, *, key: str = "") -> None:
        """Under what they wrote, and to them alone where that can be; once for each `key`, else for each message."""
        message = wrote.message
        alone = message.sender.address if wrote.is_shared else None
        root = message.external_id if wrote.has_replies else message.reply_to or message.external_id
        row = word_row(
            key or wrote.key, text, message.conversation, wrote.person, wrote.now, reply_to=root, only_to=alone
        )
        write_outbox(conn, [row])


def _signed(text: str) -> Shorts:
    """Below a question only what nobody says by chance does something: `take` is a word there."""
    return Shorts.ALL if text.strip().startswith("/") else Shorts.NONE


def _command(read: Meant, message: InboundMessage, key: str, written: Written) -> c.Command:
    if read.what == "note":
        return c.AddNote(with_files(read.text, message.attachments))
    return c.Reply(read.text, attachments=message.attachments, key=key, written=written)

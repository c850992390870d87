"""What our people change about words they wrote in a thread: the client hears of it only where that is what they want.

not sent yet ──> the new words leave instead; made a note, or deleted: taken back, and the promise is owed again
sent already ──> changed where the client's channel can; else the author is told that the first wording stands
a note       ──> a further note, where the words are new; a change never sends what was a note
another file ──> taken back where it has not left; else the author is told that the first one stands
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from adapters.message import Attachment, Channel, InboundDeletion, InboundEdit, Untrusted
from adapters.port import Adapter
from adapters.text import clean
from bot.desk.directory import Directory
from bot.store.channels import albums
from bot.store.delivery import outbox, replies, signs
from bot.store.delivery.replies import Spoken
from bot.store.delivery.told import edit_row, mark_row, word_row
from bot.store.driver.connection import Connection
from bot.store.facts import facts_of_tickets
from bot.store.reading import lines
from bot.store.revisions import Revisions
from bot.store.unit import write, write_outbox
from bot.tickets.command import AddNote
from bot.tickets.decide_client import client_edits
from bot.tickets.decide_due import delivery_failed
from bot.tickets.decide_staff import staff_does
from bot.tickets.facts import Decision, Facts, Ping, Relay, Written
from bot.tickets.outcome import person_texts
from bot.tickets.relays import with_files
from bot.tickets.ticket import TicketId, number
from bot.tickets.words.thread_words import meant
from routing.people import PersonId
from sla.duration import Instant, instant

#: States of a row that has not begun to leave, and of one that nobody is sending any more.
WAITS: Final = frozenset({"pending", "postponed"})
OVER: Final = frozenset({"failed", "discarded", "dropped"})

Changed = InboundEdit | InboundDeletion


@dataclass(frozen=True, slots=True)
class _Thought:
    """A change of one message: who thought better of it, under which card of ours, and how words there are read."""

    one: Changed
    person: PersonId
    key: str
    under: str
    is_inward: bool
    has_other_files: bool


def words_mark(text: str) -> str:
    """Tells words from other words, and says nothing of them to whoever reads it."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def file_mark(files: Sequence[Attachment]) -> Mapping[str, str]:
    """Tells files from other files, as it is kept with what they became; nothing where there are none."""
    named = "\n".join(one.digest or f"{one.name} {one.size}" for one in files)
    return {"file_mark": words_mark(named)} if named else {}


class Rewording:
    """Decides changes; runs inside the committer's transaction."""

    def __init__(self, adapters: Mapping[Channel, Adapter], revisions: Revisions, directory: Directory) -> None:
        self._adapters = adapters
        self._revisions = revisions
        self._directory = directory

    def reword(
        self, conn: Connection, one: Changed, person: PersonId, key: str, kept: Mapping[str, Any], *, now: Instant
    ) -> Mapping[str, Any]:
        """Decide a change of the message `key`; `kept` is what that became, and what comes back is to be kept now."""
        if kept["became"] == "deed":
            return self._deed(conn, one, person, key, kept, now)
        if kept["became"] not in {"note", "reply"}:
            return kept
        marked = file_mark(one.attachments) if isinstance(one, InboundEdit) else {}
        has_other_files = bool(marked) and "file_mark" in kept and marked["file_mark"] != kept["file_mark"]
        kept = {**kept, **marked} if has_other_files else kept
        where_it_stood = (kept["under"], kept["is_inward"], has_other_files)
        ticket, thought = TicketId(kept["ticket"]), _Thought(one, person, key, *where_it_stood)
        facts = facts_of_tickets(conn, self._revisions, [ticket], now=now, is_whole=True, is_locked=True)[ticket]
        if kept["became"] == "note":
            return {**kept, "words": self._note(conn, facts, thought, kept["words"], now)}
        # Further files of an album belong to the reply that its first became.
        line = albums.own_lines(conn, [key]).get(key, key)
        words = words_mark(clean(one.text)) if isinstance(one, InboundEdit) else ""
        if line == key and words == kept.get("words") and not has_other_files:
            return kept  # nothing that anybody reads is another
        if (said := replies.spoken(conn, line)) is not None:
            self._reply(conn, facts, thought, said, now)
        return {**kept, "words": words} if line == key else kept

    def _deed(
        self, conn: Connection, one: Changed, person: PersonId, key: str, kept: Mapping[str, Any], now: Instant
    ) -> Mapping[str, Any]:
        """Words that did something are no words to anybody: a change of them is answered, and does nothing."""
        if not isinstance(one, InboundEdit) or words_mark(clean(one.text)) == kept["words"]:
            return kept
        text = person_texts(self._revisions.current, person)("word_deed_stands")
        where = one.conversation
        alone = one.sender.address if self._directory.is_shared(where) else None
        under = f"{key}:{instant(one.at)}"
        row = word_row(under, text, where, person, now, reply_to=one.external_id, only_to=alone)
        write_outbox(conn, [row])
        return {**kept, "words": words_mark(clean(one.text))}

    def _note(self, conn: Connection, facts: Facts, thought: _Thought, words: str, now: Instant) -> str:
        """The mark of its words from now on. A change often comes twice, and some change no word at all."""
        if not isinstance(thought.one, InboundEdit):
            return words
        said = clean(thought.one.text)
        if words_mark(said) != words or thought.has_other_files:
            text = meant(said, channel=thought.one.conversation.channel, is_inward=True).text
            text = with_files(text, thought.one.attachments if thought.has_other_files else ())
            note = AddNote(person_texts(facts.revision, thought.person)("note_edited", text=text))
            self._write(conn, facts, staff_does(facts, thought.person, note), now)
        return words_mark(said)

    def _reply(self, conn: Connection, facts: Facts, thought: _Thought, said: Spoken, now: Instant) -> None:
        one, where = thought.one, thought.one.conversation
        words = clean(one.text) if isinstance(one, InboundEdit) else Untrusted("")
        read = meant(words, channel=where.channel, is_inward=thought.is_inward)
        if isinstance(one, InboundDeletion) or read.what != "reply" or not read.text:
            is_note = isinstance(one, InboundEdit) and read.what == "note"
            self._take_back(conn, facts, thought, said, now, note=read.text if is_note else "")
            return
        if thought.has_other_files:  # which file of ours a client has cannot be changed, so none is in question
            if said.state in WAITS:
                self._take_back(conn, facts, thought, said, now, note="")
            elif said.state not in OVER:
                self._tell(conn, facts, thought, "word_file_stands", now, files=lines.files_of(conn, said.line))
            return
        channel = self._adapters.get(said.where.channel)
        is_sent = said.state == "sent"
        if not (said.state in WAITS | OVER or (is_sent and channel is not None and channel.limits.can_edit)):
            self._tell(conn, facts, thought, "word_stands", now)
            return
        if lines.reword(conn, thought.key, Untrusted(read.text), at=min(instant(one.at), now)) is None:
            return
        decision = client_edits(facts, now, thought.person, read.text)
        written = Written(where.key, one.external_id)
        effects = tuple(
            replace(each, written=written) if isinstance(each, Relay) else each for each in decision.effects
        )
        self._write(conn, facts, replace(decision, effects=effects), now)
        if is_sent:
            version = decision.ticket.version if decision.ticket else 0
            write_outbox(conn, [edit_row(said.line, version, said.where, facts.number, thought.person, now)])

    def _take_back(
        self, conn: Connection, facts: Facts, thought: _Thought, said: Spoken, now: Instant, *, note: str
    ) -> None:
        person, where = thought.person, thought.one.conversation
        reason = person_texts(facts.revision, person)("reason_taken_back")
        if said.state not in WAITS or not outbox.discard(conn, [said.row], reason=reason):
            if said.state not in OVER:
                files = lines.files_of(conn, said.line)
                self._tell(conn, facts, thought, "word_file_left" if files else "word_stands", now, files=files)
            return
        failed = delivery_failed(facts, person, f"say:{said.line}", reason, is_certain=True, said_at=said.said_at)
        effects = tuple(effect for effect in failed.effects if not isinstance(effect, Ping))
        self._write(conn, facts, replace(failed, effects=effects), now)
        if self._adapters[where.channel].limits.can_mark:
            written = Written(where.key, thought.one.external_id)
            signs.put(conn, [mark_row(written, "failed", facts.number, person, now)])
        self._tell(conn, facts, thought, "word_taken_back", now)
        if note:
            again = facts_of_tickets(conn, self._revisions, [facts.number], now=now, is_locked=True)[facts.number]
            self._write(conn, again, staff_does(again, person, AddNote(note)), now)

    def _write(self, conn: Connection, facts: Facts, decision: Decision, now: Instant) -> None:
        if decision.ticket is not None:
            write(conn, [(facts, decision)], recorded_at=now, whereto=self._directory.whereto)

    def _tell(
        self,
        conn: Connection,
        facts: Facts,
        thought: _Thought,
        text: str,
        now: Instant,
        *,
        files: Sequence[str] = (),
    ) -> None:
        one, where = thought.one, thought.one.conversation
        speak = person_texts(facts.revision, thought.person)
        names = {"files": ", ".join(files)} if files else {}
        words = speak(text, number=number(facts.number), contact=facts.speaker.name, **names)
        alone = one.sender.address if self._directory.is_shared(where) else None
        key = f"{thought.key}:{text}:{instant(one.at)}"
        row = word_row(key, words, where, thought.person, now, reply_to=thought.under, only_to=alone)
        write_outbox(conn, [row])

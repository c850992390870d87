"""Several files that one of our people sends as one: one reply, or one note, whatever way they come.

The words may stand with any of the files, and two slashes there make all of it a note. So a reply with files waits a
while for the rest of them before it leaves, longer where none has had words yet, and as long as one of them is still
being fetched. A file alone that has no words waits as well: two slashes right after it mean the file.

What has left cannot be taken back: what comes too late is kept in, and its author told which files are out.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from adapters.message import Attachment, InboundEdit, InboundMessage, Untrusted
from adapters.text import clean
from bot.desk.albums import album_of
from bot.desk.directory import Directory
from bot.desk.talk.rewording import OVER, WAITS, Rewording, file_mark
from bot.store.channels import albums, presses
from bot.store.channels.albums import Part
from bot.store.delivery import replies
from bot.store.delivery.told import word_row
from bot.store.driver.connection import Connection
from bot.store.facts import facts_of_tickets
from bot.store.reading import lines
from bot.store.revisions import Revisions
from bot.store.unit import write, write_outbox
from bot.tickets.command import AddNote
from bot.tickets.decide_album import Joined, album_goes_on
from bot.tickets.decide_staff import staff_does
from bot.tickets.facts import Decision, Facts, Relay, Written
from bot.tickets.outcome import person_texts
from bot.tickets.relays import with_files
from bot.tickets.ticket import TicketId, number
from bot.tickets.words.thread_words import NOTE, meant, stays_in
from routing.people import PersonId
from sla.duration import Instant, instant, later

#: A reply waits so long for its next file, and a file for its words.
GATHERED: Final = timedelta(seconds=10)
#: The same where no file of an album has had words so far: they may still say that all of it is a note.
WORDLESS: Final = timedelta(seconds=30)
#: Two slashes that come later than this after a file are about something else, even where it has not left yet.
RIGHT_AFTER: Final = timedelta(minutes=2)
#: A file that is being fetched is there by then, or given up.
FETCHED: Final = timedelta(seconds=150)

#: What became of words, as it is kept with them.
Became = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Further:
    """A further file of an album, and what its first became."""

    message: InboundMessage
    person: PersonId
    key: str
    first: Became
    now: Instant


class OurAlbums:
    """Joins what one of our people sent as one; runs inside the committer's transaction."""

    def __init__(self, revisions: Revisions, directory: Directory, rewording: Rewording) -> None:
        self._revisions = revisions
        self._directory = directory
        self._rewording = rewording

    def go_on(
        self, conn: Connection, message: InboundMessage, person: PersonId, key: str, *, now: Instant
    ) -> Became | None:
        """What became of a further file; None for the first of its album, and for one that comes when all has left."""
        name = _name(message)
        kept = presses.answers(conn, [name]).get(name) if message.album is not None else None
        if kept is None:
            return None
        further = _Further(message, person, key, json.loads(kept), now)
        if further.first["became"] == "note":
            return self._noted(conn, further)
        return self._replied(conn, further) if further.first["became"] == "reply" else {"became": ""}

    def is_fetched(self, conn: Connection, message: InboundMessage, *, now: Instant) -> None:
        """A further file of an album is on its way: a reply waits for it, because its words count for all of them."""
        name = _name(message)
        first = json.loads(presses.answers(conn, [name]).get(name, "{}")) if message.album is not None else {}
        if first.get("became") == "reply" and (said := replies.spoken(conn, first["key"])) is not None:
            replies.let_wait(conn, said, until=later(now, FETCHED))

    def made_note(
        self, conn: Connection, message: InboundMessage, person: PersonId, ticket: TicketId | None, *, now: Instant
    ) -> Became | None:
        """What became of two slashes that follow a file without words: of both a note. None where they follow none.

        `ticket` is what they stand under; None where they stand alone.
        """
        name = _bare(message)
        kept = json.loads(presses.answers(conn, [name]).get(name, "{}"))
        if not kept or message.attachments or ticket not in {None, kept["ticket"]}:
            return None
        if instant(message.at) > later(Instant(kept["at"]), RIGHT_AFTER):
            return None
        said = replies.spoken(conn, kept["key"])
        if said is None or said.state not in WAITS:
            return None
        words = with_files(clean(message.text), [Attachment(Untrusted(one), "", 0) for one in kept["files"]])
        edit = InboundEdit(message.conversation, kept["name"], message.sender, Untrusted(words), message.at)
        self._rewording.reword(conn, edit, person, kept["key"], kept, now=now)
        return {"became": "note", "ticket": kept["ticket"], "under": kept["under"], "is_inward": kept["is_inward"]}

    def begin(self, conn: Connection, message: InboundMessage, key: str, became: Became, *, now: Instant) -> None:
        """Remember what the first of an album became, and let a reply wait for the others, or for its words."""
        is_bare = message.album is None and bool(message.attachments) and not clean(message.text).strip()
        if not message.attachments or (is_bare and became["became"] != "reply"):
            return
        name = _bare(message) if is_bare else _name(message)
        known = presses.answers(conn, [name])
        if not is_bare and (message.album is None or name in known):
            return
        files = [one.name for one in message.attachments]
        first = {**became, "key": key, "name": message.external_id, "files": files}
        first |= {"at": instant(message.at)} if is_bare else {}
        answered = presses.Answered(name, json.dumps(first), now)
        if name in known:
            presses.replace(conn, answered)
        else:
            presses.keep(conn, [answered])
        if became["became"] == "reply" and (said := replies.spoken(conn, key)) is not None:
            if not is_bare:
                albums.begin(conn, [Part(key, album_of(message), clean(message.text), message.attachments)])
            replies.let_wait(conn, said, until=later(now, GATHERED if is_bare else _gathered(message.text)))

    def _noted(self, conn: Connection, further: _Further) -> Became:
        message, ticket = further.message, TicketId(further.first["ticket"])
        text = clean(message.text)
        words = meant(text, channel=message.conversation.channel, is_inward=True).text if text.strip() else ""
        facts = facts_of_tickets(conn, self._revisions, [ticket], now=further.now, is_locked=True)[ticket]
        note = AddNote(with_files(words, message.attachments))
        self._write(conn, facts, staff_does(facts, further.person, note), further.now)
        return {**_own(further), "became": "note"}

    def _replied(self, conn: Connection, further: _Further) -> Became | None:
        message, first = further.message, further.first
        text, channel = clean(message.text), message.conversation.channel
        has_note_below = meant(text, channel=channel, is_inward=False).what == "unclear"
        is_kept_in = has_note_below or stays_in(text, channel=channel)
        said = replies.spoken(conn, first["key"])
        if said is None or said.state not in WAITS:
            return self._too_late(conn, further) if is_kept_in else None
        kept = _own(further)
        if is_kept_in:
            files = [*first["files"], *(one.name for one in message.attachments)]
            note = f"{NOTE} {text}" if has_note_below else text  # slashes with any file are about all of them
            words = Untrusted("\n".join([note, *(f"\N{PAPERCLIP} {name}" for name in files)]))
            edit = InboundEdit(message.conversation, first["name"], message.sender, words, message.at)
            self._rewording.reword(conn, edit, further.person, first["key"], first, now=further.now)
            self._replace(conn, further, {**first, "became": "note"})
            return {**kept, "became": "note"}
        part = Part(further.key, album_of(message), text, message.attachments)
        line = albums.lines_of(conn, [part.album])[part.album]
        joined = albums.join(conn, line, part)
        replies.let_wait(conn, said, until=later(further.now, _gathered(joined)))
        at = min(instant(message.at), further.now)
        facts = facts_of_tickets(conn, self._revisions, [said.ticket], now=further.now, is_locked=True)[said.ticket]
        goes_on = Joined(part.album, text, joined, at, message.attachments, further.person)
        decision = album_goes_on(facts, goes_on)
        written = Written(message.conversation.key, message.external_id)
        effects = tuple(replace(one, written=written) if isinstance(one, Relay) else one for one in decision.effects)
        self._write(conn, facts, replace(decision, effects=effects), further.now)
        self._replace(conn, further, {**first, "files": [*first["files"], *(one.name for one in message.attachments)]})
        return kept

    def _too_late(self, conn: Connection, further: _Further) -> Became:
        """A note that comes when the other files have left: its author hears that those are out."""
        became = self._noted(conn, further)
        self._tell_left(conn, further.message, further.person, further.first["key"], now=further.now)
        return {**became, "became": "note"}

    def tell_left(self, conn: Connection, message: InboundMessage, person: PersonId, *, now: Instant) -> None:
        """A note in answer to a file of one's own that has left: its author hears that it is out."""
        if message.reply_to is None:
            return
        key = f"{message.conversation.key}:{message.reply_to}"
        name = f"{presses.WROTE}{key}"
        if json.loads(presses.answers(conn, [name]).get(name, "{}")).get("became") == "reply":
            self._tell_left(conn, message, person, albums.own_lines(conn, [key]).get(key, key), now=now)

    def _tell_left(
        self, conn: Connection, message: InboundMessage, person: PersonId, key: str, *, now: Instant
    ) -> None:
        """`key` names the reply; one that never left, or has no file, is nothing to speak of."""
        said = replies.spoken(conn, key)
        files = lines.files_of(conn, said.line) if said is not None and said.state not in WAITS | OVER else ()
        if said is None or not files:
            return
        facts = facts_of_tickets(conn, self._revisions, [said.ticket], now=now)[said.ticket]
        speak = person_texts(facts.revision, person)
        names = {"contact": facts.speaker.name, "files": ", ".join(files)}
        text = speak("word_files_left", number=number(said.ticket), **names)
        alone = message.sender.address if self._directory.is_shared(message.conversation) else None
        more = {"reply_to": message.external_id, "only_to": alone}
        own = f"{message.conversation.key}:{message.external_id}"
        write_outbox(conn, [word_row(own, text, message.conversation, person, now, **more)])

    def _replace(self, conn: Connection, further: _Further, first: Became) -> None:
        presses.replace(conn, presses.Answered(_name(further.message), json.dumps(first), further.now))

    def _write(self, conn: Connection, facts: Facts, decision: Decision, now: Instant) -> None:
        if decision.ticket is not None:
            write(conn, [(facts, decision)], recorded_at=now, whereto=self._directory.whereto)


def _name(message: InboundMessage) -> str:
    return f"{presses.WROTE}album:{album_of(message)}"


def _own(further: _Further) -> Became:
    """What is kept of a further file: what its first became, and its own file."""
    kept = {name: value for name, value in further.first.items() if name not in {"key", "name", "files", "file_mark"}}
    return {**kept, **file_mark(further.message.attachments)}


def _bare(message: InboundMessage) -> str:
    """Names the last file without words that somebody sent to a place."""
    return f"{presses.WROTE}bare:{message.conversation.lane}:{message.sender.address}"


def _gathered(words: str) -> timedelta:
    """How long an album with these words waits for its next file."""
    return GATHERED if words.strip() else WORDLESS

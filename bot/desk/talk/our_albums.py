"""Several files that one of our people sends as one: one reply, or one note, whatever way they come.

The words may stand with any of the files, and two slashes there make all of it a note. So a reply with files waits a
while for the rest of them before it leaves.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from adapters.message import InboundEdit, InboundMessage, Untrusted
from adapters.text import clean
from bot.desk.albums import album_of
from bot.desk.directory import Directory
from bot.desk.talk.rewording import WAITS, Rewording
from bot.store.channels import albums, presses
from bot.store.channels.albums import Part
from bot.store.delivery import outbox, replies
from bot.store.driver.connection import Connection
from bot.store.facts import facts_of_tickets
from bot.store.revisions import Revisions
from bot.store.unit import write
from bot.tickets.command import AddNote
from bot.tickets.decide_album import Joined, album_goes_on
from bot.tickets.decide_staff import staff_does
from bot.tickets.facts import Decision, Facts, Relay, Written
from bot.tickets.relays import with_files
from bot.tickets.ticket import TicketId
from bot.tickets.words.thread_words import meant, stays_in
from routing.people import PersonId
from sla.duration import Instant, instant, later

#: A reply waits so long for its next file: on the way it may have to be fetched first.
GATHERED: Final = timedelta(seconds=10)

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

    def begin(self, conn: Connection, message: InboundMessage, key: str, became: Became, *, now: Instant) -> None:
        """Remember what the first of an album became, and let a reply wait for the others."""
        name = _name(message)
        if message.album is None or name in presses.answers(conn, [name]):
            return
        files = [one.name for one in message.attachments]
        first = {**became, "key": key, "name": message.external_id, "files": files}
        presses.keep(conn, [presses.Answered(name, json.dumps(first), now)])
        if became["became"] == "reply" and (said := replies.spoken(conn, key)) is not None:
            albums.begin(conn, [Part(key, album_of(message), clean(message.text), message.attachments)])
            outbox.hold(conn, said.row, until=later(now, GATHERED))

    def _noted(self, conn: Connection, further: _Further) -> Became:
        message, ticket = further.message, TicketId(further.first["ticket"])
        text = clean(message.text)
        words = meant(text, channel=message.conversation.channel, is_inward=True).text if text.strip() else ""
        facts = facts_of_tickets(conn, self._revisions, [ticket], now=further.now, is_locked=True)[ticket]
        note = AddNote(with_files(words, message.attachments))
        self._write(conn, facts, staff_does(facts, further.person, note), further.now)
        return {name: value for name, value in further.first.items() if name not in {"key", "name", "files"}}

    def _replied(self, conn: Connection, further: _Further) -> Became | None:
        message, first = further.message, further.first
        text = clean(message.text)
        is_kept_in = stays_in(text, channel=message.conversation.channel)
        said = replies.spoken(conn, first["key"])
        if said is None or said.state not in WAITS:
            return self._noted(conn, further) if is_kept_in else None
        kept = {name: value for name, value in first.items() if name not in {"key", "name", "files"}}
        if is_kept_in:
            files = [*first["files"], *(one.name for one in message.attachments)]
            words = Untrusted("\n".join([text, *(f"\N{PAPERCLIP} {name}" for name in files)]))
            edit = InboundEdit(message.conversation, first["name"], message.sender, words, message.at)
            self._rewording.reword(conn, edit, further.person, first["key"], first, now=further.now)
            self._replace(conn, further, {**first, "became": "note"})
            return {**kept, "became": "note"}
        part = Part(further.key, album_of(message), text, message.attachments)
        line = albums.lines_of(conn, [part.album])[part.album]
        joined = albums.join(conn, line, part)
        outbox.hold(conn, said.row, until=later(further.now, GATHERED))
        at = min(instant(message.at), further.now)
        facts = facts_of_tickets(conn, self._revisions, [said.ticket], now=further.now, is_locked=True)[said.ticket]
        goes_on = Joined(part.album, text, joined, at, message.attachments, further.person)
        decision = album_goes_on(facts, goes_on)
        written = Written(message.conversation.key, message.external_id)
        effects = tuple(replace(one, written=written) if isinstance(one, Relay) else one for one in decision.effects)
        self._write(conn, facts, replace(decision, effects=effects), further.now)
        self._replace(conn, further, {**first, "files": [*first["files"], *(one.name for one in message.attachments)]})
        return kept

    def _replace(self, conn: Connection, further: _Further, first: Became) -> None:
        presses.replace(conn, presses.Answered(_name(further.message), json.dumps(first), further.now))

    def _write(self, conn: Connection, facts: Facts, decision: Decision, now: Instant) -> None:
        if decision.ticket is not None:
            write(conn, [(facts, decision)], recorded_at=now, whereto=self._directory.whereto)


def _name(message: InboundMessage) -> str:
    return f"{presses.WROTE}album:{album_of(message)}"

"""What our people write where they work: in their own conversation with the desk, and in places they share.

    under a card of one's own, and a ping of a ticket that was one's own ──> a reply to the client; // makes it a note
    in a shared place, and under any other ping ──> a note; a reply, if it begins with !reply
    anywhere else ──> nothing, and whoever wrote to the desk alone is told how it works

Nothing written there ever opens a ticket. Each message counts once, however often it comes; what it became is kept with
it, because its author may change it later.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from adapters.message import Channel, Inbound, InboundDeletion, InboundEdit, InboundMessage
from adapters.port import Adapter
from adapters.text import clean
from bot.desk.directory import DESK_ACCOUNT, Directory
from bot.desk.rewording import Rewording, words_mark
from bot.store import presses, signs
from bot.store.connection import Connection
from bot.store.facts import facts_of_tickets
from bot.store.references import stood
from bot.store.revisions import Revisions
from bot.store.told import mark_row, word_row
from bot.store.unit import write, write_outbox
from bot.tickets import command as c
from bot.tickets.decide_staff import staff_does
from bot.tickets.facts import Facts, Written
from bot.tickets.outcome import person_texts
from bot.tickets.relays import with_files
from bot.tickets.thread_words import Meant, meant
from routing.people import PersonId
from sla.duration import Instant, later

#: Words that are still on their way after this long are marked as such; mostly they have arrived by then.
MARKED_AFTER: Final = timedelta(seconds=3)


class Threads:
    """Decides what our people write; one per process. Runs inside the committer's transaction."""

    def __init__(self, adapters: Mapping[Channel, Adapter], revisions: Revisions, directory: Directory) -> None:
        self._adapters = adapters
        self._revisions = revisions
        self._directory = directory
        self._rewording = Rewording(adapters, revisions, directory)

    def has(self, one: Inbound) -> bool:
        """Whether something happened in a conversation of the desk's own people, and not in a client's."""
        adapter, where = self._adapters.get(one.conversation.channel), one.conversation
        if adapter is None or not adapter.limits.has_threads or where.account != DESK_ACCOUNT:
            return False
        if self._directory.is_shared(where):
            return True
        if not isinstance(one, InboundMessage | InboundEdit | InboundDeletion):
            return False
        return where.address == one.sender.address and self._directory.person_of(one.sender) is not None

    def hear(self, conn: Connection, one: Inbound, key: str, *, now: Instant) -> None:
        """Decide one happening there. `key` is the message's own, over all payloads it may come in."""
        if not isinstance(one, InboundMessage | InboundEdit | InboundDeletion):
            return
        person = self._directory.person_of(one.sender)
        if person is None:
            return  # a guest in a place of ours: their words are nobody's
        name = f"{presses.WROTE}{key}"
        kept = presses.answers(conn, [name]).get(name)
        if not isinstance(one, InboundMessage):
            if kept is not None:
                answer = json.dumps(self._rewording.reword(conn, one, person, key, json.loads(kept), now=now))
                presses.replace(conn, presses.Answered(name, answer, now))
        elif kept is None and (clean(one.text).strip() or one.attachments):
            answer = json.dumps(self._hear(conn, one, person, key, now))
            presses.keep(conn, [presses.Answered(name, answer, now)])

    def _hear(
        self, conn: Connection, message: InboundMessage, person: PersonId, key: str, now: Instant
    ) -> dict[str, str | int]:
        """What became of it, with its ticket, what it stands under and what tells its words from others."""
        where = message.conversation
        is_shared = self._directory.is_shared(where)
        above = stood(conn, where.lane, message.reply_to)
        is_inward = is_shared or (above is not None and not above.goes_out)
        read = meant(clean(message.text), channel=where.channel, is_inward=is_inward)
        speak = person_texts(self._revisions.current, person)
        if above is None:
            # In a place of theirs people also talk among themselves.
            if not is_shared or read.what != "note":
                self._tell(conn, message, person, key, speak("word_astray"), now)
            return {"became": ""}
        if read.what == "command":
            self._tell(conn, message, person, key, speak("word_command", command=read.text), now)
            return {"became": ""}
        ticket = above.ticket
        facts = facts_of_tickets(conn, self._revisions, [ticket], now=now, is_locked=True)[ticket]
        is_marked = self._adapters[where.channel].limits.can_mark
        written = Written(where.key, message.external_id, is_marked)
        command = _command(read, message, key, written)
        if refusal := self._decide(conn, facts, person, command, now):
            self._tell(conn, message, person, key, refusal, now)
            return {"became": ""}
        if is_marked and read.what == "reply":
            signs.begin(conn, written, ticket, person, at=now, until=later(now, MARKED_AFTER))
        elif is_marked:
            signs.put(conn, [mark_row(written, "sent", ticket, person, now)])
        kept = {"became": read.what, "ticket": ticket, "under": message.reply_to or "", "is_inward": is_inward}
        return {**kept, "words": words_mark(clean(message.text))}

    def _decide(self, conn: Connection, facts: Facts, person: PersonId, command: c.Command, now: Instant) -> str:
        decision = staff_does(facts, person, command)
        if decision.ticket is not None:
            write(conn, [(facts, decision)], recorded_at=now, whereto=self._directory.whereto)
        return decision.refusal

    def _tell(
        self, conn: Connection, message: InboundMessage, person: PersonId, key: str, text: str, now: Instant
    ) -> None:
        """Under what they wrote, and to them alone."""
        where = message.conversation
        alone = message.sender.address if self._directory.is_shared(where) else None
        root = message.reply_to or message.external_id
        write_outbox(conn, [word_row(key, text, where, person, now, reply_to=root, only_to=alone)])


def _command(read: Meant, message: InboundMessage, key: str, written: Written) -> c.Command:
    if read.what == "note":
        return c.AddNote(with_files(read.text, message.attachments))
    return c.Reply(read.text, attachments=message.attachments, key=key, written=written)

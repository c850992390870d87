"""Copies of a reply that go to others who take part: one that is not taken for now is tried again by itself.

One that does not arrive at all is told to whoever wrote the reply, which stands. The address is flagged, as any is at
which nothing arrives; a server's policy says nothing about it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from adapters.message import Identity, OutboundMessage, Untaken, conversation_from_key
from bot.desk.directory import Directory
from bot.desk.sending.dropped import Dropped
from bot.desk.sending.pace import backoff
from bot.store.delivery import failing
from bot.store.delivery.copy_rows import copy_of, copy_row
from bot.store.delivery.outbox import Outgoing
from bot.store.delivery.sending import Background
from bot.store.driver.connection import Connection
from bot.store.facts import facts_of_tickets
from bot.store.revisions import Revisions
from bot.store.unit import write_outbox, write_ping
from bot.tickets.facts import Facts, Ping
from bot.tickets.outcome import person_texts
from bot.tickets.ticket import TicketId, number
from routing.people import PersonId
from sla.duration import Instant, moment


@dataclass(frozen=True, slots=True)
class LostCopy:
    """A copy of the reply `key`, which `by` wrote, that did not arrive at an address.

    `is_address`: nothing arrives there, whatever is sent.
    """

    ticket: TicketId
    by: PersonId | None
    key: str
    to: Identity
    reason: str
    is_address: bool = True


class Copies:
    """Sees to those that did not go with their reply; runs inside the committer's transaction."""

    def __init__(self, revisions: Revisions, directory: Directory, now: Callable[[], Instant]) -> None:
        self._revisions = revisions
        self._directory = directory
        self._now = now

    def untaken(
        self, conn: Connection, reply: Outgoing, beside: Sequence[Identity], untaken: Sequence[Untaken]
    ) -> None:
        """A reply was taken, and these copies of it were not; `beside` are all that it has."""
        now = self._now()
        later = [one for one in untaken if one.outcome == "deferred"]
        again_at = backoff(1, at=now, is_letter=True)
        write_outbox(conn, [copy_row(reply, one.to, beside, one.reason, at=now, not_before=again_at) for one in later])
        lost = [one for one in untaken if one.outcome != "deferred"]
        self.lost(conn, [_lost(reply, reply.key, one.to, one.reason, is_address=one.outcome == "gone") for one in lost])

    def given_up(self, conn: Connection, row: Outgoing, reason: str, *, is_address: bool) -> None:
        """A copy that was tried again will never arrive."""
        copy = copy_of(row)
        self.lost(conn, [_lost(row, copy.reply, copy.to, reason, is_address=is_address)])

    def lost(self, conn: Connection, lost: Sequence[LostCopy]) -> None:
        """Tell of them, each once."""
        if not lost:
            return
        now = self._now()
        found = facts_of_tickets(conn, self._revisions, sorted({one.ticket for one in lost}), now=now)
        for one in lost:
            if one.is_address:
                failing.flag(conn, one.to.key, one.reason, at=now)
            if one.ticket in found:
                self._tell(conn, found[one.ticket], one, now)

    def _tell(self, conn: Connection, facts: Facts, one: LostCopy, now: Instant) -> None:
        person = one.by or (facts.ticket.assignee if facts.ticket is not None else None)
        if person is None or person not in facts.revision.people:
            return
        speak = person_texts(facts.revision, person)
        values = {"number": number(one.ticket), "address": one.to.address, "reason": one.reason}
        ping = Ping(person, f"copy_lost:{one.key}:{one.to.address}", speak("ping_copy_failed", **values))
        write_ping(conn, ping, at=now, whereto=self._directory.whereto)


def copied_message(row: Outgoing, known: Background, _: Instant) -> OutboundMessage | Dropped:
    """The reply once more as it reads now, on its way to one of those who have a copy of it."""
    copy = copy_of(row)
    line = known.lines.get(copy.line)
    if line is None or line.is_deleted:
        return Dropped("the line is gone")
    if copy.to not in known.copies.get(copy.lane, ()):
        return Dropped("whoever it is for takes part no longer")
    return OutboundMessage(
        key=copy.reply,
        conversation=conversation_from_key(copy.lane),
        text=line.text,
        at=moment(line.at),
        author=line.author,
        position=line.id,
        attachments=line.attachments,
        invite=copy.invite,
        copies=copy.beside,
        sent_to=copy.to,
    )


def _lost(row: Outgoing, key: str, to: Identity, reason: str, *, is_address: bool) -> LostCopy:
    by = PersonId(row.person) if row.person else None
    return LostCopy(TicketId(row.ticket_id or 0), by, key, to, reason, is_address)

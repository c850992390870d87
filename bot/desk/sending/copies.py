"""Copies of a reply that went to others who take part: one that does not arrive is told to whoever wrote the reply.

The reply itself stands; the address is flagged, as any is at which nothing arrives.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from adapters.message import Channel, Identity, Receipt
from bot.desk.directory import Directory
from bot.store.delivery import failing
from bot.store.delivery.outbox import Outgoing
from bot.store.driver.connection import Connection
from bot.store.facts import facts_of_tickets
from bot.store.revisions import Revisions
from bot.store.unit import write_ping
from bot.tickets.facts import Facts, Ping
from bot.tickets.outcome import person_texts
from bot.tickets.ticket import TicketId, number
from routing.people import PersonId
from sla.duration import Instant


@dataclass(frozen=True, slots=True)
class LostCopy:
    """A copy of the reply `key`, which `by` wrote, that did not arrive at an address."""

    ticket: TicketId
    by: PersonId | None
    key: str
    to: Identity
    reason: str


class Copies:
    """Tells of them, each once; runs inside the committer's transaction."""

    def __init__(self, revisions: Revisions, directory: Directory, now: Callable[[], Instant]) -> None:
        self._revisions = revisions
        self._directory = directory
        self._now = now

    def lost(self, conn: Connection, lost: Sequence[LostCopy]) -> Sequence[None]:
        """A Change for the committer."""
        now = self._now()
        found = facts_of_tickets(conn, self._revisions, sorted({one.ticket for one in lost}), now=now)
        for one in lost:
            failing.flag(conn, one.to.key, one.reason, at=now)
            if one.ticket in found:
                self._tell(conn, found[one.ticket], one, now)
        return [None] * len(lost)

    def _tell(self, conn: Connection, facts: Facts, one: LostCopy, now: Instant) -> None:
        person = one.by or (facts.ticket.assignee if facts.ticket is not None else None)
        if person is None or person not in facts.revision.people:
            return
        speak = person_texts(facts.revision, person)
        values = {"number": number(one.ticket), "address": one.to.address, "reason": one.reason}
        ping = Ping(person, f"copy_lost:{one.key}:{one.to.address}", speak("ping_copy_failed", **values))
        write_ping(conn, ping, at=now, whereto=self._directory.whereto)


def lost_copies(row: Outgoing, receipt: Receipt) -> list[LostCopy]:
    """The copies that the channel refused as it took the reply."""
    ticket, by = TicketId(row.ticket_id or 0), PersonId(row.person) if row.person else None
    channel = Channel(row.channel)
    return [LostCopy(ticket, by, row.key, Identity(channel, to), reason) for to, reason in receipt.refused]

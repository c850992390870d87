"""Open tickets follow what is proven of their contact: they become the client's, and a stranger's again.

What was promised on a ticket stays as it was promised (semantics 1.6); who has it from then on is asked in `proven`.
"""

from collections.abc import Sequence

from adapters.message import Identity
from bot.store import audit
from bot.store.delivery.ways import Whereto
from bot.store.driver.connection import Connection
from bot.store.facts import facts_of_tickets
from bot.store.people import links
from bot.store.revisions import Revisions
from bot.store.unit import write
from bot.tickets.facts import Event
from bot.tickets.outcome import concluded
from bot.tickets.people.proven import proven
from bot.tickets.ticket import ContactId, TicketId
from routing.people import ClientId
from sla.duration import Instant


class Proving:
    """Runs inside the transaction of whoever learnt it."""

    def __init__(self, revisions: Revisions, whereto: Whereto) -> None:
        self._revisions = revisions
        self._whereto = whereto

    def prove(self, conn: Connection, owner: ContactId, client: ClientId, by: str, now: Instant) -> None:
        """Open tickets of theirs are the client's from now on."""
        self._set(conn, links.unproven(conn, owner), client, Event("linked", now, by, "", {"client": client}), now)

    def unlink(self, conn: Connection, who: Identity, by: str, now: Instant) -> bool:
        """Take back what a one-time link has proven of an identity; False where none has."""
        parted = links.unlink(conn, who, at=now)
        if parted is None:
            return False
        audit.append(conn, [audit.Deed(now, by, "unlinked", f"identity:{who.key}")])
        self.disprove(conn, parted.tickets, by, now)
        self.tell(conn, parted.strayed, Event("two_people", now, by, "", {"name": who.address}), now)
        return True

    def tell(self, conn: Connection, tickets: Sequence[TicketId], event: Event, now: Instant) -> None:
        """The history of each open ticket says so, and its card is drawn anew."""
        found = facts_of_tickets(conn, self._revisions, tickets, now=now, is_locked=True)
        pairs = [
            (facts, concluded(facts, facts.ticket, facts.clocks, events=(event,)))
            for facts in found.values()
            if facts.ticket is not None and facts.ticket.status.is_open
        ]
        write(conn, pairs, recorded_at=now, whereto=self._whereto)

    def disprove(self, conn: Connection, tickets: Sequence[TicketId], by: str, now: Instant) -> None:
        """Of these, those that are open are a stranger's from now on."""
        self._set(conn, tickets, None, Event("unlinked", now, by), now)

    def _set(
        self, conn: Connection, tickets: Sequence[TicketId], client: ClientId | None, event: Event, now: Instant
    ) -> None:
        found = facts_of_tickets(conn, self._revisions, tickets, now=now, is_locked=True)
        for facts in found.values():
            if facts.ticket is not None and facts.ticket.status.is_open:
                decision = proven(facts, facts.ticket, client, event)
                write(conn, [(facts, decision)], recorded_at=now, whereto=self._whereto)

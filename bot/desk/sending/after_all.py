"""A reply that was given up, was sent again by hand and has arrived: what it answered is answered after all."""

from collections.abc import Sequence
from dataclasses import dataclass

from adapters.message import Identity, Untaken
from bot.desk.directory import Directory
from bot.desk.sending.copies import Copies
from bot.now import Timekeeper
from bot.store.delivery import outbox, replies, signs
from bot.store.delivery.outbox import Outgoing, Settled
from bot.store.driver.connection import Connection
from bot.store.facts import facts_of_tickets
from bot.store.revisions import Revisions
from bot.store.unit import write
from bot.tickets.decide_replies import reply_arrives
from bot.tickets.ticket import MessageId, TicketId


@dataclass(frozen=True, slots=True)
class Arrived:
    """A row that a channel took, and its receipt. `beside` had a copy of it; `untaken` are those that did not go."""

    row: Outgoing
    settled: Settled
    beside: tuple[Identity, ...] = ()
    untaken: tuple[Untaken, ...] = ()


def arrive(conn: Connection, arrived: Sequence[Arrived]) -> Sequence[bool]:
    """As `outbox.settle`, and nothing more. A Change."""
    return outbox.settle(conn, [one.settled for one in arrived])


class AfterAll:
    """Settles rows that were tried before, and decides what their arrival changes in the same transaction.

    Also those whose words were written in a thread of ours: there it is marked that they arrived. And those that left
    without some of their copies, which are seen to.
    """

    def __init__(self, revisions: Revisions, directory: Directory, time: Timekeeper, copies: Copies) -> None:
        self._revisions = revisions
        self._directory = directory
        self._time = time
        self._copies = copies

    def settle(self, conn: Connection, arrived: Sequence[Arrived]) -> Sequence[bool]:
        """As `outbox.settle`. A Change."""
        are_settled = arrive(conn, arrived)
        for one, is_settled in zip(arrived, are_settled, strict=True):
            if is_settled and one.row.what == "reply" and one.row.message_id is not None and one.row.attempts > 1:
                self._decide(conn, one.row, MessageId(one.row.message_id))
            if is_settled and one.untaken:
                self._copies.untaken(conn, one.row, one.beside, one.untaken)
        signs.mark(conn, [one.row for one in arrived], "sent", at=self._time.now())
        return are_settled

    def _decide(self, conn: Connection, row: Outgoing, message: MessageId) -> None:
        kind = replies.kind_of(conn, message)
        if kind is None or row.ticket_id is None:
            return
        now = self._time.now()
        ticket = TicketId(row.ticket_id)
        found = facts_of_tickets(conn, self._revisions, [ticket], now=now, is_whole=True, is_locked=True)
        pairs = [(facts, reply_arrives(facts, kind, written_at=row.created_at)) for facts in found.values()]
        changed = [(facts, decision) for facts, decision in pairs if decision.ticket is not None]
        write(conn, changed, recorded_at=now, whereto=self._directory.whereto)

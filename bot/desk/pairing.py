"""Commands about two tickets, or the past of one: decided at once, written together with the words that move.

The caller holds both already (`lock_pairs`), so that of two merges that cross each other one finds its ticket gone.
"""

from dataclasses import replace

from adapters.port import Answer
from bot.store.delivery.ways import Whereto
from bot.store.driver.connection import Connection
from bot.store.facts import facts_of_tickets
from bot.store.pairing import facts_of_place, merge_words, split_words, spoken_on
from bot.store.people.asking import going_on
from bot.store.people.parting import merged_since, unmerge_words, urgency_before
from bot.store.revisions import Revisions
from bot.store.unit import write
from bot.tickets.care.decide_not_spam import not_spam
from bot.tickets.command import Merge, NotSpam, Paired, Split, Unmerge
from bot.tickets.facts import Facts
from bot.tickets.outcome import person_texts
from bot.tickets.pairs.decide_merge import merge
from bot.tickets.pairs.decide_split import moved, split
from bot.tickets.pairs.decide_unmerge import parted, unmerge
from bot.tickets.ticket import TicketId, number
from routing.people import PersonId
from sla.duration import Instant


class Pairing:
    """Performs them in the transaction of whoever calls."""

    def __init__(self, revisions: Revisions, whereto: Whereto) -> None:
        self._revisions = revisions
        self._whereto = whereto

    def perform(self, conn: Connection, by: PersonId, ticket: TicketId, command: Paired, *, now: Instant) -> Answer:
        """Do it, or say why not. Raises KeyError for a ticket that does not exist."""
        if isinstance(command, Merge):
            return self._merge(conn, by, ticket, command, now)
        if isinstance(command, Unmerge):
            return self._unmerge(conn, by, ticket, now)
        if isinstance(command, NotSpam):
            return self._not_spam(conn, by, ticket, now)
        return self._split(conn, by, ticket, command, now)

    def _merge(self, conn: Connection, by: PersonId, ticket: TicketId, command: Merge, now: Instant) -> Answer:
        found = facts_of_tickets(conn, self._revisions, [ticket, command.into], now=now, is_whole=True)
        going, staying = found[ticket], found.get(command.into)
        gone, kept = merge(going, staying, by, command)
        if gone.refusal or staying is None:
            return Answer(gone.refusal, is_refused=True)
        write(conn, [(going, gone)], recorded_at=now, whereto=self._whereto)
        merge_words(conn, ticket, command.into)
        # Both may stand in one conversation, whose count went on and whose words are the other ticket's now.
        again = facts_of_tickets(conn, self._revisions, [command.into], now=now)[command.into]
        write(conn, [(replace(staying, talk=again.talk), kept)], recorded_at=now, whereto=self._whereto)
        return Answer(self._done(by))

    def _split(self, conn: Connection, by: PersonId, ticket: TicketId, command: Split, now: Instant) -> Answer:
        facts = facts_of_tickets(conn, self._revisions, [ticket], now=now, is_whole=True)[ticket]
        lines = spoken_on(conn, ticket)
        going = moved(lines, command.message)
        fresh: Facts | None = facts_of_place(conn, facts, going[0].conversation) if going else None
        left, opened = split(facts, fresh, lines, by, command)
        if left.refusal or fresh is None:
            return Answer(left.refusal, is_refused=True)
        write(conn, [(facts, left)], recorded_at=now, whereto=self._whereto)
        write(conn, [(fresh, opened)], recorded_at=now, whereto=self._whereto)
        split_words(conn, going, fresh.number)
        return Answer(person_texts(self._revisions.current, by)("done_split", number=number(fresh.number)))

    def _unmerge(self, conn: Connection, by: PersonId, ticket: TicketId, now: Instant) -> Answer:
        (end,) = going_on(conn, [ticket]).values()
        found = facts_of_tickets(conn, self._revisions, [ticket, end], now=now, is_whole=True)
        gone, kept = found[ticket], found[end] if end != ticket else None
        lines = spoken_on(conn, end)
        merged_at = merged_since(conn, ticket)
        going = parted(lines, gone.ticket, merged_at=merged_at) if gone.ticket is not None and kept is not None else ()
        staying = tuple(one for one in lines if one not in going)
        back, left = unmerge(gone, kept, going, staying, by, urgency_before(conn, end, ticket))
        if back.refusal or kept is None:
            return Answer(back.refusal, is_refused=True)
        write(conn, [(kept, left)], recorded_at=now, whereto=self._whereto)
        unmerge_words(conn, going, ticket, end)
        # Its place is its own again, and both may stand in one conversation, whose count went on.
        again = facts_of_tickets(conn, self._revisions, [ticket], now=now)[ticket]
        write(conn, [(replace(gone, talk=again.talk), back)], recorded_at=now, whereto=self._whereto)
        return Answer(self._done(by))

    def _not_spam(self, conn: Connection, by: PersonId, ticket: TicketId, now: Instant) -> Answer:
        facts = facts_of_tickets(conn, self._revisions, [ticket], now=now, is_whole=True)[ticket]
        decision = not_spam(facts, by)
        if decision.refusal:
            return Answer(decision.refusal, is_refused=True)
        write(conn, [(facts, decision)], recorded_at=now, whereto=self._whereto)
        return Answer(self._done(by))

    def _done(self, by: PersonId) -> str:
        return person_texts(self._revisions.current, by)("done")

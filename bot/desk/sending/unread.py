"""Replies that were not read follow by mail: one mail for a conversation, and each reply in one mail at most.

    reply in the chat ──a while──> read? ──no──> a mail with all that is unread ──answered──> the same ticket, by mail

The mail is written in the transaction that takes its alarm, under a key of its last line, so a kill in between makes no
second one; what is read before it leaves is left out of it. Whoever answers by mail is answered there from then on, and
in the chat again once they write there.
"""

from collections.abc import Collection, Sequence

from adapters.message import Channel, conversation_from_key
from bot.store.delivery import unread
from bot.store.driver.connection import Connection
from bot.store.facts import facts_of_tickets
from bot.store.people.elsewhere import go_on_in, other_channels
from bot.store.revisions import Revisions
from bot.store.unit import write_outbox
from bot.tickets.care.unread import SILENT
from bot.tickets.facts import Decision, Facts
from bot.tickets.ticket import TicketId
from sla.duration import Instant


class Following:
    """Lets unread replies follow; holds nothing. Runs inside the committer's transaction."""

    def __init__(self, revisions: Revisions, served: Collection[Channel]) -> None:
        """`served` are the channels that the desk has, whether or not they are up."""
        self._revisions = revisions
        self._served = served

    def carry(self, conn: Connection, subjects: Sequence[str], *, at: Instant) -> None:
        """Look whether replies were read; a subject is a ticket's id and the version that said something."""
        if Channel.EMAIL not in self._served:
            return
        tickets = sorted({TicketId(int(one.partition(":")[0])) for one in subjects})
        facts = facts_of_tickets(conn, self._revisions, tickets, now=at)
        talks = {one.talk.id: one for one in facts.values() if one.talk.conversation.channel in SILENT}
        for talk, lines in unread.unread(conn, list(talks)).items():
            about = next(one for one in talks.values() if one.talk.id == talk)
            where = other_channels(conn, about, {Channel.EMAIL}).get(Channel.EMAIL)
            known = unread.carried(conn, [one.ticket for one in lines])
            fresh = [one for one in lines if one.line not in known]
            if where is not None and fresh:
                unread.begin_talk(conn, where, about.talk.contact, fresh[-1].ticket, at=at)
                write_outbox(conn, [unread.carry(fresh, about.talk.id, where, at)])

    def go_along(self, conn: Connection, facts: Facts, decision: Decision, *, at: Instant) -> None:
        """Answer where the client speaks now, if it was by mail and the chat that they had both."""
        ticket, here = decision.ticket, facts.talk
        if ticket is None or facts.ticket is None or ticket.id != facts.ticket.id or ticket.conversation == here.id:
            return
        there = conversation_from_key(unread.key_of_talk(conn, ticket.conversation))
        pair = {here.conversation.channel, there.channel}
        has_followed = any("#" not in one.address for one in (here.conversation, there) if one.channel is Channel.EMAIL)
        if pair == {Channel.EMAIL, Channel.INAPP} and has_followed and ticket.contact == here.contact:
            go_on_in(conn, ticket, here.conversation, at=at)

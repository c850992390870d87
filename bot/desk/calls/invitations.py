"""Where calendars were told of a call last: they are told of each change at the same place, whoever has moved on.

A client who goes on in another channel reads what becomes of a call there, and at the address that they were invited at
as well, so their calendar has one entry and the right one. Whoever left the desk is told at the address they had.
"""

from dataclasses import replace

from adapters.message import Invite
from bot.desk.calls.rooms import rules_of
from bot.desk.directory import Directory
from bot.store.calls import call_offers
from bot.store.calls.invited_before import Before, client_invited_before, invited_before
from bot.store.calls.reaching import reached, talk_at
from bot.store.delivery.told import invite_row
from bot.store.driver.connection import Connection
from bot.store.people.asking import on_the_way
from bot.store.unit import write, write_outbox
from bot.tickets.calls.call import Call, CallRules
from bot.tickets.calls.invite import mailbox
from bot.tickets.calls.telling import Told, called_off, said_elsewhere, said_of
from bot.tickets.facts import Decision, Facts, Say
from bot.tickets.ticket import Ticket, number


class Invitations:
    """Looks them up and says what is to be said there; holds nothing, so there may be several."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def of_client(self, conn: Connection, call: Call) -> Before | None:
        """Where the client was invited last; None for nowhere, or where that took it off."""
        return client_invited_before(conn, call, on_the_way(conn, call.ticket))

    def called_off(self, conn: Connection, facts: Facts, call: Call) -> Invite | None:
        """What the calendar of a client reads of a call that is off, where they read of it themselves.

        None where it never heard of the call, or was told elsewhere.
        """
        there, invited_at = reached(conn, facts, self._directory.served), self.of_client(conn, call)
        if there is None or invited_at is None or not is_at(there, invited_at):
            return None
        return called_off(there, call, rules_of(facts, call))

    def tell_elsewhere(
        self, conn: Connection, facts: Facts, ticket: Ticket, call: Call, told: Told, rules: CallRules, before: Before
    ) -> Ticket:
        """The client reads of a change where they were invited, which is not where they talk to us now."""
        there = replace(facts, talk=talk_at(conn, before.where, call.contact, now=facts.now))
        return self.say_at(conn, there, ticket, (said_elsewhere(there, call, told, rules, number(ticket.id)),))

    def tell_group(
        self, conn: Connection, facts: Facts, ticket: Ticket, call: Call, told: Told, rules: CallRules
    ) -> None:
        """A call that was booked in a client's group is changed from elsewhere: those who write there read so too."""
        owner = call_offers.owner_of(conn, call.talk) if call.talk == ticket.conversation != facts.talk.id else None
        client = facts.revision.client(call.client)
        if owner is None or client is None or owner.where.place not in client.channels.get(owner.where.channel, ()):
            return
        there = replace(facts, talk=talk_at(conn, owner.where, call.contact, now=facts.now))
        said = said_of(there, call, replace(told, is_invite=False), rules, number(ticket.id))
        self.say_at(conn, there, ticket, (said,))

    def say_at(self, conn: Connection, there: Facts, ticket: Ticket, said: tuple[Say, ...]) -> Ticket:
        """Say something about a ticket in another conversation than its own; gives the ticket as it is then."""
        after = replace(ticket, version=ticket.version + 1)
        pair = (replace(there, ticket=ticket), Decision(ticket=after, effects=said))
        write(conn, [pair], recorded_at=there.now, whereto=self._directory.whereto)
        return after

    def tell_former(self, conn: Connection, facts: Facts, call: Call) -> None:
        """Whoever had a call that is off has left the desk: their calendar is told where it was told before."""
        before = invited_before(conn, call, on_the_way(conn, call.ticket))
        if before is None or before.invite.method == "CANCEL" or call.state.is_live:
            return
        off = replace(before.invite, method="CANCEL", sequence=call.sequence, description="", is_accepted=False)
        row = invite_row(off, off.summary, before.where, facts.number, call.person, facts.now)
        write_outbox(conn, [row])


def is_at(there: Facts | None, invited_at: Before) -> bool:
    """Whether a client is told of a call at the address that they were invited at last."""
    return there is not None and mailbox(there.talk.conversation) == invited_at.invite.attendee[1]

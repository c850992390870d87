"""A ticket whose contact cannot be reached where they wrote goes on where they are known as well, if somebody says so.

The contact's words in the first place still belong to it; what is said to them goes to the other one from then on.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

from adapters.message import Channel
from adapters.port import Answer
from adapters.text import is_blank
from bot.desk.directory import Directory
from bot.store.driver.connection import Connection
from bot.store.facts import facts_of_tickets
from bot.store.people.elsewhere import go_on_in, last_failed, other_channels
from bot.store.revisions import Revisions
from bot.store.unit import write
from bot.tickets.command import GoElsewhere, Reply
from bot.tickets.decide_staff import refusal_of, staff_does
from bot.tickets.facts import Event
from bot.tickets.outcome import person_texts
from bot.tickets.ticket import TicketId
from routing.people import PersonId
from sla.duration import Instant


class Elsewhere:
    """Runs inside the transaction that writes what it does; the caller holds the ticket."""

    def __init__(self, revisions: Revisions, directory: Directory, served: Collection[Channel]) -> None:
        """`served` are the channels that the desk has, whether or not they are up."""
        self._revisions = revisions
        self._directory = directory
        self._served = served

    def offered(self, conn: Connection, ticket: TicketId, *, now: Instant) -> tuple[Sequence[Channel], str]:
        """The channels a ticket may go on in, and the words that did not arrive where it is."""
        facts = facts_of_tickets(conn, self._revisions, [ticket], now=now).get(ticket)
        if facts is None:
            return (), ""
        return list(other_channels(conn, facts, self._served)), last_failed(conn, ticket)

    def perform(self, conn: Connection, by: PersonId, ticket: TicketId, go: GoElsewhere, *, now: Instant) -> Answer:
        """Go there and say it; the ticket is one that exists."""
        facts = facts_of_tickets(conn, self._revisions, [ticket], now=now)[ticket]
        speak = person_texts(self._revisions.current, by)
        there = {str(channel): where for channel, where in other_channels(conn, facts, self._served).items()}
        refusal = refusal_of(facts, by, go) or ("" if go.channel in there else speak("refused_no_channel"))
        refusal = refusal or (speak("refused_empty") if is_blank(go.text) else "")
        if refusal or facts.ticket is None:
            return Answer(refusal, is_refused=True)
        go_on_in(conn, facts.ticket, there[go.channel], at=now)
        facts = facts_of_tickets(conn, self._revisions, [ticket], now=now)[ticket]
        decision = staff_does(facts, by, Reply(go.text))
        event = Event("other_channel", now, by, "", {"channel": go.channel})
        decision = replace(decision, events=(event, *decision.events))
        write(conn, [(facts, decision)], recorded_at=now, whereto=self._directory.whereto)
        return Answer(speak("done"))

"""Who is who, said by a lead: two contacts are one person, or two people after all; and a code for another channel.

One contact, several identities, and the same history everywhere. Two clients are never made one by it: what one of them
said would be told to the other. Undone, everybody has again what they said. All of it is written down.
"""

from collections.abc import Collection
from datetime import timedelta

from adapters.message import Channel
from adapters.port import Answer
from bot.desk.directory import Directory
from bot.desk.people.inviting import LINK_FOR, own_place, purpose_of, subject_of_contact
from bot.desk.people.proving import Proving
from bot.store import audit
from bot.store.driver.connection import Connection
from bot.store.facts import facts_of_tickets
from bot.store.people import joining
from bot.store.people.invitations import Invitation, invitation_row
from bot.store.people.joining import Person
from bot.store.revisions import Revisions
from bot.store.unit import write, write_outbox
from bot.tickets.command import AboutContact, LinkChannel, SamePerson
from bot.tickets.decide_staff import LEADING, refusal_of
from bot.tickets.facts import Event, Facts
from bot.tickets.outcome import client_of, concluded, person_texts
from bot.tickets.ticket import ContactId, TicketId, number
from bot.tickets.words.link_words import LINKED
from routing.people import ClientId, PersonId
from sla.duration import Instant


class Contacts:
    """Runs inside the transaction of whoever writes; the caller holds the tickets it is about."""

    def __init__(
        self,
        revisions: Revisions,
        directory: Directory,
        served: Collection[Channel] = LINKED,
        *,
        link_for: timedelta = LINK_FOR,
    ) -> None:
        """`served` are the channels that the desk has; `link_for`: so long a code is good."""
        self._revisions = revisions
        self._directory = directory
        self._served = served
        self._link_for = link_for
        self._proving = Proving(revisions, directory.whereto)

    def perform(self, conn: Connection, by: PersonId, facts: Facts, command: AboutContact, *, now: Instant) -> Answer:
        """Do it, or say why not; `facts` are those of the ticket whose contact it is about."""
        ticket, speak = facts.ticket, person_texts(self._revisions.current, by)
        if ticket is None:
            raise ValueError("it is about a ticket's contact")
        if isinstance(command, LinkChannel):
            return self._link(conn, by, facts, command, now)
        if not isinstance(command, SamePerson):
            return self._parted(conn, by, ticket.id, ticket.contact, now)
        other = facts_of_tickets(conn, self._revisions, [command.other], now=now).get(command.other)
        if other is None or other.ticket is None:
            return Answer(speak("refused_no_ticket", number=number(command.other)), is_refused=True)
        return self.join(conn, by, kept=other.ticket.contact, gone=ticket.contact, now=now)

    def join(self, conn: Connection, by: PersonId, *, kept: ContactId, gone: ContactId, now: Instant) -> Answer:
        """Two contacts are one. Whoever is proven to be a client's stays, whichever of them was named first."""
        if refusal := self._refusal(by):
            return refusal
        speak = person_texts(self._revisions.current, by)
        found = joining.persons(conn, [kept, gone], is_locked=True)
        if kept == gone or len(found) < 2:  # noqa: PLR2004 - one and the other
            return Answer(speak("refused_one_already"), is_refused=True)
        one, other = found[kept], found[gone]
        if one.client is None and other.client is not None:
            one, other = other, one
        # What they had in places that a client shares is that client's, whoever they are.
        ours = {one.client} if one.client is not None else joining.served_as(conn, one.id)
        theirs = {other.client} if other.client is not None else set()
        if len({*ours, *theirs, *joining.served_as(conn, other.id)}) > 1:
            names = [self._named(one), self._named(other)]
            return Answer(speak("refused_two_clients", one=names[0], other=names[1]), is_refused=True)
        tickets = joining.tickets_of(conn, other.id)
        if not joining.join(conn, kept=one.id, gone=other.id, by=by, at=now):
            return Answer(speak("refused_one_already"), is_refused=True)
        self._record(conn, "joined", by, one, other, now)
        self._proving.tell(conn, tickets, Event("same_person", now, by, "", {"name": other.name}), now)
        if one.client is not None:
            self._proving.prove(conn, one.id, ClientId(one.client), by, now)
        return Answer(speak("done_joined", one=one.name, other=other.name))

    def part(self, conn: Connection, by: PersonId, gone: ContactId, *, now: Instant) -> Answer:
        """A contact that was taken for another is somebody of their own again, with what was said through them."""
        if refusal := self._refusal(by):
            return refusal
        speak = person_texts(self._revisions.current, by)
        known = {one.gone: one for one in joining.joined(conn)}
        if gone not in known:
            return Answer(speak("refused_not_joined"), is_refused=True)
        kept = known[gone].kept
        found = joining.persons(conn, [kept, gone], is_locked=True)
        parted = joining.part(conn, gone)
        if parted is None:
            return Answer(speak("refused_not_joined"), is_refused=True)
        joining.look_at_calls(conn, at=now)
        one, other = found[kept], found[gone]
        self._record(conn, "parted", by, one, other, now)
        self._proving.tell(conn, parted.tickets, Event("two_people", now, by, "", {"name": one.name}), now)
        self._proving.tell(conn, parted.strayed, Event("two_people", now, by, "", {"name": other.name}), now)
        if other.client is None:
            self._proving.disprove(conn, parted.tickets, by, now)
        return Answer(speak("done_parted", one=one.name, other=other.name))

    def _parted(self, conn: Connection, by: PersonId, ticket: TicketId, contact: ContactId, now: Instant) -> Answer:
        """Whom a ticket is of was perhaps joined to the contact that has it now, or others were to them."""
        origin = joining.origin_of(conn, ticket)
        joined_here = [one.gone for one in joining.joined(conn) if one.kept == contact]
        if origin is None and len(joined_here) != 1:
            key = "refused_not_joined" if not joined_here else "refused_which_of_them"
            return Answer(person_texts(self._revisions.current, by)(key), is_refused=True)
        return self.part(conn, by, origin if origin is not None else joined_here[0], now=now)

    def _link(self, conn: Connection, by: PersonId, facts: Facts, link: LinkChannel, now: Instant) -> Answer:
        speak, ticket = person_texts(self._revisions.current, by), facts.ticket
        refusal = refusal_of(facts, by, link)
        if refusal or ticket is None:
            return Answer(refusal, is_refused=True)
        client = client_of(self._revisions.current, ticket)
        where = own_place(conn, ticket.contact, facts.talk.conversation) if client is not None else None
        if link.channel not in {str(one) for one in LINKED if one in self._served}:
            return Answer(speak("refused_no_channel"), is_refused=True)
        if client is None or where is None:
            return Answer(speak("refused_no_own_place"), is_refused=True)
        purpose, subject = purpose_of(link.channel), subject_of_contact(client.id, ticket.contact)
        asked = Invitation(purpose, subject, client.name, facts.speaker.language, link.channel)
        row = invitation_row(f"{ticket.id}:{ticket.version}:{link.channel}", asked, where, self._link_for, now)
        write_outbox(conn, [row])
        audit.append(conn, [audit.Deed(now, by, "made a link", f"{purpose}:{subject}", {"ticket": ticket.id})])
        decision = concluded(
            facts, ticket, facts.clocks, events=(Event("invited", now, by, "", {"channel": link.channel}),)
        )
        write(conn, [(facts, decision)], recorded_at=now, whereto=self._directory.whereto)
        return Answer(speak("done_invited", contact=facts.speaker.name, channel=speak(f"channel_{where.channel}")))

    def _refusal(self, by: PersonId) -> Answer | None:
        if self._revisions.current.people[by].roles & LEADING:
            return None
        speak = person_texts(self._revisions.current, by)
        return Answer(speak("refused_role", roles=", ".join(sorted(role.value for role in LEADING))), is_refused=True)

    def _record(self, conn: Connection, what: str, by: PersonId, one: Person, other: Person, now: Instant) -> None:
        audit.append(conn, [audit.Deed(now, by, what, f"contact:{other.id}", {"kept": one.id, "client": one.client})])

    def _named(self, person: Person) -> str:
        client = self._revisions.current.client(ClientId(person.client)) if person.client is not None else None
        return f"{person.name} ({client.name})" if client is not None else person.name

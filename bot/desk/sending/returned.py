"""What came back after a channel had taken it, and was no reply: nobody would miss it, so somebody is told.

    a card or a ping of one of ours    goes on to their next channel, the board at last; the admins hear of the address
    a word to one of ours              the admins hear of the address
    unread replies that followed       whoever wrote the last of them is told, as of any reply that did not arrive
    what its reader called unwanted    it arrived, and nothing is owed: whoever has the ticket is told, or the admins

Each once, however often it is reported. That the same address returns more the same day is told no more.
"""

from datetime import timedelta

import structlog

from adapters.message import Channel, DeliveryNotice, Identity, conversation_from_key
from bot.desk.directory import Directory
from bot.desk.sending.failures import REROUTED
from bot.store.delivery import failing, names_there
from bot.store.delivery.outbox import Outgoing
from bot.store.delivery.told import CARRIED, outbox_row
from bot.store.driver.connection import Connection
from bot.store.facts import facts_of_tickets
from bot.store.revisions import Revisions
from bot.store.unit import write, write_outbox, write_ping
from bot.tickets.decide_due import delivery_failed
from bot.tickets.facts import Ping
from bot.tickets.outcome import person_texts
from bot.tickets.ticket import TicketId, number
from routing.people import PersonId, Role
from sla.duration import Instant, millis

log = structlog.get_logger()

DAY = millis(timedelta(days=1))


class Returns:
    """Hears of them; runs inside the committer's transaction."""

    def __init__(self, revisions: Revisions, directory: Directory) -> None:
        self._revisions = revisions
        self._directory = directory

    def hear(self, conn: Connection, notice: DeliveryNotice, *, now: Instant) -> None:
        """Word of something that is no line of a transcript; of a line `lines.mark` knows more."""
        row = names_there.taken(conn, notice.conversation.key, notice.external_id)
        if row is None or row.message_id is not None or row.person is None:
            return
        where = notice.conversation
        address = Identity(where.channel, where.place).key if where.channel is Channel.EMAIL else where.key
        if notice.state != "failed":
            failing.clear(conn, [address])
            return
        if notice.is_address:
            failing.flag(conn, address, notice.reason, at=now)
        if row.what == CARRIED:
            self._tell_author(conn, row, notice.reason, now)
            return
        log.warning("what one of us was sent came back", outbox=row.id, channel=row.channel, reason=notice.reason)
        if row.what in REROUTED:
            self._send_on(conn, row, now)
        self._tell(conn, row, notice, now)

    def unwanted(self, conn: Connection, notice: DeliveryNotice, *, now: Instant) -> None:
        """Somebody told their provider that a mail of ours is spam: the next ones may never be seen."""
        row = names_there.taken(conn, notice.conversation.key, notice.external_id)
        if row is None:
            return
        log.warning("a mail of ours was called unwanted", outbox=row.id, channel=row.channel)
        ticket = TicketId(row.ticket_id or 0)
        facts = facts_of_tickets(conn, self._revisions, [ticket], now=now).get(ticket)
        assignee = facts.ticket.assignee if facts is not None and facts.ticket is not None else None
        revision = self._revisions.current
        address = notice.to.address if notice.to is not None else notice.conversation.place
        told = self._directory.admins() if assignee is None or assignee not in revision.people else [assignee]
        for one in told:
            about = {"number": number(ticket)} if facts is not None else {}
            text = "ping_mail_unwanted" if about else "ping_other_mail_unwanted"
            title = person_texts(revision, one)(text, address=address, **about)
            ping = Ping(one, f"unwanted:{notice.external_id}:{one}", title)
            write_ping(conn, ping, at=now, whereto=self._directory.whereto)

    def _tell_author(self, conn: Connection, row: Outgoing, reason: str, now: Instant) -> None:
        ticket = TicketId(row.ticket_id or 0)
        found = facts_of_tickets(conn, self._revisions, [ticket], now=now, is_whole=True, is_locked=True)
        for facts in found.values():
            decision = delivery_failed(facts, PersonId(row.person or ""), row.key, reason, is_certain=True)
            if decision.ticket is not None:
                write(conn, [(facts, decision)], recorded_at=now, whereto=self._directory.whereto)

    def _send_on(self, conn: Connection, row: Outgoing, now: Instant) -> None:
        """The same once more on the person's next way, under a name of its own."""
        routes = self._directory.routes(PersonId(row.person or ""))
        lanes = [route.key for route in routes]
        place = lanes.index(row.lane) + 1 if row.lane in lanes else 0
        if place >= len(routes):
            return
        key = f"{row.key}:returned"
        again = outbox_row(
            key, row.what, routes[place], row.ticket_id, row.person, now, slot=row.slot, payload=row.payload
        )
        write_outbox(conn, [{**again, "guard": row.guard, "priority": row.priority}])

    def _tell(self, conn: Connection, row: Outgoing, notice: DeliveryNotice, now: Instant) -> None:
        person, address = PersonId(row.person or ""), conversation_from_key(row.lane).place
        revision = self._revisions.current
        known = revision.person(person)
        for one in self._told_of(person):
            speak = person_texts(revision, one)
            values = {"name": known.name if known is not None else person, "address": address}
            title = speak("ping_mail_returned", **values, reason=notice.reason)
            ping = Ping(one, f"returned:{address}:{now // DAY}:{one}", title, is_alert=True)
            write_ping(conn, ping, at=now, whereto=self._directory.whereto)

    def _told_of(self, person: PersonId) -> list[PersonId]:
        """The admins, but for whoever gets nothing there; else the leads; else they themselves, on their next way."""
        people = self._revisions.current.people.values()
        leads = sorted(one.id for one in people if Role.LEAD in one.roles)
        for some in (self._directory.admins(), leads):
            if others := [one for one in some if one != person]:
                return others
        return [person]

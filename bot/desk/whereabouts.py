"""What becomes of the places where we speak, and what a channel may have lost: heard like a message, about none.

moved      ──> everything goes along in one transaction; admins are told which line of the desk directory to change
blocked,
left       ──> whoever has a ticket there is told at once; what waits to be said there has failed
joined     ──> admins are told how to give the place to a client, unless it is somebody's already
joined,
unblocked  ──> whoever heard that nothing arrives there hears that it does again, and what did not
shared     ──> it is nobody's until an admin confirms it; admins and the client's manager are told
given away ──> the same, as the desk directory has it: another client reads there
a gap      ──> admins are told how much may be missing, and it is written down; clients too where the desk says so
"""

import json
import re
from collections.abc import Collection, Sequence
from typing import Final, Literal

from adapters.message import Channel, Conversation, InboundGap, InboundPlace
from adapters.text import one_line
from bot.desk.directory import Directory, shared_places
from bot.store import audit
from bot.store.channels import given_places, moved_places, places_lost, suspended
from bot.store.delivery import outbox
from bot.store.delivery.outbox import Put
from bot.store.driver.connection import Connection
from bot.store.facts import facts_of_tickets, lock_conversations
from bot.store.people.elsewhere import other_channels
from bot.store.revisions import Revisions
from bot.store.unit import write, write_ping
from bot.tickets.decide_due import delivery_failed
from bot.tickets.decide_place import after_gap, place_back, place_lost
from bot.tickets.facts import Decision, Facts, Ping
from bot.tickets.outcome import person_texts
from bot.tickets.revision import Revision
from bot.tickets.texts import Texts
from bot.tickets.ticket import TicketId
from routing.people import PersonId
from sla.duration import Instant, instant, moment

TITLE_LENGTH: Final = 80
#: An address that the desk directory takes without quotes.
_NUMBER: Final = re.compile(r"-?\d+")
HOUR_MS: Final = 3_600_000


class Whereabouts:
    """Decides them; runs inside the committer's transaction."""

    def __init__(self, revisions: Revisions, directory: Directory, served: Collection[Channel]) -> None:
        """`served` are the channels that the desk has, whether or not they are up."""
        self._revisions = revisions
        self._directory = directory
        self._served = served

    def hear(self, conn: Connection, one: InboundPlace | InboundGap, *, now: Instant) -> None:
        """Decide one of them."""
        if isinstance(one, InboundGap):
            self._gap(conn, one, now)
        elif one.change == "moved" and one.to is not None:
            self.move(conn, one.conversation, one.to, now=now)
        elif one.change in {"joined", "unblocked"}:
            self._back(conn, one, now)
            if one.change == "joined":
                self._joined(conn, one, now)
        elif one.change in {"left", "blocked"}:
            self._lost(conn, one, now)
        elif one.change == "shared":
            self._shared(conn, one, now)

    def move(self, conn: Connection, old: Conversation, new: Conversation, *, now: Instant) -> None:
        """Let a place go to its new address. Heard twice, by a message and by a refusal, it is done once."""
        lock_conversations(conn, moved_places.concerned(conn, old, new))
        named = _keys_of(self._revisions.current, old)
        if not moved_places.move(conn, old, new, at=now):
            return
        self._revisions.refresh(conn)
        particulars: dict[str, str | int | None] = {"from": old.place, "to": new.place}
        audit.append(conn, [audit.Deed(now, str(old.channel), "moved", old.key, particulars)])
        for person in self._directory.admins() if named else ():
            speak = person_texts(self._revisions.current, person)
            title = speak("ping_place_moved", channel=speak(f"channel_{old.channel}"), old=old.place, new=new.place)
            lines = tuple(speak("place_key", line=key) for key in named)
            ping = Ping(person, f"moved:{old.key}:{new.place}:{person}", title, lines, is_alert=True)
            write_ping(conn, ping, at=now, whereto=self._directory.whereto)

    def given(self, conn: Connection, places: Sequence[str], *, now: Instant) -> None:
        """The desk directory gives these places, `slack:T1/C1`, to other clients than before."""
        if places:
            self._revisions.refresh(conn)
        for place in places:
            channel, _, address = place.partition(":")
            told = given_places.open_there(conn, channel, address)
            found = facts_of_tickets(conn, self._revisions, list(told), now=now, is_whole=True, is_locked=True)
            for number, facts in found.items():
                if facts.is_given_away and not told[number].startswith("place_lost"):
                    elsewhere = list(other_channels(conn, facts, self._served))
                    self._write(conn, facts, place_lost(facts, "given_away", at=now, elsewhere=elsewhere), now)
                elif told[number] == "place_lost given_away" and not facts.is_given_away:
                    self._write(conn, facts, place_back(facts, "given_back", at=now), now)

    def _joined(self, conn: Connection, one: InboundPlace, now: Instant) -> None:
        where = one.conversation
        if _keys_of(self._revisions.current, where):
            return
        # Whoever takes the bot into one group after another tells our people of each of them once a day.
        day = moment(now).date().isoformat()
        for person in self._directory.admins():
            speak = person_texts(self._revisions.current, person)
            name = one_line(one.title, TITLE_LENGTH) or where.place
            title = speak("ping_place_joined", channel=speak(f"channel_{where.channel}"), title=name)
            address = where.place if _NUMBER.fullmatch(where.place) else json.dumps(where.place)
            line = speak("place_line", line=f"channels = {{ {where.channel} = [{address}] }}")
            ping = Ping(person, f"joined:{where.key}:{day}:{person}", title, (line,))
            write_ping(conn, ping, at=now, whereto=self._directory.whereto)

    def _shared(self, conn: Connection, one: InboundPlace, now: Instant) -> None:
        """Nobody who writes there is believed to be the client any more, and our people are told where to look."""
        where, revision = one.conversation, self._revisions.current
        clients = suspended.owners(revision, where.channel, where.place)
        if not clients and not suspended.is_our_own(revision, where.channel, where.place):
            return
        suspended.suspend(conn, where, at=now)
        self._revisions.refresh(conn)
        place = f"{where.channel}:{where.place}"
        audit.append(conn, [audit.Deed(now, str(where.channel), "suspended", f"place:{place}", {"why": one.change})])
        admins = self._directory.admins()
        named = [revision.person(revision.clients[client].manager) for client in clients]
        managers = [manager.id for manager in named if manager is not None]
        for person in dict.fromkeys((*admins, *managers)):
            speak = person_texts(revision, person)
            channel = speak(f"channel_{where.channel}")
            names = ", ".join(revision.clients[client].name for client in clients)
            key = "ping_place_shared" if clients else "ping_own_place_shared"
            title = speak(key, client=names, channel=channel, place=where.place)
            mend = speak("place_confirm", line=f"maitred place confirm {where.channel} {where.place}")
            lines = (mend,) if person in admins else ()
            ping = Ping(person, f"shared:{place}:{instant(one.at)}:{person}", title, lines, is_alert=True)
            write_ping(conn, ping, at=now, whereto=self._directory.whereto)

    def _lost(self, conn: Connection, one: InboundPlace, now: Instant) -> None:
        where, change = one.conversation, "left" if one.change == "left" else "blocked"
        reason = f"reason_{change}"
        known = places_lost.known(conn, where)  # a channel may say one thing twice: that it ended, and that we are out
        told = self._fail_waiting(conn, where, reason, now) | known
        tickets = places_lost.open_tickets(conn, where)
        found = facts_of_tickets(conn, self._revisions, tickets, now=now, is_whole=True, is_locked=True)
        for number, facts in found.items():
            if number in told:
                continue
            elsewhere = list(other_channels(conn, facts, self._served))
            at = min(instant(one.at), now)
            decision = place_lost(facts, "left" if change == "left" else "blocked", at=at, elsewhere=elsewhere)
            self._write(conn, facts, decision, now)
        if not tickets and change == "left":
            self._tell_of_nobodys(conn, where, min(instant(one.at), now), now)

    def _back(self, conn: Connection, one: InboundPlace, now: Instant) -> None:
        missed = places_lost.missed(conn, one.conversation)
        found = facts_of_tickets(conn, self._revisions, list(missed), now=now, is_whole=True, is_locked=True)
        change: Literal["joined", "unblocked"] = "joined" if one.change == "joined" else "unblocked"
        for number, facts in found.items():
            back = place_back(facts, change, at=min(instant(one.at), now), failed=missed[number])
            self._write(conn, facts, back, now)

    def _fail_waiting(self, conn: Connection, where: Conversation, reason: str, now: Instant) -> set[TicketId]:
        """What waits to be said there will never arrive; whose replies those were is told. Gives their tickets."""
        told: set[TicketId] = set()
        revision = self._revisions.current
        ours = Texts(revision.language, revision.zone, revision.texts)
        rows = places_lost.waiting(conn, where)
        outbox.bury(conn, [Put(row.id, ours(reason)) for row in rows])
        for row in rows:
            if row.what != "reply" or row.ticket_id is None:
                continue
            ticket, by = TicketId(row.ticket_id), PersonId(row.person or "")
            facts = facts_of_tickets(conn, self._revisions, [ticket], now=now, is_whole=True, is_locked=True)[ticket]
            elsewhere = list(other_channels(conn, facts, self._served))
            why = person_texts(revision, by)(reason) if by in revision.people else ours(reason)
            said_at = row.created_at
            failed = delivery_failed(
                facts, by or None, row.key, why, is_certain=True, said_at=said_at, elsewhere=elsewhere
            )
            self._write(conn, facts, failed, now)
            told.add(ticket)
        return told

    def _tell_of_nobodys(self, conn: Connection, where: Conversation, at: Instant, now: Instant) -> None:
        """A client's place in which nothing is open: their manager hears, or the admins. Ours: each admin alone."""
        revision, key = self._revisions.current, f"lost:{where.key}:{at // HOUR_MS}"
        for person in self._directory.admins() if where.place in shared_places(revision, where.channel) else ():
            speak = person_texts(revision, person)
            title = speak("ping_own_place_left", channel=speak(f"channel_{where.channel}"), place=where.place)
            write_ping(conn, Ping(person, f"{key}:{person}", title), at=now, whereto=self._directory.whereto)
        owners = [one for one in revision.clients.values() if where.place in one.channels.get(where.channel, ())]
        for client in owners:
            manager = revision.person(client.manager)
            for person in [manager.id] if manager is not None else self._directory.admins():
                speak = person_texts(revision, person)
                channel = speak(f"channel_{where.channel}")
                title = speak("ping_place_left", client=client.name, channel=channel)
                ping = Ping(person, f"{key}:{person}", title, is_alert=True)
                write_ping(conn, ping, at=now, whereto=self._directory.whereto)

    def _gap(self, conn: Connection, gap: InboundGap, now: Instant) -> None:
        since, until = instant(gap.since), instant(gap.until)
        name = f"{gap.channel}:{gap.account}:{since}"
        particulars: dict[str, str | int | None] = {
            "at_most": gap.at_most,
            "since": gap.since.isoformat(),
            "until": gap.until.isoformat(),
        }
        audit.append(conn, [audit.Deed(now, str(gap.channel), "gap", f"{gap.channel}:{gap.account}", particulars)])
        if not gap.at_most:
            self._held_back(conn, gap, now)
            return
        for person in self._directory.admins():
            speak = person_texts(self._revisions.current, person)
            title = speak(
                "ping_gap",
                channel=speak(f"channel_{gap.channel}"),
                count=gap.at_most,
                since=speak.moment(since, now=now),
                until=speak.moment(until, now=now),
            )
            ping = Ping(person, f"gap:{name}:{person}", title, is_alert=True)
            write_ping(conn, ping, at=now, whereto=self._directory.whereto)
        if self._revisions.current.tells_after_gap:
            tickets = places_lost.talked_about(conn, gap.channel)
            found = facts_of_tickets(conn, self._revisions, tickets, now=now, is_whole=True, is_locked=True)
            pairs = [(facts, after_gap(facts, since, until)) for facts in found.values()]
            write(conn, pairs, recorded_at=now, whereto=self._directory.whereto)

    def _held_back(self, conn: Connection, gap: InboundGap, now: Instant) -> None:
        """Told once an hour, however often the channel says so."""
        hour = instant(gap.since) // HOUR_MS
        for person in self._directory.admins():
            speak = person_texts(self._revisions.current, person)
            title = speak("ping_held_back", channel=speak(f"channel_{gap.channel}"))
            ping = Ping(person, f"held_back:{gap.channel}:{gap.account}:{hour}:{person}", title, is_alert=True)
            write_ping(conn, ping, at=now, whereto=self._directory.whereto)

    def _write(self, conn: Connection, facts: Facts, decision: Decision, now: Instant) -> None:
        if decision.ticket is not None:
            write(conn, [(facts, decision)], recorded_at=now, whereto=self._directory.whereto)


def _keys_of(revision: Revision, where: Conversation) -> Sequence[str]:
    """Which keys of the desk directory name a place."""
    channel = where.channel
    keys = [
        f"clients.{client.id}.channels.{channel}"
        for client in revision.clients.values()
        if where.place in client.channels.get(channel, ())
    ]
    if where.place in shared_places(revision, channel):
        named = (("desk.alerts", revision.alerts), ("desk.cards", revision.cards))
        keys += [f"{key}.{channel}" for key, places in named if places.get(channel) == where.place]
    return keys

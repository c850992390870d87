"""Every failed send has an owner who is told, once.

A client's words that did not arrive are told to whoever wrote them. What one of our own people should have seen goes to
their next channel, and to the board at last, which cannot refuse.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import structlog

from adapters.message import Channel, Identity, Standing, conversation_from_key
from adapters.port import Adapter
from bot import metrics
from bot.desk.directory import Directory
from bot.desk.sending.copies import Copies
from bot.desk.sending.insistent import Insistent
from bot.now import Timekeeper
from bot.store.delivery import failing, outbox, signs
from bot.store.delivery.outbox import Outgoing, Put
from bot.store.delivery.sending import ping_from_row, told_together
from bot.store.delivery.told import CARRIED, COPY, PRIORITY, alone
from bot.store.driver.connection import Connection
from bot.store.facts import facts_of_tickets
from bot.store.people.elsewhere import other_channels
from bot.store.revisions import Revisions
from bot.store.unit import write, write_ping
from bot.tickets.decide_due import delivery_failed
from bot.tickets.facts import Ping
from bot.tickets.outcome import person_texts
from bot.tickets.ticket import TicketId, number
from routing.people import PersonId
from sla.duration import Instant, later, length

log = structlog.get_logger()

#: A reply that has not arrived for this long is told to its author, while we go on trying.
TOLD_AFTER: Final = timedelta(hours=1)


#: A letter that no server takes for so long is given up, as mail servers do it among themselves (RFC 5321 4.5.4.1).
GIVEN_UP_AFTER: Final = timedelta(days=5)
#: However old it is, the first refusals of a server may be its way to greet.
TRIED_AT_LEAST: Final = 5

#: An alert waits so long for its place to recover; then it goes the next way, and no more to that place.
PATIENCE: Final = timedelta(minutes=2)
#: A wait as short as a channel's own rest between two messages is no trouble of a place that was not tried yet.
REST: Final = timedelta(seconds=5)
#: What our own people must see somewhere. A sign, a page or words under a card mean nothing anywhere else.
REROUTED: Final = frozenset({"card", "ping"})


@dataclass(frozen=True, slots=True)
class _Failed:
    """`standing`: what is marked where the words were written; None leaves the mark as it is.

    `is_address`: nothing arrives there at all.
    """

    row: Outgoing
    reason: str
    standing: Standing | None
    is_address: bool = False

    @property
    def is_certain(self) -> bool:
        return self.standing == "failed"


class Failures:
    """Writes down what could not be sent and sees that somebody knows."""

    def __init__(
        self,
        committer: Insistent,
        revisions: Revisions,
        directory: Directory,
        time: Timekeeper,
        served: Mapping[Channel, Adapter],
        copies: Copies,
    ) -> None:
        """`served` are the channels that the desk has, whether or not they are up."""
        self._served = served
        self._copies = copies
        self._committer = committer
        self._revisions = revisions
        self._directory = directory
        self._time = time

    async def permanent(self, row: Outgoing, reason: str, *, is_address: bool = False) -> None:
        """It will never arrive there, and where it `is_address` nothing else will."""
        log.warning("delivery failed", outbox=row.id, channel=row.channel, reason=reason)
        await self._committer.commit(self._give_up, _Failed(row, reason, "failed", is_address))

    async def uncertain(self, row: Outgoing) -> None:
        """It may have arrived: a reply's author is told, a card or a ping is not worth it."""
        if row.what == "reply":
            await self._committer.commit(self._tell, _Failed(row, row.error, "uncertain"))

    async def temporary(self, row: Outgoing, reason: str, *, now: Instant) -> None:
        """It has not arrived yet; told once, an hour after it should have."""
        if row.what == "reply" and length(now - row.created_at) >= TOLD_AFTER:
            await self._committer.commit(self._tell, _Failed(row, reason, None))

    async def given_up(self, row: Outgoing, reason: str, *, now: Instant, is_repeat: bool) -> bool:
        """A letter that was refused for days leaves no more; whether it was given up. `is_repeat`: it may be there."""
        adapter = self._served.get(Channel(row.channel))
        if adapter is None or not adapter.limits.has_letters or row.attempts < TRIED_AT_LEAST:
            return False
        if length(now - row.created_at) < GIVEN_UP_AFTER:
            return False
        reason = f"given up after {GIVEN_UP_AFTER.days} days: {reason}"
        if is_repeat:
            await self._committer.commit(outbox.drop, Put(row.id, reason))
        else:
            metrics.DELIVERIES.labels(channel=row.channel, result="failed").inc()
            # Whoever has a copy reads along: that nothing arrives there is seen before the next reply, or not at all.
            await self.permanent(row, reason, is_address=row.what == COPY)
        return True

    async def elsewhere(self, row: Outgoing, reason: str, *, until: Instant, now: Instant) -> bool:
        """An alert that cannot be tried again in time leaves its place for the next way; whether it did.

        Nothing of it has arrived there, and the row itself goes: a place that recovers says nothing twice.
        """
        if not is_alert(row) or until <= later(row.created_at, PATIENCE):
            return False
        if row.attempts <= 1 and until <= later(now, REST):
            return False  # it is late because of something else, or of the way before
        return await self._committer.commit(self._send_elsewhere, _Failed(row, reason, None))

    def _send_elsewhere(self, conn: Connection, failed: Sequence[_Failed]) -> Sequence[bool]:
        return [self._rerouted(conn, one) for one in failed]

    def _rerouted(self, conn: Connection, failed: _Failed) -> bool:
        if failed.row.what not in REROUTED or (route := self._next_route(failed.row)) is None:
            return False
        outbox.reroute(conn, failed.row.id, channel=route[0], lane=route[1], reason=failed.reason)
        self._tell_alone(conn, failed)
        return True

    def _give_up(self, conn: Connection, failed: Sequence[_Failed]) -> Sequence[None]:
        for one in failed:
            if one.row.what == COPY:
                self._copies.given_up(conn, one.row, one.reason, is_address=one.is_address)
            elif one.is_address:
                where = conversation_from_key(one.row.lane)
                failing.flag(conn, Identity(where.channel, where.place).key, one.reason, at=self._time.now())
            if self._rerouted(conn, one):
                continue
            outbox.bury(conn, [Put(one.row.id, one.reason)])
        self._tell(conn, [one for one in failed if one.row.message_id is not None or one.row.what == CARRIED])
        self._tell_of_edits(conn, [one for one in failed if one.row.what == "edit"])
        return [None] * len(failed)

    def _tell(self, conn: Connection, failed: Sequence[_Failed]) -> Sequence[None]:
        now = self._time.now()
        for one in failed:
            if one.standing is not None:
                signs.mark(conn, [one.row], one.standing, at=now)
            ticket = TicketId(one.row.ticket_id or 0)
            by = PersonId(one.row.person) if one.row.person else None
            said_at = one.row.created_at if one.row.what == "reply" else None
            found = facts_of_tickets(conn, self._revisions, [ticket], now=now, is_whole=True, is_locked=True)
            for facts in found.values():
                elsewhere = list(other_channels(conn, facts, self._served)) if one.is_certain else []
                decision = delivery_failed(
                    facts,
                    by,
                    one.row.key,
                    one.reason,
                    is_certain=one.is_certain,
                    said_at=said_at,
                    elsewhere=elsewhere,
                )
                if decision.ticket is not None:
                    write(conn, [(facts, decision)], recorded_at=now, whereto=self._directory.whereto)
        return [None] * len(failed)

    def _tell_alone(self, conn: Connection, failed: _Failed) -> None:
        """A place that several share refused: whoever else would have been told there is told on their own ways.

        That it was such a place is kept in the row: the desk may name another one by now. A digest has no rows of the
        others yet.
        """
        row = failed.row
        others = [person for person in told_together(row) if person != row.person]
        if not others or row.lane in self._lanes(row):
            return
        keys = {alone(row.key, person): person for person in others}
        found = outbox.numbers(conn, list(keys))
        for key, person in keys.items():
            if key in found:
                where = self._directory.whereto(person)
                outbox.reroute(conn, found[key], channel=str(where.channel), lane=where.key, reason=failed.reason)
            else:
                ping = replace(ping_from_row(row), person=person, key=key)
                write_ping(conn, ping, at=self._time.now(), whereto=self._directory.whereto)

    def _tell_of_edits(self, conn: Connection, failed: Sequence[_Failed]) -> None:
        """The client still has the first wording, and its author has to know."""
        now = self._time.now()
        found = facts_of_tickets(conn, self._revisions, [TicketId(one.row.ticket_id or 0) for one in failed], now=now)
        for one in failed:
            facts, author = found.get(TicketId(one.row.ticket_id or 0)), PersonId(one.row.person or "")
            if facts is not None and author in facts.revision.people:
                names = {"number": number(facts.number), "contact": facts.speaker.name}
                title = person_texts(facts.revision, author)("ping_edit_failed", **names, reason=one.reason)
                ping = Ping(author, f"{one.row.key}:failed", title, is_alert=True)
                write_ping(conn, ping, at=now, whereto=self._directory.whereto)

    def _next_route(self, row: Outgoing) -> tuple[str, str] | None:
        """The person's next way after the one that failed; None when that was the last."""
        routes = self._directory.routes(PersonId(row.person or ""))
        lanes = self._lanes(row)
        place = lanes.index(row.lane) + 1 if row.lane in lanes else 0
        return (str(routes[place].channel), lanes[place]) if place < len(routes) else None

    def _lanes(self, row: Outgoing) -> list[str]:
        """The ways of the person a row is for."""
        return [route.key for route in self._directory.routes(PersonId(row.person or ""))]


def is_alert(row: Outgoing) -> bool:
    """Whether somebody of ours has to see it soon, wherever that is."""
    return row.what == "ping" and row.priority == PRIORITY["alert"]


def last_try(row: Outgoing, until: Instant, *, now: Instant) -> Instant:
    """When an alert is tried again that is to be tried at `until`: once more as its patience ends, before it leaves."""
    ends = later(row.created_at, PATIENCE)
    return min(until, ends) if is_alert(row) and now < ends else until

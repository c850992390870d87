"""Every failed send has an owner who is told, once.

A client's words that did not arrive are told to whoever wrote them. What one of our own people should have seen goes to
their next channel, and to the board at last, which cannot refuse.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from bot.desk.directory import DESK_ACCOUNT, Directory
from bot.desk.insistent import Insistent
from bot.now import Timekeeper
from bot.store import outbox
from bot.store.connection import Connection
from bot.store.facts import facts_of_tickets
from bot.store.outbox import Outgoing, Put
from bot.store.revisions import Revisions
from bot.store.unit import write
from bot.tickets.decide_due import delivery_failed
from bot.tickets.ticket import TicketId
from routing.people import PersonId
from sla.duration import Instant, length

log = structlog.get_logger()

#: A reply that has not arrived for this long is told to its author, while we go on trying.
TOLD_AFTER: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Failed:
    row: Outgoing
    reason: str
    is_certain: bool


class Failures:
    """Writes down what could not be sent and sees that somebody knows."""

    def __init__(self, committer: Insistent, revisions: Revisions, directory: Directory, time: Timekeeper) -> None:
        self._committer = committer
        self._revisions = revisions
        self._directory = directory
        self._time = time

    async def permanent(self, row: Outgoing, reason: str) -> None:
        """It will never arrive there."""
        log.warning("delivery failed", outbox=row.id, channel=row.channel, reason=reason)
        await self._committer.commit(self._give_up, _Failed(row, reason, is_certain=True))

    async def uncertain(self, row: Outgoing) -> None:
        """It may have arrived: a reply's author is told, a card or a ping is not worth it."""
        if row.what == "reply":
            await self._committer.commit(self._tell, _Failed(row, row.error, is_certain=False))

    async def temporary(self, row: Outgoing, reason: str, *, now: Instant) -> None:
        """It has not arrived yet; told once, an hour after it should have."""
        if row.what == "reply" and length(now - row.created_at) >= TOLD_AFTER:
            await self._committer.commit(self._tell, _Failed(row, reason, is_certain=False))

    def _give_up(self, conn: Connection, failed: Sequence[_Failed]) -> Sequence[None]:
        for one in failed:
            if conversation_is_desk(one.row) and (route := self._next_route(one.row)) is not None:
                outbox.reroute(conn, one.row.id, channel=route[0], lane=route[1], reason=one.reason)
                continue
            outbox.bury(conn, [Put(one.row.id, one.reason)])
        self._tell(conn, [one for one in failed if one.row.message_id is not None])
        return [None] * len(failed)

    def _tell(self, conn: Connection, failed: Sequence[_Failed]) -> Sequence[None]:
        now = self._time.now()
        for one in failed:
            ticket = TicketId(one.row.ticket_id or 0)
            by = PersonId(one.row.person) if one.row.person else None
            said_at = one.row.created_at if one.row.what == "reply" else None
            found = facts_of_tickets(conn, self._revisions, [ticket], now=now, is_whole=True, is_locked=True)
            for facts in found.values():
                decision = delivery_failed(
                    facts, by, one.row.key, one.reason, is_certain=one.is_certain, said_at=said_at
                )
                if decision.ticket is not None:
                    write(conn, [(facts, decision)], recorded_at=now, whereto=self._directory.whereto)
        return [None] * len(failed)

    def _next_route(self, row: Outgoing) -> tuple[str, str] | None:
        """The person's next way after the one that failed; None when that was the last."""
        routes = self._directory.routes(PersonId(row.person or ""))
        lanes = [route.key for route in routes]
        place = lanes.index(row.lane) + 1 if row.lane in lanes else 0
        return (str(routes[place].channel), lanes[place]) if place < len(routes) else None


def conversation_is_desk(row: Outgoing) -> bool:
    """Whether a row goes to one of our own people rather than to a client."""
    return row.message_id is None and row.lane.split(":", 2)[1] == DESK_ACCOUNT

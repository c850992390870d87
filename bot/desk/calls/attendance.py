"""What calendars answer to our invitations: a contact who does not come calls the call off; coming needs no answer.

The channel has proven who sent it. Whoever is not the one that the call is with changes nothing by it.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from adapters.message import Inbound, InboundAttendance
from bot.desk.calls.life import CallLife
from bot.desk.directory import Directory
from bot.store import journal
from bot.store.calls import calls
from bot.store.calls.call_offers import Asker, facts_of_asker
from bot.store.driver.connection import Connection
from bot.store.facts import facts_of_tickets
from bot.store.people.asking import going_on, speaker_of
from bot.store.revisions import Revisions
from bot.tickets.calls.call import Call
from sla.duration import Instant

NOT_OURS: Final = "an answer to an invitation that is not ours"


class CallAttendance:
    """Hears them, inside the transaction that decides their payloads."""

    def __init__(self, life: CallLife, revisions: Revisions, directory: Directory) -> None:
        self._life = life
        self._revisions = revisions
        self._directory = directory

    def take(
        self, conn: Connection, read: Mapping[int, Sequence[Inbound]], *, now: Instant
    ) -> dict[int, Sequence[Inbound]]:
        """Hear the answers among payloads; gives the others. What answers no invitation of theirs is parked."""
        rest: dict[int, Sequence[Inbound]] = {}
        for number, found in read.items():
            answers = [one for one in found if isinstance(one, InboundAttendance)]
            if all(self.hear(conn, one, now=now) for one in answers):
                rest[number] = [one for one in found if not isinstance(one, InboundAttendance)]
            else:
                journal.park(conn, number, NOT_OURS)
        return rest

    def hear(self, conn: Connection, one: InboundAttendance, *, now: Instant) -> bool:
        """Whether it answers an invitation that its sender got; who does not come, and knows the time, is believed."""
        call = calls.by_uid(conn, one.uid)
        if call is None:
            return False
        if self._directory.person_of(one.sender) == call.person:
            return True  # our own people accept and call off where they work, with a reason
        asker = self._asker(conn, one, call, now)
        if asker is None:
            return False
        facts = facts_of_asker(conn, self._revisions, asker, now=now, about=call.ticket)
        live = calls.by_uid(conn, one.uid)  # again, now that nobody else changes it
        is_no = one.answer == "declined" and one.sequence >= call.sequence
        if facts is not None and live is not None and live.is_ahead(now) and is_no:
            self._life.cancel(conn, facts, live, why="their calendar declined it")
        return True

    def _asker(self, conn: Connection, one: InboundAttendance, call: Call, now: Instant) -> Asker | None:
        speaker = speaker_of(conn, self._revisions.current, one.sender)
        if speaker is None or not speaker.is_verified or speaker.client != call.client:
            return None
        end = going_on(conn, [call.ticket])[call.ticket]
        facts = facts_of_tickets(conn, self._revisions, [end], now=now, is_locked=True).get(end)
        if facts is None or facts.ticket is None or speaker.contact != facts.ticket.contact:
            return None
        return Asker(facts.talk.id, speaker.contact, call.client)

"""What calendars answer to our invitations. The channel has proven who sent it; an answer to an older time is none.

    a contact does not come      the call is off; coming needs no answer
    a contact may not come       the call stands, and its person reads so
    a contact proposes a time    it is offered to be chosen where it can be had, else what can be had instead
    its person comes             a call that waits for them is accepted
    its person does not come     one that waits is declined; a booked one is off and others are offered, until its
                                 notice point: then it stands, and they and the leads read so
    its person proposes a time   the call stands, and they read so: the client is asked by moving it

Who says no to an older time, or proposes another instead of it, reads at which time the call is now. Nothing is said
of a call that is off or over, of a yes to an older time, since the newer invitation asks again, nor of a person who may
not come: they know it themselves. Whoever is neither the contact nor the person of the call changes nothing by it.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from adapters.message import Inbound, InboundAttendance
from bot.desk.calls.alarms import CallAlarms
from bot.desk.calls.life import CallLife
from bot.desk.calls.staff import CallStaff
from bot.desk.calls.wishes import CallWishes, Via
from bot.desk.directory import Directory
from bot.store.calls import calls
from bot.store.calls.call_offers import Asker, facts_of_asker
from bot.store.driver.connection import Connection
from bot.store.facts import facts_of_tickets
from bot.store.people.asking import going_on, speaker_of
from bot.store.revisions import Revisions
from bot.tickets.calls.call import Call, CallState
from bot.tickets.calls.decide import BY_DESK
from bot.tickets.calls.telling import Told, deeds
from bot.tickets.facts import Facts
from routing.people import PersonId
from sla.duration import Instant, instant, is_within_reach

#: What says that the time does not suit.
_AGAINST: Final = frozenset({"declined", "countered"})
NOT_OURS: Final = "an answer to an invitation that is not ours"
#: Why, in the history of the ticket.
_CALENDAR: Final = "their calendar declined it"
_MAYBE: Final = "their calendar says that they may not come"
_STANDS: Final = "the answer of their calendar changes nothing"


class CallAttendance:
    """Hears them, inside the transaction that decides their payloads."""

    def __init__(
        self,
        life: CallLife,
        wishes: CallWishes,
        staff: CallStaff,
        alarms: CallAlarms,
        revisions: Revisions,
        directory: Directory,
    ) -> None:
        self._life = life
        self._wishes = wishes
        self._staff = staff
        self._alarms = alarms
        self._revisions = revisions
        self._directory = directory

    def take(
        self, conn: Connection, read: Mapping[int, Sequence[Inbound]], *, now: Instant
    ) -> dict[int, Sequence[Inbound]]:
        """Hear the answers among payloads; gives the others, without what answers no invitation of theirs."""
        rest: dict[int, Sequence[Inbound]] = {}
        for number, found in read.items():
            answers = [one for one in found if isinstance(one, InboundAttendance)]
            said = [one for one in found if not isinstance(one, InboundAttendance)]
            # What was said beside an answer is heard, whatever it answers.
            if all(self.hear(conn, one, now=now) for one in answers) or said:
                rest[number] = said
        return rest

    def hear(self, conn: Connection, one: InboundAttendance, *, now: Instant) -> bool:
        """Whether it answers an invitation that its sender got; whoever answers the time it has is believed."""
        call = calls.by_uid(conn, one.uid)
        if call is None:
            return False
        person = self._directory.person_of(one.sender)
        if person is not None:
            if person != call.person or person in self._revisions.current.shut_out:
                return False
            self._hear_person(conn, one, call, person, now)
            return True
        asker = self._asker(conn, one, call, now)
        if asker is None:
            return False
        facts = facts_of_asker(conn, self._revisions, asker, now=now, about=call.ticket)
        live = _live(conn, one, now)
        if facts is not None and live is not None:
            self._hear_contact(conn, one, live, facts)
        return True

    def _hear_contact(self, conn: Connection, one: InboundAttendance, call: Call, facts: Facts) -> None:
        if _is_old(one, call):
            if one.answer in _AGAINST:
                self._wishes.stands(conn, facts, call, Via())
        elif one.answer == "declined":
            self._life.cancel(conn, facts, call, why=_CALENDAR)
        elif one.answer == "tentative":
            self._tell_person(conn, facts, call, "unsure", "ping_call_unsure", _MAYBE)
        elif one.answer == "countered":
            at = instant(one.proposed_at) if one.proposed_at is not None else None
            if at != call.begins_at:
                # What no calendar of ours reaches is no time: whoever wrote it reads which there are.
                self._wishes.move_to(conn, facts, call, at if at is not None and is_within_reach(at) else None, Via())

    def _hear_person(
        self, conn: Connection, one: InboundAttendance, call: Call, person: PersonId, now: Instant
    ) -> None:
        facts = self._facts(conn, call, now)
        live = _live(conn, one, now)
        if facts is None or live is None or one.answer == "tentative":
            return
        if one.answer == "countered" or _is_old(one, live):
            is_other = one.proposed_at is None or instant(one.proposed_at) != live.begins_at
            if one.answer in _AGAINST and is_other:
                self._tell_person(conn, facts, live, "kept", "ping_call_as_it_is", _STANDS)
            return
        if live.waits_for == person:
            self._staff.answered(conn, facts, live, is_yes=one.answer == "accepted", why=_CALENDAR)
            return
        is_no = one.answer == "declined" and not live.waits_for and now < live.begins_at
        if is_no and self._staff.may_give_up(conn, facts, live, why=_CALENDAR):
            self._alarms.offer_others(conn, facts, live, state=CallState.DECLINED, by=person, why=_CALENDAR)

    def _tell_person(self, conn: Connection, facts: Facts, call: Call, what: str, text: str, why: str) -> None:
        """The call stands as it is, and its person reads why that is worth a look, once for each of its versions."""
        is_asked = call.news and call.waits_for  # they are still to read that they are asked for it: that comes first
        told = Told(person="" if is_asked else text, actions=deeds(call))
        self._life.keep(conn, facts, call, what, told, by=BY_DESK, why=why, is_kept=True)

    def _facts(self, conn: Connection, call: Call, now: Instant) -> Facts | None:
        end = going_on(conn, [call.ticket])[call.ticket]
        return facts_of_tickets(conn, self._revisions, [end], now=now, is_locked=True).get(end)

    def _asker(self, conn: Connection, one: InboundAttendance, call: Call, now: Instant) -> Asker | None:
        speaker = speaker_of(conn, self._revisions.current, one.sender)
        if speaker is None or not speaker.is_verified or speaker.client != call.client:
            return None
        facts = self._facts(conn, call, now)
        if facts is None or facts.ticket is None or speaker.contact != facts.ticket.contact:
            return None
        return Asker(facts.talk.id, speaker.contact, call.client)


def _live(conn: Connection, one: InboundAttendance, now: Instant) -> Call | None:
    """The call they answer for, now that nobody else changes it; None once it is over."""
    live = calls.by_uid(conn, one.uid)
    return live if live is not None and live.is_ahead(now) else None


def _is_old(one: InboundAttendance, call: Call) -> bool:
    """Whether they answered for another time than the call has by now."""
    return one.sequence < call.placed

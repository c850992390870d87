"""What calls do by themselves: remind, ask how it was, lapse; and what becomes of them when their person cannot come.

An alarm `call:12.1` wakes us for one call, `calls:vera` for all that one person has ahead. Each thing is told once, in
the transaction that remembers it.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

from adapters.message import Invite
from bot.desk.calls.life import CallLife
from bot.desk.calls.rooms import people_for, rules_of, why_not
from bot.desk.directory import Directory
from bot.store import alarms
from bot.store.alarms import Alarm
from bot.store.calls import calls
from bot.store.calls.call_list import EVER
from bot.store.calls.call_offers import Offered
from bot.store.driver.connection import Connection
from bot.store.facts import facts_of_tickets
from bot.store.people.asking import going_on
from bot.store.revisions import Revisions
from bot.store.unit import write
from bot.tickets.calls import marks
from bot.tickets.calls.call import LEAD, Call, CallState
from bot.tickets.calls.decide import AFTERWARDS, ANSWERS, BY_DESK, Told, call_owner, called_off, next_look, told_news
from bot.tickets.facts import Facts
from bot.tickets.outcome import is_there
from bot.tickets.ticket import TicketId
from routing.people import PersonId
from sla.duration import Instant

#: The alarms of one call, and of one person's calls.
CALL: Final = "call"
CALLS: Final = "calls"
_REMINDERS: Final = {
    marks.ACCEPT: Told(person="ping_call_accept", actions=ANSWERS),
    marks.DAY: Told("call_reminder", "ping_call_reminder"),
    marks.SOON: Told("call_soon", "ping_call_soon"),
    marks.OVER: Told(person="ping_call_over", actions=AFTERWARDS),
}


class CallAlarms:
    """Runs inside the ticker's transaction."""

    def __init__(self, life: CallLife, revisions: Revisions, directory: Directory) -> None:
        self._life = life
        self._revisions = revisions
        self._directory = directory

    def fire(self, conn: Connection, *, keys: Collection[str], people: Collection[str], at: Instant) -> None:
        """Alarms have come: of calls by their keys, of people by their ids."""
        if keys:
            self.come(conn, keys, at=at)
        if people:
            self.look_ahead(conn, people, at=at)

    def come(self, conn: Connection, keys: Collection[str], *, at: Instant) -> None:
        """Their moments have come."""
        for call in calls.numbered(conn, sorted(keys)):
            facts = self._facts(conn, call, at)
            if facts is not None:
                self._look(conn, facts, call)

    def look_ahead(self, conn: Connection, people: Collection[str], *, at: Instant) -> None:
        """Who is away, or on the desk, has changed: whoever cannot hold a call any more holds none."""
        self._revisions.refresh(conn)
        for name in sorted(people):
            ahead = calls.between(conn, since=at, until=EVER, person=PersonId(name))
            for call in [one for one in ahead if one.state.is_live and one.begins_at > at]:
                facts = self._facts(conn, call, at)
                if facts is not None and self._cannot_come(facts, call):
                    self._offer_others(conn, facts, call)

    def handed_over(self, conn: Connection, ticket: TicketId, former: PersonId | None, *, at: Instant) -> None:
        """Somebody else has the ticket now: the client may have the call with them, and keeps it until they say so."""
        call = calls.live_of_ticket(conn, ticket)
        if call is None or call.person != former or call.begins_at <= at or call.waits_for == LEAD:
            return
        facts = self._facts(conn, call, at)
        new = facts.ticket.assignee if facts is not None and facts.ticket is not None else None
        if facts is None or new is None or new == call.person:
            return
        time = Offered(new, call.begins_at, is_waived=True)
        first = [time] if self._is_free(conn, facts, call, time) else []
        self._life.offer(conn, facts, said="call_handed_over", moves=call, wanted=time, first=first)

    def _facts(self, conn: Connection, call: Call, at: Instant) -> Facts | None:
        end = going_on(conn, [call.ticket])[call.ticket]
        return facts_of_tickets(conn, self._revisions, [end], now=at, is_locked=True).get(end)

    def _look(self, conn: Connection, facts: Facts, call: Call) -> None:
        person = facts.revision.person(call.person)
        if person is None:
            if call.state.is_live:
                self._offer_others(conn, facts, call)
            return
        mark, told = marks.fallen(call, facts.revision.calendars[person.calendar], now=facts.now)
        call = replace(call, told=told)
        if mark == marks.LAPSE:
            self._lapse(conn, facts, call)
        elif mark == marks.ASSUMED:
            self._life.keep(conn, facts, replace(call, state=CallState.DONE), "assumed_done", Told(), by=BY_DESK)
        elif mark is not None:
            self._life.keep(conn, facts, call, mark, _REMINDERS[mark], by=BY_DESK, is_kept=True)
        elif call.news and is_there(facts, call.person):
            decision, call = told_news(facts, call, rules_of(facts))
            write(conn, [(facts, decision)], recorded_at=facts.now, whereto=self._directory.whereto)
            calls.put(conn, call)
        else:
            calls.put(conn, call)
            again_at = next_look(facts, call)
            alarms.put(conn, [Alarm(call_owner(call.key), again_at, call.ticket)] if again_at is not None else [])

    def _lapse(self, conn: Connection, facts: Facts, call: Call) -> None:
        """Nobody accepted it in time: the client chooses among the next times."""
        lapsed = replace(call, state=CallState.LAPSED)
        person = "" if call.waits_for == LEAD else "ping_call_lapsed"
        self._life.keep(conn, facts, lapsed, "lapsed", Told(person=person, is_invite=call.is_invited), by=BY_DESK)
        self._offer(conn, facts, lapsed, "call_lapsed", [], invite=called_off(facts, lapsed, rules_of(facts, call)))

    def _offer_others(self, conn: Connection, facts: Facts, call: Call) -> None:
        """Its person cannot hold it: it is off, and somebody else may have it at the same time if the client agrees."""
        person = "" if call.waits_for == LEAD else "ping_call_cancelled"
        gone = replace(call, state=CallState.LAPSED, sequence=call.sequence + 1)
        told = Told("call_away", person, is_invite=call.is_invited)
        self._life.keep(conn, facts, gone, "person_away", told, by=BY_DESK)
        others = (Offered(one.id, call.begins_at, is_waived=True) for one in people_for(facts) if one.id != call.person)
        first = next((one for one in others if self._is_free(conn, facts, call, one)), None)
        self._offer(conn, facts, call, "call_away_offer", [first] if first is not None else [])

    def _offer(
        self,
        conn: Connection,
        facts: Facts,
        call: Call,
        said: str,
        first: Sequence[Offered],
        *,
        invite: Invite | None = None,
    ) -> None:
        again = self._facts(conn, call, facts.now)
        if again is not None:
            wanted = Offered(call.person, call.begins_at)
            self._life.offer(conn, again, call.kind, said=said, wanted=wanted, first=first, invite=invite)

    def _cannot_come(self, facts: Facts, call: Call) -> bool:
        if facts.revision.person(call.person) is None:
            return True
        return any(
            one.person == call.person and one.since < call.ends_at and (one.until is None or call.begins_at < one.until)
            for one in facts.revision.absences
        )

    def _is_free(self, conn: Connection, facts: Facts, call: Call, time: Offered) -> bool:
        return not why_not(conn, facts, rules_of(facts), call.kind, time, but=call.key, is_agreed=True)

"""What calls do by themselves: remind, ask how it was, lapse; and what becomes of them when their person cannot come.

An alarm `call:12.1` wakes us for one call, `call:12` for the one of a ticket that was closed as spam, `calls:vera` for
all that one person has ahead, `calls:` for everybody's, because clients and contacts may be gone. Each thing is told
once, in the transaction that remembers it.
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
from bot.store.calls import call_offers, calls
from bot.store.calls.call_list import EVER
from bot.store.calls.call_offers import Offered
from bot.store.driver.connection import Connection
from bot.store.facts import facts_of_tickets
from bot.store.people.asking import going_on
from bot.store.revisions import Revisions
from bot.store.unit import write
from bot.tickets.calls import marks
from bot.tickets.calls.call import LEAD, Call, CallState
from bot.tickets.calls.decide import BY_DESK, next_look, told_news
from bot.tickets.calls.marks import call_owner
from bot.tickets.calls.recount import accepted_by, recounted, waits
from bot.tickets.calls.telling import AFTERWARDS, ANSWERS, CLOSED, Told, closed_for, deeds, leads_told
from bot.tickets.calls.twice import overlapping
from bot.tickets.facts import Facts, Ping
from bot.tickets.outcome import is_there
from bot.tickets.revision import Revision
from bot.tickets.ticket import Status, TicketId
from routing.calls import Diary, is_worked
from routing.people import PersonId
from sla.duration import Instant

#: The alarms of one call, and of one person's calls.
CALL: Final = "call"
CALLS: Final = "calls"
#: Why a call is held for nobody any more, as its history says it.
_WHY_OFF: Final = {
    "client": "the client is no longer in the desk directory",
    "contact": "the contact no longer belongs to the client",
    "spam": "the ticket was closed as spam",
}
_REMINDERS: Final = {
    marks.ACCEPT: Told(person="ping_call_accept", actions=ANSWERS),
    marks.LAST_CALL: Told(person="ping_call_last", actions=ANSWERS, is_alert=True),
    marks.DAY: Told("call_reminder", "ping_call_reminder"),
    marks.SOON: Told("call_soon", "ping_call_soon"),
    marks.OVER: Told(person="ping_call_over", actions=AFTERWARDS),
}
#: What the leads read beside it; and of an exception that waits for them alone.
_LEADS: Final = {marks.LAST_CALL: "ping_call_last"}
_EXCEPTION: Final = (Told(), "ping_call_lead_again")


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
        named = {key for key in keys if "." in key}
        closed = (calls.live_of_ticket(conn, TicketId(int(key))) for key in sorted(set(keys) - named))
        for call in (*calls.numbered(conn, sorted(named)), *(one for one in closed if one is not None)):
            facts = self._facts(conn, call, at)
            if facts is not None:
                self._look(conn, facts, call)

    def look_ahead(self, conn: Connection, people: Collection[str], *, at: Instant) -> None:
        """Who is away, or on the desk, has changed: whoever cannot hold a call any more holds none."""
        self._revisions.refresh(conn)
        revision = self._revisions.current
        ahead = [one for one in calls.between(conn, since=at, until=EVER) if one.state.is_live and one.begins_at > at]
        ahead = [one for one in ahead if "" in people or one.person in people]
        strangers = call_offers.strangers(conn, revision, ahead)
        for call in ahead:
            is_off = call.key in strangers or _cannot_come(revision, call)
            is_news = not is_off and _is_closed(revision, call) != (marks.CLOSED in call.told)
            facts = self._facts(conn, call, at) if is_off or is_news or waits(call) else None
            if facts is not None and call.key in strangers:
                self._call_off(conn, facts, call, "client" if revision.client(call.client) is None else "contact")
            elif facts is not None and is_off:
                self.offer_others(conn, facts, call)
            elif facts is not None and is_news:
                self._hours_changed(conn, facts, call)
            if facts is not None and not is_off and waits(call) and not _is_closed(revision, call):
                self._recount(conn, facts, call.key)
        if "" in people:
            self._look_for_two(conn, at)

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
        self._life.offering.offer(conn, facts, said="call_handed_over", moves=call, wanted=time, first=first)

    def _hours_changed(self, conn: Connection, facts: Facts, call: Call) -> None:
        """Its person works no more then, or again: it stands until somebody decides, who reads so once."""
        held = next((one for one in calls.numbered(conn, [call.key]) if one.sequence == call.sequence), None)
        if held is None or not held.state.is_live:
            return  # it was changed just now
        if marks.CLOSED in held.told:
            news = "" if held.news == CLOSED else held.news
            calls.put(conn, replace(held, told=held.told - {marks.CLOSED}, news=news))
            return
        shut = replace(held, told=held.told | {marks.CLOSED})
        told = closed_for(shut)
        more = self._leads(facts, shut, CLOSED, told.actions, is_told=bool(told.person))
        self._life.keep(conn, facts, shut, "hours_changed", told, by=BY_DESK, is_kept=True, more=more)

    def _look_for_two(self, conn: Connection, at: Instant) -> None:
        """Whoever turned out to be one person is in one call at a time: they are asked about the later one, once."""
        ahead = [one for one in calls.between(conn, since=at, until=EVER) if one.state.is_live and one.begins_at > at]
        twice = {one.key for one in overlapping(ahead)}
        for call in (one for one in ahead if (one.key in twice) != (marks.TWICE in one.told)):
            if call.key not in twice:
                calls.put(conn, replace(call, told=call.told - {marks.TWICE}))
            elif (facts := self._facts(conn, call, at)) is not None:
                self._ask_about(conn, facts, replace(call, told=call.told | {marks.TWICE}))

    def _ask_about(self, conn: Connection, facts: Facts, call: Call) -> None:
        is_late = self._life.is_late(facts, call, rules_of(facts, call))
        person = "" if call.waits_for == LEAD else "ping_call_twice"
        told = Told("call_twice_late" if is_late else "", person, deeds(call))
        self._life.keep(conn, facts, call, "at_one_time", told, by=BY_DESK, is_kept=True)
        again = self._facts(conn, call, facts.now)
        if again is not None and not is_late:
            wanted = Offered(call.person, call.begins_at)
            self._life.offering.offer(conn, again, said="call_twice", moves=call, wanted=wanted)

    def _recount(self, conn: Connection, facts: Facts, key: str) -> None:
        """Whoever has to accept it works at other hours now: until when they may, or that nobody can any more.

        One that lies outside the hours itself is somebody's to decide, who has read so.
        """
        (call,) = calls.numbered(conn, [key])
        revision, rules = facts.revision, rules_of(facts, call)
        absences = tuple(one for one in revision.absences if one.person == call.person)
        diary = Diary(revision.calendars[revision.people[call.person].calendar], absences)
        by = accepted_by(call, diary, rules.terms(call.kind), now=facts.now) if waits(call) else call.accept_by
        if by == call.accept_by:
            return
        facts = self._facts(conn, call, facts.now) or facts  # what was written just now is not what it was
        if by is None:
            self._lapse(conn, facts, call, said="call_hours_lapsed", person="ping_call_hours_lapsed")
            return
        is_later = call.accept_by is not None and by > call.accept_by
        call = recounted(call, by, diary, now=facts.now)
        # What they are still to read of it names the moment as it is by then.
        person = "" if is_later or call.news else "ping_call_accept"
        told = Told("call_accepted_later" if is_later else "", person, actions=ANSWERS)
        self._life.keep(conn, facts, call, "hours_counted", told, by=BY_DESK, is_kept=True)

    def _facts(self, conn: Connection, call: Call, at: Instant) -> Facts | None:
        end = going_on(conn, [call.ticket])[call.ticket]
        return facts_of_tickets(conn, self._revisions, [end], now=at, is_locked=True).get(end)

    def _look(self, conn: Connection, facts: Facts, call: Call) -> None:
        person = facts.revision.person(call.person)
        if facts.ticket is not None and facts.ticket.status is Status.SPAM and call.state.is_live:
            self._call_off(conn, facts, call, "spam")
            return
        if person is None:
            if call.state.is_live:
                self.offer_others(conn, facts, call)
            return
        mark, fallen = marks.fallen(call, facts.revision.calendars[person.calendar], now=facts.now)
        call = replace(call, told=fallen)
        if mark == marks.LAPSE:
            self._lapse(conn, facts, call)
        elif mark == marks.ASSUMED:
            self._life.keep(conn, facts, replace(call, state=CallState.DONE), "assumed_done", Told(), by=BY_DESK)
        elif mark is not None:
            told, text = _EXCEPTION if call.waits_for == LEAD else (_REMINDERS[mark], _LEADS.get(mark, ""))
            more = self._leads(facts, call, text, deeds(call), is_told=bool(told.person)) if text else ()
            self._life.keep(conn, facts, call, mark, told, by=BY_DESK, is_kept=True, more=more)
        elif call.news and is_there(facts, call.person):
            decision, call = told_news(facts, call, rules_of(facts))
            write(conn, [(facts, decision)], recorded_at=facts.now, whereto=self._directory.whereto)
            calls.put(conn, call)
        else:
            calls.put(conn, call)
            again_at = next_look(facts, call)
            alarms.put(conn, [Alarm(call_owner(call.key), again_at, call.ticket)] if again_at is not None else [])

    def _lapse(
        self,
        conn: Connection,
        facts: Facts,
        call: Call,
        *,
        said: str = "call_lapsed",
        person: str = "ping_call_lapsed",
    ) -> None:
        """Nobody accepted it in time, or can any more: the client chooses among the next times."""
        lapsed = replace(call, state=CallState.LAPSED, sequence=call.sequence + call.is_invited)
        person = "" if call.waits_for == LEAD else person
        self._life.keep(conn, facts, lapsed, "lapsed", Told(person=person, is_invite=call.is_invited), by=BY_DESK)
        self._offer(conn, facts, lapsed, said, [], invite=self._life.invitations.called_off(conn, facts, lapsed))

    def _leads(
        self, facts: Facts, call: Call, text: str, actions: tuple[str, ...], *, is_told: bool = True
    ) -> tuple[Ping, ...]:
        """The leads read so; one who has the call as well reads it once, if its person `is_told`."""
        if facts.ticket is None:
            return ()
        told = leads_told(facts, facts.ticket, call, rules_of(facts, call), text, actions)
        return tuple(one for one in told if one.person != call.person or not is_told)

    def _call_off(self, conn: Connection, facts: Facts, call: Call, because: str) -> None:
        """It is held for nobody any more: the client is gone, the contact, or it was spam."""
        # Who is no client's any more is told in the language and the time in which they booked.
        facts = replace(facts, speaker=replace(facts.speaker, zone=call.zone, language=call.language))
        person = "" if call.waits_for == LEAD else f"ping_call_off_{because}"
        off = replace(call, state=CallState.CANCELLED, sequence=call.sequence + 1)
        told = Told("call_off", person, is_invite=call.is_invited)
        self._life.keep(conn, facts, off, "cancelled", told, by=BY_DESK, why=_WHY_OFF[because])

    def offer_others(
        self,
        conn: Connection,
        facts: Facts,
        call: Call,
        *,
        state: CallState = CallState.LAPSED,
        by: str = BY_DESK,
        why: str = "",
    ) -> None:
        """Its person cannot hold it: it is off, and somebody else may have it at the same time if the client agrees."""
        person = "" if call.waits_for == LEAD else "ping_call_cancelled"
        gone = replace(call, state=state, sequence=call.sequence + 1)
        told = Told("call_away", person, is_invite=call.is_invited)
        self._life.keep(conn, facts, gone, "person_away", told, by=by, why=why)
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
            self._life.offering.offer(conn, again, call.kind, said=said, wanted=wanted, first=first, invite=invite)

    def _is_free(self, conn: Connection, facts: Facts, call: Call, time: Offered) -> bool:
        return not why_not(conn, facts, rules_of(facts), call.kind, time, but=call.key, is_agreed=True)


def _cannot_come(revision: Revision, call: Call) -> bool:
    if revision.person(call.person) is None:
        return True
    return any(
        one.person == call.person and one.since < call.ends_at and (one.until is None or call.begins_at < one.until)
        for one in revision.absences
    )


def _is_closed(revision: Revision, call: Call) -> bool:
    """Whether the hours of its person leave out a part of it: they have changed since it was booked."""
    calendar = revision.calendars[revision.people[call.person].calendar]
    return not is_worked(calendar, begins_at=call.begins_at, ends_at=call.ends_at)

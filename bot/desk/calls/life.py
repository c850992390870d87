"""A client's calls as they change: booked, asked for, moved, cancelled. Inside a transaction that is open.

Every change is judged anew where it is written: the time must be free and early enough at that moment, whatever was
offered before. What cannot be says why, with the next times that can.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.desk.calls import whose
from bot.desk.calls.call_file import file_said
from bot.desk.calls.invitations import Invitations, is_at
from bot.desk.calls.offering import Offering, values_of
from bot.desk.calls.rooms import EXCEPTIONS, INSTEAD, people_for, room, rules_of, why_not
from bot.desk.directory import Directory
from bot.store.calls import call_offers, calls
from bot.store.calls.call_offers import Offered, for_a_ticket
from bot.store.calls.reaching import reached
from bot.store.driver.connection import Connection
from bot.store.unit import write
from bot.tickets.calls import marks
from bot.tickets.calls.call import LEAD, Call, CallRules, CallState
from bot.tickets.calls.decide import BY_CONTACT, BY_DESK, changed, opened_for
from bot.tickets.calls.telling import (
    ANSWERS,
    CHANGES,
    STAFF_CHANGES,
    Told,
    lead_is_asked,
    passed_on,
    said_call,
)
from bot.tickets.calls.texts import said_notice
from bot.tickets.facts import Effect, Facts, Heard, Note, Say
from bot.tickets.outcome import contact_texts
from routing import calls as slots
from routing.calls import CallTerms
from routing.people import ClientId


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a wish. `text` is in the contact's language; refused, `slots` is what can be had instead.

    `refusal` is the key of that text: whoever reads it in another language, or of somebody else, makes their own of it.
    """

    text: str
    is_refused: bool = False
    call: Call | None = None
    slots: tuple[Offered, ...] = ()
    can_ask_lead: bool = False
    refusal: str = ""


class CallLife:
    """Changes calls; holds nothing, so there may be several."""

    def __init__(self, directory: Directory, page: str = "") -> None:
        """`page` is where our pages are seen from outside; without it no links are given."""
        self.offering = Offering(directory, page)
        self.invitations = Invitations(directory)
        self._page = page
        self._directory = directory

    def book(
        self,
        conn: Connection,
        facts: Facts,
        kind: str,
        time: Offered,
        *,
        by: str = BY_CONTACT,
        heard: Heard | None = None,
        waiver: str = "",
        wants_leave: bool = False,
    ) -> Outcome:
        """Book a time, or ask its person for it where they accept each. `waiver` is a lead who allows it all the same.

        `wants_leave`: what only a lead may allow is asked of them, and held meanwhile.
        """
        rules, is_theirs = rules_of(facts), by == BY_CONTACT
        live = whose.live(conn, facts)
        if live is not None and is_theirs and not whose.may_know(facts, live):
            return Outcome(contact_texts(facts)("call_of_another"), is_refused=True)
        if live is not None:
            return Outcome(said_call(facts, live, "call_stands", rules), is_refused=True, call=live)
        facts = self._settled(conn, facts)
        if is_theirs and time.person not in {one.id for one in people_for(facts)}:
            return self._refused(conn, facts, rules, kind, time, "call_closed")
        refusal = why_not(conn, facts, rules, kind, time, is_agreed=not is_theirs)
        if refusal and not (refusal in EXCEPTIONS and (waiver or wants_leave)):
            return self._refused(conn, facts, rules, kind, time, refusal)
        needs_leave = wants_leave and refusal in EXCEPTIONS
        terms = rules.terms(kind)
        facts = for_a_ticket(conn, facts)
        ticket = facts.ticket.id if facts.ticket is not None else facts.number
        key, uid = calls.fresh_names(conn, ticket)
        call = Call(
            key=key,
            uid=uid,
            ticket=ticket,
            talk=(reached(conn, facts, self._directory.served) or facts).talk.id,
            contact=facts.speaker.contact,
            client=facts.speaker.client or ClientId(""),
            person=time.person,
            kind=kind,
            state=CallState.CONFIRMED,
            begins_at=time.begins_at,
            ends_at=terms.ends_at(time.begins_at),
            zone=facts.speaker.zone,
            language=facts.speaker.language,
            by=by,
            agreed_at=facts.now,
            url=rules.link(time.person, uid),
            waived_by=waiver if refusal in EXCEPTIONS else "",
        )
        if needs_leave:
            call = replace(call, state=CallState.REQUESTED, waits_for=LEAD)
            call = replace(call, accept_by=marks.allowed_by(facts.now, call.begins_at))
            pinged = lead_is_asked(facts, opened_for(facts, call, rules)[0], call, rules)
            told = Told("call_lead_asked")
            return self.keep(
                conn, facts, call, "exception_asked", told, by=by, heard=heard, more=pinged, takes_time=True
            )
        call, told = self._agreed(facts, call, rules, is_asked=rules.confirms and is_theirs and not time.is_waived)
        if not is_theirs:
            told = replace(told, client="call_booked_for", person="ping_call_booked")
        what = "requested" if call.state is CallState.REQUESTED else "booked"
        return self.keep(conn, facts, call, what, told, by=by, heard=heard, takes_time=True)

    def move(
        self,
        conn: Connection,
        facts: Facts,
        call: Call,
        time: Offered,
        *,
        by: str = BY_CONTACT,
        heard: Heard | None = None,
        waiver: str = "",
    ) -> Outcome:
        """Hold a call at another time, or with another person; the notice counts of the old time and of the new."""
        rules, is_theirs = rules_of(facts, call), by == BY_CONTACT
        if not waiver and not time.is_waived and self.is_late(facts, call, rules):
            return Outcome(
                contact_texts(facts)("call_move_late", notice=said_notice(rules, contact_texts(facts))),
                is_refused=True,
                call=call,
            )
        if (time.person, time.begins_at) == (call.person, call.begins_at):
            return Outcome(said_call(facts, call, "call_stands", rules), is_refused=True, call=call)
        refusal = why_not(conn, facts, rules, call.kind, time, but=call.key, is_agreed=not is_theirs)
        if refusal and not (refusal in EXCEPTIONS and waiver):
            return self._refused(conn, facts, rules, call.kind, time, refusal, call)
        before, terms = call, rules.terms(call.kind)
        call = replace(
            call,
            person=time.person,
            state=CallState.RESCHEDULED,
            begins_at=time.begins_at,
            ends_at=terms.ends_at(time.begins_at),
            sequence=call.sequence + 1,
            placed=call.sequence + 1,
            agreed_at=facts.now,
            waits_for="",
            accept_by=None,
            url=rules.link(time.person, call.uid),
            told=frozenset(),
            waived_by=waiver if refusal in EXCEPTIONS else call.waived_by,
        )
        call, told = self._agreed(facts, call, rules, is_asked=rules.confirms and is_theirs and not time.is_waived)
        if call.state is CallState.RESCHEDULED:
            told = replace(told, client="call_moved", person="ping_call_moved")
        more = passed_on(facts, before, call, rules)
        return self.keep(
            conn, facts, call, "moved", told, by=by, heard=heard, more=more, before=before, takes_time=True
        )

    def cancel(
        self,
        conn: Connection,
        facts: Facts,
        call: Call,
        *,
        by: str = BY_CONTACT,
        why: str = "",
        heard: Heard | None = None,
    ) -> Outcome:
        """Call it off. Who does so after the notice point stands somebody up: it counts as held then."""
        rules = rules_of(facts)
        is_late = call.state is not CallState.REQUESTED and self.is_late(facts, call, rules)
        is_theirs, person = by == BY_CONTACT, "" if call.waits_for == LEAD else "ping_call_cancelled"
        call = replace(call, state=CallState.CANCELLED, sequence=call.sequence + 1, is_late=is_late and is_theirs)
        text = "call_cancelled" if not is_theirs else "call_cancelled_late" if is_late else "call_cancelled_own"
        told = Told(text, person, is_invite=call.is_invited)
        return self.keep(conn, facts, call, "cancelled", told, by=by, why=why, heard=heard)

    def is_late(self, facts: Facts, call: Call, rules: CallRules) -> bool:
        """Whether the notice point of a call is past: then only a lead may move it."""
        person = facts.revision.person(call.person)
        if person is None or call.state is CallState.REQUESTED:
            return False
        calendar, terms = facts.revision.calendars[person.calendar], CallTerms(rules.notice)
        return not slots.is_in_time(calendar, terms, asked_at=facts.now, begins_at=call.begins_at)

    def keep(
        self,
        conn: Connection,
        facts: Facts,
        call: Call,
        what: str,
        told: Told,
        *,
        by: str,
        why: str = "",
        heard: Heard | None = None,
        notes: tuple[Note, ...] = (),
        more: Sequence[Effect] = (),
        before: Call | None = None,
        takes_time: bool = False,
        is_kept: bool = False,
    ) -> Outcome:
        """Write a call as it is now, with everything that is said of it; refused where somebody was faster.

        `takes_time`: its time is a new one. What was taken once stays so, whatever the rules have become since.
        `is_kept`: nothing of it has changed, so what is offered in its conversation stands.
        """
        rules = rules_of(facts, call)
        if not call.state.is_live:
            calls.release(conn, call.key)
        elif takes_time and not calls.hold(conn, call, rules.terms(call.kind)):
            time = Offered(call.person, call.begins_at)
            return self._refused(conn, facts, rules, call.kind, time, "call_gone", before)
        there = reached(conn, facts, self._directory.served)
        invited_at = self.invitations.of_client(conn, call) if told.is_invite else None
        is_there = is_at(there, invited_at) if invited_at is not None else call.state.is_live
        if there is not None and invited_at is None:
            told = replace(told, after=file_said(conn, there, call, told, self._page) or told.after)
        decision, call = changed(
            facts,
            call,
            what,
            told,
            rules,
            by=by,
            why=why,
            heard=heard,
            notes=notes,
            more=more,
            there=there,
            is_invited_there=is_there,
        )
        said = tuple(one for one in decision.effects if isinstance(one, Say))
        if there is not facts:
            decision = replace(decision, effects=tuple(one for one in decision.effects if one not in said))
        write(conn, [(facts, decision)], recorded_at=facts.now, whereto=self._directory.whereto)
        ticket = decision.ticket
        if there is not None and there is not facts and said and ticket is not None:
            ticket = self.invitations.say_at(conn, there, ticket, said)
        if invited_at is not None and not is_there and ticket is not None:
            ticket = self.invitations.tell_elsewhere(conn, facts, ticket, call, told, rules, invited_at)
        if told.client and ticket is not None:
            self.invitations.tell_group(conn, facts, ticket, call, told, rules)
        calls.put(conn, call)
        if told.is_invite and facts.revision.person(call.person) is None:
            self.invitations.tell_former(conn, facts, call)
        if not is_kept:
            call_offers.drop(conn, (there or facts).talk.id)
        return Outcome(next((one.text for one in said), ""), call=call)

    def _settled(self, conn: Connection, facts: Facts) -> Facts:
        """A call whose time is over makes room for the next one of its ticket, which goes on with its own history."""
        found = calls.of_ticket(conn, facts.ticket.id) if facts.ticket is not None else []
        for call in [one for one in found if one.state.is_live]:
            held, why = replace(call, state=CallState.DONE), "another call of the ticket is booked"
            decision, held = changed(facts, held, "assumed_done", Told(), rules_of(facts, held), by=BY_DESK, why=why)
            write(conn, [(facts, decision)], recorded_at=facts.now, whereto=self._directory.whereto)
            calls.release(conn, call.key)
            calls.put(conn, held)
            facts = replace(facts, ticket=decision.ticket)
        return facts

    def _agreed(self, facts: Facts, call: Call, rules: CallRules, *, is_asked: bool) -> tuple[Call, Told]:
        """A free time is agreement, unless its person accepts each: then until the notice point."""
        calendar = facts.revision.calendars[facts.revision.people[call.person].calendar]
        if is_asked:
            by = slots.agreed_by(calendar, rules.terms(call.kind), begins_at=call.begins_at)
            call = replace(call, state=CallState.REQUESTED, waits_for=call.person, accept_by=by)
            return call, Told("call_requested", "ping_call_requested", ANSWERS, CHANGES[1:], is_invite=True)
        call = replace(call, told=marks.told_from_the_start(call, calendar, now=facts.now))
        return call, Told("call_booked", "ping_call_booked", STAFF_CHANGES, CHANGES, is_invite=True)

    def _refused(
        self,
        conn: Connection,
        facts: Facts,
        rules: CallRules,
        kind: str,
        time: Offered,
        refusal: str,
        call: Call | None = None,
    ) -> Outcome:
        kind = kind if kind in rules.kinds else next(iter(rules.kinds))
        whom, but = (time.person, call.key) if call is not None else (None, "")
        found = room(conn, facts, rules, kind, number=INSTEAD, first=whom, but=but)
        values = values_of(facts, rules, kind, found, time)
        text = contact_texts(facts)(refusal, **values)
        can_ask = refusal in EXCEPTIONS and call is None
        slots = found.offered if found else ()
        return Outcome(text, is_refused=True, call=call, slots=slots, can_ask_lead=can_ask, refusal=refusal)

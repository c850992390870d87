"""What our people do about calls, from any desk: book for a client, accept, decline, move, call off, say how it was.

Whoever may act on tickets may do it. What the notice forbids only a lead may do all the same, and it is written down.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from adapters.port import Answer
from bot.desk.calls.life import CallLife, Outcome
from bot.desk.calls.rooms import EXCEPTIONS, INSTEAD, people_for, room, rules_of
from bot.desk.calls.staff_words import card_call, how_to_ask, numbered_lines, said_at, why_refused
from bot.desk.directory import Directory
from bot.store import audit
from bot.store.calls import calls
from bot.store.calls.call_offers import Offered
from bot.store.driver.connection import Connection
from bot.store.facts import facts_of_tickets
from bot.store.people.asking import going_on
from bot.store.revisions import Revisions
from bot.store.unit import write
from bot.tickets.calls import command as c
from bot.tickets.calls import marks
from bot.tickets.calls.call import LEAD, Call, CallState
from bot.tickets.calls.telling import CHANGES, STAFF_CHANGES, Told, no_after_all
from bot.tickets.calls.texts import said_notice
from bot.tickets.command import GiveEta
from bot.tickets.decide_staff import ACTING, LEADING, staff_does
from bot.tickets.facts import Facts, Note
from bot.tickets.outcome import person_texts
from bot.tickets.ticket import TicketId, number
from routing.people import PersonId
from sla.duration import Instant

_HELD: Final = frozenset({CallState.CONFIRMED, CallState.RESCHEDULED})


class CallStaff:
    """Performs commands about calls; the caller holds the ticket."""

    def __init__(self, life: CallLife, revisions: Revisions, directory: Directory) -> None:
        self._life = life
        self._revisions = revisions
        self._directory = directory
        self._rules: Final[dict[type, Callable[[Connection, Facts, PersonId, Any, Call], Outcome | str]]] = {
            c.ConfirmCall: self._confirm,
            c.DeclineCall: self._decline,
            c.MoveCall: self._move,
            c.CancelCall: self._cancel,
            c.CallDone: self._done,
            c.CallNoShow: self._no_show,
            c.AllowCall: self._allow,
            c.RefuseCall: self._refuse,
        }

    def perform(
        self, conn: Connection, by: PersonId, ticket: TicketId, command: c.CallCommand, *, now: Instant
    ) -> Answer:
        """Do it, or say why not in the person's own words; the ticket is one that exists.

        What was merged is booked for no more. The calls that it has are those of the ticket it goes on as.
        """
        (end,) = going_on(conn, [ticket]).values()
        facts = facts_of_tickets(conn, self._revisions, [end], now=now)[end]
        speak = person_texts(self._revisions.current, by)
        if not self._revisions.current.people[by].roles & ACTING:
            roles = ", ".join(sorted(role.value for role in ACTING))
            return Answer(speak("refused_role", roles=roles), is_refused=True)
        if isinstance(command, c.BookCall) and end != ticket:
            return Answer(speak("refused_merged", number=number(ticket), into=number(end)), is_refused=True)
        call = calls.live_of_ticket(conn, ticket) or calls.live_of_ticket(conn, end)
        if isinstance(command, c.BookCall):
            found = self._book(conn, facts, by, command)
        elif call is None:
            return Answer(speak("refused_no_call", number=number(ticket)), is_refused=True)
        else:
            found = self._rules[type(command)](conn, facts, by, command, call)
        if isinstance(found, str):
            return Answer(found, is_refused=True)
        if found.is_refused and isinstance(command, c.BookCall | c.MoveCall):
            return Answer(self._instead(conn, facts, by, command, found), is_refused=True)
        if isinstance(command, c.BookCall) and found.call is not None and found.call.waits_for == LEAD:
            time = said_at(facts, by, command.begins_at)
            return Answer(speak("call_staff_asked", number=number(found.call.ticket), time=time))
        return Answer(speak("done"))

    def answered(self, conn: Connection, facts: Facts, call: Call, *, is_yes: bool, why: str) -> None:
        """Whoever a call waits for says yes or no in their own calendar; what is too late changes nothing."""
        by = call.person
        if not facts.revision.people[by].roles & ACTING:
            return
        if is_yes:
            self._confirm(conn, facts, by, c.ConfirmCall(), call)
        else:
            self._decline(conn, facts, by, c.DeclineCall(why), call)

    def may_give_up(self, conn: Connection, facts: Facts, call: Call, *, why: str) -> bool:
        """Whether whoever has a booked call may leave it; after its notice point it stands, and the leads read so."""
        by, rules = call.person, rules_of(facts, call)
        is_late = self._life.is_late(facts, call, rules)
        if is_late and facts.revision.people[by].roles & LEADING:
            self._record(conn, facts, by, call, why)
        elif is_late:
            pings = no_after_all(facts, call, rules)
            self._life.keep(conn, facts, call, "declined_late", Told(), by=by, why=why, more=pings, is_kept=True)
            return False
        return True

    def is_late(self, facts: Facts, call: Call) -> bool:
        """Whether only a lead may move it any more."""
        return self._life.is_late(facts, call, rules_of(facts))

    def _book(self, conn: Connection, facts: Facts, by: PersonId, book: c.BookCall) -> Outcome | str:
        """With whoever books it, where they are a manager; a lead books for the client's own."""
        speak, rules = person_texts(facts.revision, by), rules_of(facts)
        if facts.speaker.client is None or not facts.speaker.is_verified:
            return speak("refused_call_stranger")
        kind = book.kind or next(iter(rules.kinds))
        waiver = by if facts.revision.people[by].roles & LEADING else ""
        time = Offered(held_by(facts, by), book.begins_at)
        found = self._life.book(
            conn, facts, kind, time, by=by, waiver=waiver, wants_leave=book.asks_lead and not waiver
        )
        self._waived(conn, facts, by, found, book.why)
        return found

    def _confirm(self, conn: Connection, facts: Facts, by: PersonId, _: c.ConfirmCall, call: Call) -> Outcome | str:
        speak = person_texts(facts.revision, by)
        if call.state is not CallState.REQUESTED or call.waits_for == LEAD:
            return speak("refused_call_state", number=number(call.ticket))
        if call.accept_by is not None and facts.now > call.accept_by:
            return speak("refused_call_lapsed")
        return self._accepted(conn, facts, by, call)

    def _decline(self, conn: Connection, facts: Facts, by: PersonId, no: c.DeclineCall, call: Call) -> Outcome | str:
        if call.state is not CallState.REQUESTED:
            return person_texts(facts.revision, by)("refused_call_state", number=number(call.ticket))
        return self._turned_down(conn, facts, by, call, no.why, "call_declined")

    def _move(self, conn: Connection, facts: Facts, by: PersonId, move: c.MoveCall, call: Call) -> Outcome | str:
        is_lead = bool(facts.revision.people[by].roles & LEADING)
        if not is_lead and self._life.is_late(facts, call, rules_of(facts)):
            return self._too_late(facts, by)
        time = Offered(call.person, move.begins_at)
        found = self._life.move(conn, facts, call, time, by=by, waiver=by if is_lead else "")
        self._waived(conn, facts, by, found, "")
        return found

    def _cancel(self, conn: Connection, facts: Facts, by: PersonId, cancel: c.CancelCall, call: Call) -> Outcome | str:
        is_lead = bool(facts.revision.people[by].roles & LEADING)
        is_late = self._life.is_late(facts, call, rules_of(facts))
        if is_late and not is_lead:
            return self._too_late(facts, by)
        if is_late:
            self._record(conn, facts, by, call, cancel.why)
        return self._life.cancel(conn, facts, call, by=by, why=cancel.why)

    def _done(self, conn: Connection, facts: Facts, by: PersonId, done: c.CallDone, call: Call) -> Outcome | str:
        if call.state not in _HELD or facts.now < call.begins_at:
            return person_texts(facts.revision, by)("refused_call_ahead")
        if done.follow_up_at is not None and (no := staff_does(facts, by, GiveEta(done.follow_up_at)).refusal):
            return no
        notes = (Note(by, done.notes),) if done.notes.strip() else ()
        held = replace(call, state=CallState.DONE)
        found = self._life.keep(conn, facts, held, "done", Told(), by=by, notes=notes)
        if done.follow_up_at is not None:
            again = facts_of_tickets(conn, self._revisions, [facts.number], now=facts.now)[facts.number]
            promised = staff_does(again, by, GiveEta(done.follow_up_at))
            write(conn, [(again, promised)], recorded_at=facts.now, whereto=self._directory.whereto)
        return found

    def _no_show(self, conn: Connection, facts: Facts, by: PersonId, _: c.CallNoShow, call: Call) -> Outcome | str:
        if call.state not in _HELD or facts.now < call.begins_at:
            return person_texts(facts.revision, by)("refused_call_ahead")
        missed = replace(call, state=CallState.NO_SHOW)
        return self._life.keep(conn, facts, missed, "no_show", Told("call_missed"), by=by)

    def _allow(self, conn: Connection, facts: Facts, by: PersonId, _: c.AllowCall, call: Call) -> Outcome | str:
        if (refusal := self._not_leading(facts, by, call)) is not None:
            return refusal
        if facts.now >= call.begins_at:
            return person_texts(facts.revision, by)("refused_call_lapsed")
        allowed = replace(call, waived_by=by)
        self._record(conn, facts, by, allowed, "the client asked for it")
        return self._accepted(conn, facts, by, allowed)

    def _refuse(self, conn: Connection, facts: Facts, by: PersonId, no: c.RefuseCall, call: Call) -> Outcome | str:
        if (refusal := self._not_leading(facts, by, call)) is not None:
            return refusal
        return self._turned_down(conn, facts, by, call, no.why, "call_not_allowed")

    def _accepted(self, conn: Connection, facts: Facts, by: PersonId, call: Call) -> Outcome:
        calendar = facts.revision.calendars[facts.revision.people[call.person].calendar]
        state = CallState.RESCHEDULED if call.placed else CallState.CONFIRMED
        call = replace(call, state=state, waits_for="", accept_by=None, agreed_at=facts.now)
        call = replace(call, told=call.told & {marks.CLOSED})
        call = replace(call, sequence=call.sequence + call.is_invited)  # calendars know it as tentative
        call = replace(call, told=marks.told_from_the_start(call, calendar, now=facts.now))
        told = Told("call_booked", "ping_call_booked", STAFF_CHANGES, CHANGES, is_invite=True)
        return self._life.keep(conn, facts, call, "confirmed", told, by=by)

    def _turned_down(self, conn: Connection, facts: Facts, by: PersonId, call: Call, why: str, said: str) -> Outcome:
        """The request is over, and the client chooses among the next times."""
        declined = replace(call, state=CallState.DECLINED, sequence=call.sequence + call.is_invited)
        told = Told(is_invite=call.is_invited)
        found = self._life.keep(conn, facts, declined, "declined", told, by=by, why=why)
        again = facts_of_tickets(conn, self._revisions, [facts.number], now=facts.now)[facts.number]
        wanted, off = Offered(call.person, call.begins_at), self._life.invitations.called_off(conn, facts, declined)
        self._life.offering.offer(conn, again, call.kind, said=said, wanted=wanted, invite=off)
        return found

    def _not_leading(self, facts: Facts, by: PersonId, call: Call) -> str | None:
        speak = person_texts(facts.revision, by)
        if not facts.revision.people[by].roles & LEADING:
            return speak("refused_role", roles=", ".join(sorted(role.value for role in LEADING)))
        if call.state is not CallState.REQUESTED or call.waits_for != LEAD:
            return speak("refused_call_state", number=number(call.ticket))
        return None

    def _too_late(self, facts: Facts, by: PersonId) -> str:
        speak = person_texts(facts.revision, by)
        return speak("refused_call_late", notice=said_notice(rules_of(facts), speak))

    def _instead(
        self, conn: Connection, facts: Facts, by: PersonId, command: c.BookCall | c.MoveCall, found: Outcome
    ) -> str:
        """Why not, and which times there are with whoever would have it, as one of our people reads it."""
        call = found.call
        if not found.refusal:  # what stands already
            return card_call(facts, call, by)
        rules, speak = replace(rules_of(facts, call), confirms=False), person_texts(facts.revision, by)
        wanted = call.kind if call is not None else command.kind if isinstance(command, c.BookCall) else ""
        kind = wanted if wanted in rules.kinds else next(iter(rules.kinds))
        whom, but = (call.person, call.key) if call is not None else (held_by(facts, by), "")
        free = room(conn, facts, rules, kind, number=INSTEAD + 1, person=whom, but=but)
        times = [at for at in (free.times if free is not None else ()) if call is None or at != call.begins_at]
        lines = numbered_lines(facts, by, times[:INSTEAD]) or [speak("call_staff_none")]
        if call is None and found.refusal in EXCEPTIONS:
            lines.append(how_to_ask(facts, by, wanted, command.begins_at))
        return "\n".join((why_refused(facts, by, found.refusal, wanted, command.begins_at, call), *lines))

    def _waived(self, conn: Connection, facts: Facts, by: PersonId, found: Outcome, why: str) -> None:
        if found.call is not None and not found.is_refused and found.call.waived_by == by:
            self._record(conn, facts, by, found.call, why)

    def _record(self, conn: Connection, facts: Facts, by: PersonId, call: Call, why: str) -> None:
        said: dict[str, str | int | None] = {"why": why, "at": call.begins_at, "person": call.person}
        audit.append(conn, [audit.Deed(facts.now, by, "call_waived", f"call:{call.key}", said)])


def held_by(facts: Facts, by: PersonId) -> PersonId:
    """Who has a call that one of our people books: they themselves; a lead books for the client's own."""
    people = people_for(facts) if facts.revision.people[by].roles & LEADING else []
    return people[0].id if people else by

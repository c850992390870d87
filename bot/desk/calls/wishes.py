"""What a client wants about a call, done and said where they ask, whether they wrote it or pressed it.

Their own call is found from any of their conversations. Of several nobody guesses which is meant: they are listed.

What cannot be had comes back with the times that are left. What was pressed below a keyboard is said there, in the
place of what it showed; words are answered by a message.
"""

from dataclasses import dataclass, replace

from bot.desk.calls import whose
from bot.desk.calls.keyboard import Under, slot_at
from bot.desk.calls.life import CallLife, Outcome
from bot.desk.calls.rooms import EXCEPTIONS, people_for, rules_of, why_not
from bot.desk.directory import Directory
from bot.store.calls import call_offers, calls
from bot.store.calls.call_offers import Offered, Standing
from bot.store.calls.reaching import reached
from bot.store.driver.connection import Connection
from bot.store.revisions import Revisions
from bot.tickets.calls.call import Call
from bot.tickets.calls.telling import CHANGES, said_call
from bot.tickets.calls.texts import said_notice
from bot.tickets.calls.words import Wish
from bot.tickets.facts import Facts, Heard
from bot.tickets.outcome import contact_texts
from bot.tickets.ticket import TicketId
from routing.people import PersonId
from sla.duration import Instant


@dataclass(frozen=True, slots=True)
class Via:
    """How a wish came: in words, or by a press below a keyboard of ours, or of a button that `names` a call's ticket.

    Who is not `is_known` is somebody of those who write there, and has no calls of their own.
    """

    heard: Heard | None = None
    under: Under | None = None
    names: TicketId | None = None
    is_known: bool = True


class CallWishes:
    """Grants them, inside a transaction that is open."""

    def __init__(self, life: CallLife, revisions: Revisions, directory: Directory) -> None:
        self._life = life
        self._revisions = revisions
        self._directory = directory

    def about(self, conn: Connection, facts: Facts, wish: Wish) -> Facts:
        """The facts of the ticket whose call an answer to times is about: an offer to move a call is about that one."""
        standing = call_offers.standing(conn, facts.talk.id) if wish.what in {"choice", "moment"} else None
        found = calls.numbered(conn, [standing.moves]) if standing is not None and standing.moves else []
        return self._on(conn, facts, found[0]) if found and whose.may_know(facts, found[0]) else facts

    def is_foreign(self, conn: Connection, facts: Facts, standing: Standing | None, via: Via) -> bool:
        """Whether times were offered for a call that is not theirs to move."""
        found = calls.numbered(conn, [standing.moves]) if standing is not None and standing.moves else []
        return any(not whose.may_know(facts, one, is_known=via.is_known) for one in found)

    def grant(  # noqa: C901, PLR0911 - one line of a list for each wish
        self, conn: Connection, facts: Facts, wish: Wish, via: Via
    ) -> Outcome:
        """What somebody wants, done and said where they asked."""
        there = reached(conn, facts, self._directory.served) or facts
        standing, speak = call_offers.standing(conn, there.talk.id), contact_texts(facts)
        if not people_for(facts):
            return self._told(conn, facts, speak("call_not_for_you"), via)
        if wish.what in {"move", "cancel"}:
            return self._change(conn, facts, wish, standing, via)
        if wish.what == "choice" and standing is not None and standing.among:
            return self._picked(conn, facts, wish.number, standing, standing.deed, via)
        call = whose.at_hand(conn, facts, is_known=via.is_known)
        if call is None and whose.live(conn, facts) is not None:
            return self._told(conn, facts, speak("call_of_another"), via)
        match wish.what:
            case "choice":
                time = slot_at(standing, wish.number) if standing is not None else None
                return self.choose(conn, facts, standing, time, via)
            case "lead" if standing is not None and standing.wanted_at is not None and call is None:
                wanted = Offered(PersonId(standing.wanted_of), standing.wanted_at)
                if not why_not(conn, facts, rules_of(facts), standing.kind, wanted):
                    return self._needless(conn, facts, standing.kind, wanted, via)
                found = self._life.book(conn, facts, standing.kind, wanted, heard=via.heard, wants_leave=True)
                return self.shown(conn, facts, found, via, standing.kind, wanted)
            case "lead" if call is None:
                return self._told(conn, facts, speak("call_lead_what"), via)
            case "moment" if wish.at is not None:
                return self._suggest(conn, facts, standing, call, wish.at, via)
        if call is not None:
            return self._said_theirs(conn, facts, call, via)
        said, others = "call_how" if wish.what == "unknown" else "call_offer", self.others(conn, facts, via)
        self._life.offering.offer(conn, facts, wish.kind, heard=via.heard, under=via.under, said=said, others=others)
        return Outcome(speak("call_offered"))

    def others(self, conn: Connection, facts: Facts, via: Via) -> list[Call]:
        """The calls that they have besides the one at hand."""
        return whose.others(conn, facts, is_known=via.is_known)

    def _change(self, conn: Connection, facts: Facts, wish: Wish, standing: Standing | None, via: Via) -> Outcome:
        """Move or cancel a call: the one that a button names, the one of a number, the only one they have."""
        here = self.named(conn, facts, via)
        if here is not None:
            return self._changed(conn, facts, here, wish.what, via, at=wish.at)
        if wish.number:
            return self._picked(conn, facts, wish.number, standing, wish.what, via)
        known = whose.ahead(conn, facts, is_known=via.is_known)
        if not known:
            return self._told(conn, facts, contact_texts(facts)("call_none_yet"), via)
        if via.names is not None:
            return self._which(conn, facts, known, wish.what, via, above="call_which_none")
        if len(known) > 1:
            return self._which(conn, facts, known, wish.what, via)
        return self._changed(conn, self._on(conn, facts, known[0]), known[0], wish.what, via, at=wish.at)

    def named(self, conn: Connection, facts: Facts, via: Via) -> Call | None:
        """The call that a button names by its ticket; what that was merged into may have another as well."""
        theirs = [one for one in whose.ahead(conn, facts, is_known=via.is_known) if via.names is not None]
        own = next((one for one in theirs if one.ticket == via.names), None)
        return own or (whose.at_hand(conn, facts, is_known=via.is_known) if via.names is not None else None)

    def _picked(
        self, conn: Connection, facts: Facts, number: int, standing: Standing | None, deed: str, via: Via
    ) -> Outcome:
        """The call of a number among those that were listed; where there is none, those there are now."""
        among = standing.among if standing is not None and facts.now < standing.ends_at else ()
        known = whose.ahead(conn, facts, is_known=via.is_known)
        named = among[number - 1] if 1 <= number <= len(among) else ""
        call = next((one for one in known if one.key == named), None)
        if call is not None:
            return self._changed(conn, self._on(conn, facts, call), call, deed, via)
        if not known:
            return self._told(conn, facts, contact_texts(facts)("call_none_yet"), via)
        return self._which(conn, facts, known, deed, via, above="call_which_none")

    def _which(
        self, conn: Connection, facts: Facts, known: list[Call], deed: str, via: Via, *, above: str = ""
    ) -> Outcome:
        said = contact_texts(facts)(above) if above else ""
        text = self._life.offering.ask_which(conn, facts, known, deed, heard=via.heard, under=via.under, above=said)
        return Outcome(text, is_refused=bool(above))

    def _changed(
        self, conn: Connection, facts: Facts, call: Call, deed: str, via: Via, *, at: Instant | None = None
    ) -> Outcome:
        """What is wanted of that very call; these are the facts of its ticket, where they ask."""
        if deed == "cancel":
            return self._life.cancel(conn, facts, call, heard=via.heard)
        if deed != "move":
            return self.stands(conn, facts, call, via, is_refused=False)
        return self.move_to(conn, facts, call, at, via)

    def move_to(self, conn: Connection, facts: Facts, call: Call, at: Instant | None, via: Via) -> Outcome:
        """Other times for a call that they have; one that they named first where it can be had, else why it cannot."""
        rules, speak = rules_of(facts, call), contact_texts(facts)
        if self._life.is_late(facts, call, rules):
            return self._told(conn, facts, speak("call_move_late", notice=said_notice(rules, speak)), via)
        if at is not None and at != call.begins_at:
            return self._proposed(conn, facts, call.kind, Offered(call.person, at), via, moves=call)
        self._life.offering.offer(conn, facts, heard=via.heard, under=via.under, moves=call, said="call_move_offer")
        return Outcome(speak("call_offered"))

    def _said_theirs(self, conn: Connection, facts: Facts, call: Call, via: Via) -> Outcome:
        """What they have: the call at hand, or all of them where there are more."""
        known = whose.ahead(conn, facts, is_known=via.is_known)
        if len(known) > 1:
            return self._which(conn, facts, known, "", via)
        return self.stands(conn, facts, call, via, is_refused=False)

    def stands(self, conn: Connection, facts: Facts, call: Call, via: Via, *, is_refused: bool = True) -> Outcome:
        """The call that they have, with what may be done about it below."""
        text = said_call(facts, call, "call_stands", rules_of(facts, call))
        self._life.offering.say(conn, facts, text, heard=via.heard, under=via.under, offers=CHANGES)
        return Outcome(text, is_refused=is_refused, call=call)

    def _on(self, conn: Connection, facts: Facts, call: Call) -> Facts:
        return whose.about(conn, self._revisions, facts, call)

    def still_given(self, conn: Connection, facts: Facts, standing: Standing, call: Call | None) -> Standing:
        """The offer with those of the times that we gave up our own terms for which can still be had."""
        rules, but = rules_of(facts, call), call.key if call is not None else ""
        still = (
            one
            for one in standing.first
            if not why_not(conn, facts, rules, standing.kind, one, but=but, is_agreed=True)
        )
        return replace(standing, first=tuple(still))

    def choose(
        self, conn: Connection, facts: Facts, standing: Standing | None, time: Offered | None, via: Via
    ) -> Outcome:
        """An offered time; of an offer that is over, or of a number that none has, what there is now."""
        if standing is None or facts.now >= standing.ends_at or time is None:
            said = "call_no_number" if standing is not None and facts.now < standing.ends_at else "call_offer_over"
            return self.again(conn, facts, standing, said, via)
        if self.is_foreign(conn, facts, standing, via):
            return self._told(conn, facts, contact_texts(facts)("call_others_offer"), via)
        if standing.moves:
            call = whose.at_hand(conn, facts, is_known=via.is_known, key=standing.moves)
            if call is None:
                return self.again(conn, facts, None, "call_offer_over", via)
            found = self._life.move(conn, facts, call, time, heard=via.heard)
        else:
            found = self._life.book(conn, facts, standing.kind, time, heard=via.heard)
        return self.shown(conn, facts, found, via, standing.kind, time)

    def _suggest(
        self,
        conn: Connection,
        facts: Facts,
        standing: Standing | None,
        call: Call | None,
        at: Instant,
        via: Via,
    ) -> Outcome:
        """A moment in somebody's own words: said back to be chosen where it can be had, else why it cannot."""
        rules = rules_of(facts)
        moved = whose.at_hand(conn, facts, key=standing.moves) if standing is not None and standing.moves else None
        is_move, call = moved is not None, moved or call
        if call is not None and not is_move:
            return self.stands(conn, facts, call, via)
        kind = standing.kind if standing is not None and standing.kind in rules.kinds else next(iter(rules.kinds))
        person = call.person if call is not None else people_for(facts)[0].id
        return self._proposed(conn, facts, kind, Offered(person, at), via, moves=call)

    def _proposed(
        self, conn: Connection, facts: Facts, kind: str, time: Offered, via: Via, *, moves: Call | None
    ) -> Outcome:
        rules, but = rules_of(facts, moves), moves.key if moves is not None else ""
        refusal = why_not(conn, facts, rules, kind, time, but=but)
        said = refusal or "call_suggest"
        first = [] if refusal else [time]
        can_ask = refusal in EXCEPTIONS and moves is None
        self._life.offering.offer(
            conn,
            facts,
            kind,
            heard=via.heard,
            under=via.under,
            said=said,
            moves=moves,
            wanted=time,
            first=first,
            can_ask_lead=can_ask,
            others=self.others(conn, facts, via),
        )
        return Outcome(contact_texts(facts)("call_offered"), is_refused=bool(refusal))

    def again(self, conn: Connection, facts: Facts, standing: Standing | None, said: str, via: Via) -> Outcome:
        """Say why a choice was none, and what may be chosen now."""
        moves = standing.moves if standing is not None else ""
        call = whose.at_hand(conn, facts, is_known=via.is_known, key=moves) or whose.at_hand(
            conn, facts, is_known=via.is_known
        )
        if call is not None and moves != call.key:
            return self.stands(conn, facts, call, via)
        kind, others = standing.kind if standing is not None else "", self.others(conn, facts, via)
        self._life.offering.offer(
            conn, facts, kind, heard=via.heard, under=via.under, said=said, moves=call, others=others
        )
        return Outcome(contact_texts(facts)(said), is_refused=True)

    def shown(self, conn: Connection, facts: Facts, found: Outcome, via: Via, kind: str, wanted: Offered) -> Outcome:
        """What was refused is said with the times that are left; what was done has been said."""
        if not found.is_refused:
            if via.under is not None:
                self._life.offering.close(conn, facts, wanted, via.under)
            return found
        if found.call is not None and not found.slots:
            self._life.offering.say(conn, facts, found.text, heard=via.heard, under=via.under, offers=CHANGES)
            return found
        refusal = why_not(conn, facts, rules_of(facts), kind, wanted, but=found.call.key if found.call else "")
        self._life.offering.offer(
            conn,
            facts,
            kind,
            heard=via.heard,
            under=via.under,
            said=refusal or "call_gone",
            moves=found.call,
            wanted=wanted,
            can_ask_lead=found.can_ask_lead,
            others=self.others(conn, facts, via),
        )
        return found

    def _needless(self, conn: Connection, facts: Facts, kind: str, wanted: Offered, via: Via) -> Outcome:
        """A time that needs nobody's leave: nobody is asked for it, and it is booked once they choose it."""
        said, others = "call_lead_needless", self.others(conn, facts, via)
        self._life.offering.offer(
            conn, facts, kind, heard=via.heard, under=via.under, said=said, wanted=wanted, first=[wanted], others=others
        )
        return Outcome(contact_texts(facts)(said), is_refused=True)

    def _told(self, conn: Connection, facts: Facts, text: str, via: Via) -> Outcome:
        self._life.offering.say(conn, facts, text, heard=via.heard, under=via.under)
        return Outcome(text, is_refused=True)

"""What a client wants about a call, done and said in the conversation, whether they wrote it or pressed it.

What cannot be had comes back with the times that are left. What was pressed below a keyboard is said there, in the
place of what it showed; words are answered by a message.
"""

from dataclasses import dataclass, replace

from bot.desk.calls.keyboard import Under, slot_at
from bot.desk.calls.life import CallLife, Outcome
from bot.desk.calls.rooms import EXCEPTIONS, people_for, rules_of, why_not
from bot.desk.directory import Directory
from bot.store.calls import call_offers, calls
from bot.store.calls.call_list import EVER
from bot.store.calls.call_offers import Asker, Offered, Standing, facts_of_asker
from bot.store.calls.reaching import reached
from bot.store.driver.connection import Connection
from bot.store.revisions import Revisions
from bot.tickets.calls.call import Call
from bot.tickets.calls.telling import CHANGES, said_call
from bot.tickets.calls.texts import said_notice
from bot.tickets.calls.words import Wish
from bot.tickets.facts import Facts, Heard
from bot.tickets.outcome import contact_texts
from routing.people import PersonId
from sla.duration import Instant


@dataclass(frozen=True, slots=True)
class Via:
    """How a wish came: in words, or by a press below a keyboard of ours."""

    heard: Heard | None = None
    under: Under | None = None


class CallWishes:
    """Grants them, inside a transaction that is open."""

    def __init__(self, life: CallLife, revisions: Revisions, directory: Directory) -> None:
        self._life = life
        self._revisions = revisions
        self._directory = directory

    def about(self, conn: Connection, facts: Facts, wish: Wish) -> Facts:
        """The facts of the ticket whose call somebody means by their words.

        An offer to move a call is about that one. Who wants to move or cancel and has none here means the next one
        that they booked in this conversation, about whatever that was.
        """
        found: list[Call] = []
        if wish.what in {"choice", "moment"}:
            standing = call_offers.standing(conn, facts.talk.id)
            found = calls.numbered(conn, [standing.moves]) if standing is not None and standing.moves else []
        elif wish.what in {"move", "cancel"} and self._life.live(conn, facts) is None:
            ahead = calls.between(conn, since=facts.now, until=EVER)
            here = (facts.talk.id, facts.speaker.contact)
            found = [one for one in ahead if one.is_ahead(facts.now) and (one.talk, one.contact) == here]
        if not found or facts.speaker.client is None:
            return facts
        asker = Asker(facts.talk.id, facts.speaker.contact, facts.speaker.client)
        about = facts_of_asker(conn, self._revisions, asker, now=facts.now, about=found[0].ticket)
        return facts if about is None or about.ticket is None else about

    def grant(  # noqa: C901, PLR0911 - one line of a list for each wish
        self, conn: Connection, facts: Facts, wish: Wish, via: Via
    ) -> Outcome:
        """What somebody wants, done and said in the conversation."""
        there = reached(conn, facts, self._directory.served) or facts
        call, standing = self._life.live(conn, facts), call_offers.standing(conn, there.talk.id)
        rules, speak = rules_of(facts), contact_texts(facts)
        if not people_for(facts):
            return self._told(conn, facts, speak("call_not_for_you"), via)
        match wish.what:
            case "choice":
                time = slot_at(standing, wish.number) if standing is not None else None
                return self.choose(conn, facts, standing, time, via)
            case "lead" if standing is not None and standing.wanted_at is not None and call is None:
                wanted = Offered(PersonId(standing.wanted_of), standing.wanted_at)
                if not why_not(conn, facts, rules, standing.kind, wanted):
                    return self._needless(conn, facts, standing.kind, wanted, via)
                found = self._life.book(conn, facts, standing.kind, wanted, heard=via.heard, wants_leave=True)
                return self.shown(conn, facts, found, via, standing.kind, wanted)
            case "lead" if call is None:
                return self._told(conn, facts, speak("call_lead_what"), via)
            case "cancel" if call is not None:
                return self._life.cancel(conn, facts, call, heard=via.heard)
            case "move" if call is not None:
                if self._life.is_late(facts, call, rules):
                    text = speak("call_move_late", notice=said_notice(rules, speak))
                    return self._told(conn, facts, text, via)
                self._life.offering.offer(
                    conn, facts, heard=via.heard, under=via.under, moves=call, said="call_move_offer"
                )
                return Outcome(speak("call_offered"))
            case "cancel" | "move":
                return self._told(conn, facts, speak("call_none_yet"), via)
            case "moment" if wish.at is not None:
                return self._suggest(conn, facts, standing, call, wish.at, via)
        if call is not None:
            self._life.offering.say(
                conn,
                facts,
                said_call(facts, call, "call_stands", rules),
                heard=via.heard,
                under=via.under,
                offers=CHANGES,
            )
            return Outcome(said_call(facts, call, "call_stands", rules), call=call)
        said = "call_how" if wish.what == "unknown" else "call_offer"
        self._life.offering.offer(conn, facts, wish.kind, heard=via.heard, under=via.under, said=said)
        return Outcome(speak("call_offered"))

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
        call = self._life.live(conn, facts)
        if standing.moves:
            if call is None or call.key != standing.moves:
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
        is_move = call is not None and standing is not None and standing.moves == call.key
        if call is not None and not is_move:
            text = said_call(facts, call, "call_stands", rules)
            self._life.offering.say(conn, facts, text, heard=via.heard, under=via.under, offers=CHANGES)
            return Outcome(text, is_refused=True, call=call)
        kind = standing.kind if standing is not None else next(iter(rules.kinds))
        moves = call if is_move else None
        but, person = (call.key, call.person) if call is not None else ("", people_for(facts)[0].id)
        time = Offered(person, at)
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
        )
        return Outcome(contact_texts(facts)("call_offered"), is_refused=bool(refusal))

    def again(self, conn: Connection, facts: Facts, standing: Standing | None, said: str, via: Via) -> Outcome:
        """Say why a choice was none, and what may be chosen now."""
        call = self._life.live(conn, facts)
        if call is not None and (standing is None or standing.moves != call.key):
            text = said_call(facts, call, "call_stands", rules_of(facts))
            self._life.offering.say(conn, facts, text, heard=via.heard, under=via.under, offers=CHANGES)
            return Outcome(text, is_refused=True, call=call)
        self._life.offering.offer(
            conn, facts, standing.kind if standing else "", heard=via.heard, under=via.under, said=said, moves=call
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
        )
        return found

    def _needless(self, conn: Connection, facts: Facts, kind: str, wanted: Offered, via: Via) -> Outcome:
        """A time that needs nobody's leave: nobody is asked for it, and it is booked once they choose it."""
        said = "call_lead_needless"
        self._life.offering.offer(
            conn, facts, kind, heard=via.heard, under=via.under, said=said, wanted=wanted, first=[wanted]
        )
        return Outcome(contact_texts(facts)(said), is_refused=True)

    def _told(self, conn: Connection, facts: Facts, text: str, via: Via) -> Outcome:
        self._life.offering.say(conn, facts, text, heard=via.heard, under=via.under)
        return Outcome(text, is_refused=True)

"""What clients say and press about calls: `/call`, the number of an offered time, a moment in their own words, buttons.

    /call   /call education   /call tomorrow 15:00   /call 2   /call move   /call cancel   /call lead

A moment in words is never booked by itself: it comes back as the first of some times, to be chosen by its number. Words
that are neither go on as a message like any other.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from adapters.message import Channel, InboundMessage
from adapters.port import Answer, Press
from adapters.text import clean
from bot.desk.calls.in_windows import MOVE, OFFER, named_beside, ticket_named, time_chosen, window_for
from bot.desk.calls.life import CallLife, Outcome
from bot.desk.calls.rooms import EXCEPTIONS, people_for, rules_of, why_not
from bot.desk.directory import Directory
from bot.desk.talk.presses import answer_from_text, answer_to_text
from bot.store import audit
from bot.store.calls import call_offers, calls
from bot.store.calls.call_list import EVER
from bot.store.calls.call_offers import Asker, Offered, Standing, facts_of_asker
from bot.store.calls.reaching import reached
from bot.store.channels import presses
from bot.store.driver.connection import Connection
from bot.store.facts import facts_of_messages, facts_of_tickets
from bot.store.people.asking import going_on, speaker_of
from bot.store.revisions import Revisions
from bot.tickets.calls.call import Call
from bot.tickets.calls.telling import CHANGES, said_call
from bot.tickets.calls.texts import said_notice
from bot.tickets.calls.words import Wish, is_like_an_answer, wish_from_text, without_a_name_below
from bot.tickets.facts import Facts, Heard
from bot.tickets.outcome import contact_texts
from bot.tickets.texts import Texts
from bot.tickets.ticket import ConversationId, ticket_id_from_number
from bot.tickets.words.decide_words import may_press, word_from_text
from routing.people import PersonId
from sla.duration import Instant, instant

CALL: Final = "call"
#: What clients press about calls; all but the first two name a ticket, those an offer.
SLOT: Final = "client.slot"
ASK_LEAD: Final = "client.call_lead"
CANCEL: Final = CHANGES[1]
PRESSES: Final = frozenset({SLOT, ASK_LEAD, OFFER, MOVE, CANCEL})
_VALUE: Final = re.compile(r"(?P<talk>\d{1,18})\.(?P<made>\d{1,18})\.(?P<place>\d{1,2})")
#: So much of what came with a refused press is written down.
_SAID_BACK: Final = 40


class CallTalk:
    """Hears and answers them, inside a transaction that is open."""

    def __init__(self, life: CallLife, revisions: Revisions, directory: Directory) -> None:
        self._life = life
        self._revisions = revisions
        self._directory = directory

    def take(self, conn: Connection, said: Sequence[InboundMessage], *, now: Instant) -> list[InboundMessage]:
        """Answer those that are about a call; gives the rest."""
        return [one for one in said if not self._heard(conn, one, now)]

    def pressed(self, conn: Connection, pressed: Sequence[Press], *, now: Instant) -> Sequence[Answer]:
        """Answer presses of clients, each once."""
        return [self._answered(conn, one, now) for one in pressed]

    def _heard(self, conn: Connection, one: InboundMessage, now: Instant) -> bool:
        text = clean(one.text)
        word = word_from_text(text, channel=one.conversation.channel)
        is_asked = word is not None and word.name == CALL
        answer = without_a_name_below(text) if text and one.conversation.channel is Channel.EMAIL else text
        if not is_asked and (word is not None or one.attachments or not is_like_an_answer(answer)):
            return False
        if self._directory.person_of(one.sender) is not None:
            return False
        if not is_asked and not self._is_offered(conn, one, now):
            return False
        (facts,) = facts_of_messages(conn, self._revisions, [one], now=now)
        key, at = f"{one.conversation.key}:{one.external_id}", min(instant(one.at), now)
        heard = Heard(key, one.external_id, text, at, sender=one.sender.address)
        asking = self._asking(conn, facts, now)
        if asking is None:
            self._life.offering.say(
                conn, replace(facts, ticket=None), contact_texts(facts)("call_not_for_you"), heard=heard
            )
            return True
        if asking.ticket is None:
            asking = replace(asking, number=facts.number)
        words = word.rest if word is not None and is_asked else answer
        wish = self._wish(asking, words)
        asking = self._about(conn, asking, wish)
        if not is_asked and wish.what not in {"choice", "moment"}:
            return False
        self._granted(conn, asking, wish, heard)
        return True

    def _is_offered(self, conn: Connection, one: InboundMessage, now: Instant) -> bool:
        talk = call_offers.talk_named(conn, one.conversation.key)
        standing = call_offers.standing(conn, talk) if talk is not None else None
        return standing is not None and now < standing.ends_at

    def _asking(self, conn: Connection, facts: Facts, now: Instant) -> Facts | None:
        """The facts as calls need them; None for whoever is not proven to be a client's."""
        speaker = facts.speaker
        if speaker.client is None or not speaker.is_verified:
            return None
        asker = Asker(facts.talk.id, speaker.contact, speaker.client)
        return facts_of_asker(conn, self._revisions, asker, now=now)

    def _about(self, conn: Connection, facts: Facts, wish: Wish) -> Facts:
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

    def _wish(self, facts: Facts, text: str) -> Wish:
        rules, people = rules_of(facts), people_for(facts)
        calendar = facts.revision.calendars[people[0].calendar] if people else None
        if calendar is None:
            return Wish("offer")
        return wish_from_text(text, rules.kinds, now=facts.now, zone=facts.speaker.zone, calendar=calendar)

    def _granted(  # noqa: C901, PLR0911 - one line of a list for each wish
        self, conn: Connection, facts: Facts, wish: Wish, heard: Heard | None
    ) -> Outcome:
        """What somebody wants, done and said in the conversation."""
        there = reached(conn, facts, self._directory.served) or facts
        call, standing = self._life.live(conn, facts), call_offers.standing(conn, there.talk.id)
        rules, speak = rules_of(facts), contact_texts(facts)
        if not people_for(facts):
            return self._told(conn, facts, speak("call_not_for_you"), heard)
        match wish.what:
            case "choice":
                return self._choose(conn, facts, standing, wish.number, heard)
            case "lead" if standing is not None and standing.wanted_at is not None and call is None:
                wanted = Offered(PersonId(standing.wanted_of), standing.wanted_at)
                found = self._life.book(conn, facts, standing.kind, wanted, heard=heard, wants_leave=True)
                return self._shown(conn, facts, found, heard, standing.kind, wanted)
            case "lead":
                return self._told(conn, facts, speak("call_lead_what"), heard)
            case "cancel" if call is not None:
                return self._life.cancel(conn, facts, call, heard=heard)
            case "move" if call is not None:
                if self._life.is_late(facts, call, rules):
                    text = speak("call_move_late", notice=said_notice(rules, speak))
                    return self._told(conn, facts, text, heard)
                self._life.offering.offer(conn, facts, heard=heard, moves=call, said="call_move_offer")
                return Outcome(speak("call_offered"))
            case "cancel" | "move":
                return self._told(conn, facts, speak("call_none_yet"), heard)
            case "moment" if wish.at is not None:
                return self._suggest(conn, facts, standing, call, wish.at, heard)
        if call is not None:
            self._life.offering.say(
                conn, facts, said_call(facts, call, "call_stands", rules), heard=heard, offers=CHANGES
            )
            return Outcome(said_call(facts, call, "call_stands", rules), call=call)
        said = "call_how" if wish.what == "unknown" else "call_offer"
        self._life.offering.offer(conn, facts, wish.kind, heard=heard, said=said)
        return Outcome(speak("call_offered"))

    def _choose(
        self, conn: Connection, facts: Facts, standing: Standing | None, place: int, heard: Heard | None
    ) -> Outcome:
        """The number of an offered time; of an offer that is over, what there is now."""
        if standing is None or facts.now >= standing.ends_at or not 1 <= place <= len(standing.slots):
            said = "call_no_number" if standing is not None and facts.now < standing.ends_at else "call_offer_over"
            return self._again(conn, facts, standing, said, heard)
        time, call = standing.slots[place - 1], self._life.live(conn, facts)
        if standing.moves:
            if call is None or call.key != standing.moves:
                return self._again(conn, facts, None, "call_offer_over", heard)
            found = self._life.move(conn, facts, call, time, heard=heard)
        else:
            found = self._life.book(conn, facts, standing.kind, time, heard=heard)
        return self._shown(conn, facts, found, heard, standing.kind, time)

    def _suggest(
        self,
        conn: Connection,
        facts: Facts,
        standing: Standing | None,
        call: Call | None,
        at: Instant,
        heard: Heard | None,
    ) -> Outcome:
        """A moment in somebody's own words: said back to be chosen where it can be had, else why it cannot."""
        rules = rules_of(facts)
        is_move = call is not None and standing is not None and standing.moves == call.key
        if call is not None and not is_move:
            text = said_call(facts, call, "call_stands", rules)
            self._life.offering.say(conn, facts, text, heard=heard, offers=CHANGES)
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
            conn, facts, kind, heard=heard, said=said, moves=moves, wanted=time, first=first, can_ask_lead=can_ask
        )
        return Outcome(contact_texts(facts)("call_offered"), is_refused=bool(refusal))

    def _again(
        self, conn: Connection, facts: Facts, standing: Standing | None, said: str, heard: Heard | None
    ) -> Outcome:
        """Say why a choice was none, and what may be chosen now."""
        call = self._life.live(conn, facts)
        if call is not None and (standing is None or standing.moves != call.key):
            text = said_call(facts, call, "call_stands", rules_of(facts))
            self._life.offering.say(conn, facts, text, heard=heard, offers=CHANGES)
            return Outcome(text, is_refused=True, call=call)
        self._life.offering.offer(conn, facts, standing.kind if standing else "", heard=heard, said=said, moves=call)
        return Outcome(contact_texts(facts)(said), is_refused=True)

    def _shown(
        self, conn: Connection, facts: Facts, found: Outcome, heard: Heard | None, kind: str, wanted: Offered
    ) -> Outcome:
        """What was refused is said with the times that are left; what was done has been said."""
        if not found.is_refused:
            return found
        if found.call is not None and not found.slots:
            self._life.offering.say(conn, facts, found.text, heard=heard, offers=CHANGES)
            return found
        refusal = why_not(conn, facts, rules_of(facts), kind, wanted, but=found.call.key if found.call else "")
        self._life.offering.offer(
            conn,
            facts,
            kind,
            heard=heard,
            said=refusal or "call_gone",
            moves=found.call,
            wanted=wanted,
            can_ask_lead=found.can_ask_lead,
        )
        return found

    def _told(self, conn: Connection, facts: Facts, text: str, heard: Heard | None) -> Outcome:
        self._life.offering.say(conn, facts, text, heard=heard)
        return Outcome(text, is_refused=True)

    # Presses

    def _answered(self, conn: Connection, press: Press, now: Instant) -> Answer:
        key = f"{press.by.key}:{press.key}"
        if (kept := presses.answers(conn, [key]).get(key)) is not None:
            return answer_from_text(kept)
        answer = self._pressed(conn, press, now)
        if answer.form is not None:
            return answer  # nothing was done: pressed again, it opens again
        presses.keep(conn, [presses.Answered(key, answer_to_text(answer), now)])
        return answer

    def _pressed(self, conn: Connection, press: Press, now: Instant) -> Answer:
        asker = self._presser(conn, press, now)
        if asker is None:
            return self._refused(conn, press, now)
        # What stands below a call means that call, also when something else is talked about by now.
        about = ticket_id_from_number(ticket_named(press.value)) if press.action in CHANGES else None
        facts = facts_of_asker(conn, self._revisions, asker, now=now, about=about)
        if facts is None:
            return self._refused(conn, press, now)
        time = time_chosen(press)
        if time is None and self._opens_windows(press):
            window = window_for(conn, self._life, facts, press)
            if window is not None:
                return window
        found = self._press_granted(conn, facts, press) if time is None else self._taken(conn, facts, press, time)
        return Answer(found.text.partition("\n")[0], is_refused=found.is_refused)

    def _opens_windows(self, press: Press) -> bool:
        limits = self._directory.limits_of(press.by.channel)
        return press.conversation is not None and limits is not None and limits.has_windows

    def _taken(self, conn: Connection, facts: Facts, press: Press, time: Offered) -> Outcome:
        """A time that was chosen in a window; where there is nothing to choose any more, what there is."""
        call, named = self._life.live(conn, facts), named_beside(press)
        if press.action == MOVE and call is not None and named == call.key:
            return self._shown(conn, facts, self._life.move(conn, facts, call, time), None, call.kind, time)
        if press.action == OFFER and call is None and named in rules_of(facts).kinds and people_for(facts):
            return self._shown(conn, facts, self._life.book(conn, facts, named, time), None, named, time)
        return self._press_granted(conn, facts, press)

    def _press_granted(self, conn: Connection, facts: Facts, press: Press) -> Outcome:
        value = _VALUE.fullmatch(press.value)
        if press.action == SLOT and value is not None:
            standing = call_offers.standing(conn, facts.talk.id)
            if standing is None or standing.made_at != int(value["made"]):
                return self._again(conn, facts, standing, "call_offer_over", None)
            about = self._about(conn, facts, Wish("choice"))
            return self._choose(conn, about, standing, int(value["place"]), None)
        wishes = {MOVE: Wish("move"), CANCEL: Wish("cancel"), ASK_LEAD: Wish("lead")}
        return self._granted(conn, facts, wishes.get(press.action, Wish("offer")), None)

    def _presser(self, conn: Connection, press: Press, now: Instant) -> Asker | None:
        """Who pressed, in which conversation; None for anybody else's button."""
        if self._directory.person_of(press.by) is not None:
            return None
        speaker = speaker_of(conn, self._revisions.current, press.by)
        value = _VALUE.fullmatch(press.value)
        if value is not None:
            owner = call_offers.owner_of(conn, ConversationId(int(value["talk"])))
            if owner is None or press.conversation is None or owner.where.lane != press.conversation.lane:
                return None
            talk, contact, place = owner.talk, owner.contact, owner.where
        else:
            facts = self._ticket(conn, ticket_named(press.value), now)
            if facts is None or facts.ticket is None or not may_press(facts, speaker, press.conversation):
                return None
            talk, contact, place = facts.talk.id, facts.ticket.contact, facts.talk.conversation
        owned = (
            one.id
            for one in self._revisions.current.clients.values()
            if place.place in one.channels.get(place.channel, ())
        )
        client = next(owned, None)
        if speaker is not None and speaker.is_verified and speaker.client is not None:
            if client not in {None, speaker.client} or (client is None and speaker.contact != contact):
                return None
            return Asker(talk, speaker.contact, speaker.client)
        return Asker(talk, contact, client) if client is not None else None

    def _ticket(self, conn: Connection, value: str, now: Instant) -> Facts | None:
        try:
            ticket = ticket_id_from_number(value)
        except ValueError:
            return None
        end = going_on(conn, [ticket])[ticket]
        return facts_of_tickets(conn, self._revisions, [end], now=now).get(end)

    def _refused(self, conn: Connection, press: Press, now: Instant) -> Answer:
        """It is written down that they tried; the words are the same whether or not there is such a call."""
        revision, asker = self._revisions.current, speaker_of(conn, self._revisions.current, press.by)
        where = press.conversation.key if press.conversation is not None else None
        tried = {"value": press.value[:_SAID_BACK], "where": where}
        audit.append(conn, [audit.Deed(now, press.by.key, "refused", press.action, tried)])
        language, zone = (asker.language, asker.zone) if asker is not None else (revision.language, revision.zone)
        return Answer(Texts(language, zone, revision.texts)("refused_not_yours"), is_refused=True)

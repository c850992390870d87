"""What clients press about calls: the buttons below words to them, the keyboard of an offer, windows.

Each press is answered once, and written down where whoever pressed has no part in it.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from adapters.message import Conversation
from adapters.port import Answer, Press
from bot.desk.calls import whose
from bot.desk.calls.in_windows import MOVE, OFFER, named_beside, ticket_named, time_chosen, window_for
from bot.desk.calls.keyboard import ASK_LEAD, DAY, DAYS, KIND, SLOT, Under, behind, day_chosen, time_of
from bot.desk.calls.life import CallLife, Outcome
from bot.desk.calls.rooms import people_for, rules_of
from bot.desk.calls.wishes import CallWishes, Via
from bot.desk.directory import Directory
from bot.desk.talk.presses import answer_from_text, answer_to_text
from bot.store import audit
from bot.store.calls import call_offers
from bot.store.calls.call_offers import Asker, Offered, Standing, facts_of_asker
from bot.store.channels import presses
from bot.store.driver.connection import Connection
from bot.store.facts import facts_of_tickets
from bot.store.people.asking import going_on, speaker_of, texts_for
from bot.store.revisions import Revisions
from bot.tickets.calls.days import day_name
from bot.tickets.calls.telling import CHANGES
from bot.tickets.calls.words import Wish
from bot.tickets.facts import Facts
from bot.tickets.outcome import contact_texts
from bot.tickets.ticket import ConversationId, ticket_id_from_number
from bot.tickets.words.decide_words import may_press
from sla.duration import Instant

CANCEL: Final = CHANGES[1]
_ON_KEYBOARDS: Final = frozenset({DAY, DAYS, KIND})
PRESSES: Final = frozenset({SLOT, ASK_LEAD, OFFER, MOVE, CANCEL}) | _ON_KEYBOARDS
#: So much of what came with a refused press is written down.
_SAID_BACK: Final = 40


class CallPresses:
    """Answers them, inside a transaction that is open."""

    def __init__(self, life: CallLife, wishes: CallWishes, revisions: Revisions, directory: Directory) -> None:
        self._life = life
        self._wishes = wishes
        self._revisions = revisions
        self._directory = directory

    def take(self, conn: Connection, pressed: Sequence[Press], *, now: Instant) -> Sequence[Answer]:
        """Answer presses of clients, each once."""
        return [self._answered(conn, one, now) for one in pressed]

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
        is_known = speaker_of(conn, self._revisions.current, press.by) is not None
        via = Via(under=self._under(facts, press), names=about, is_known=is_known)
        time = time_chosen(press)
        if time is None and self._opens_windows(press):
            call = self._wishes.named(conn, facts, via) or whose.at_hand(conn, facts, is_known=is_known)
            window = window_for(conn, self._life, facts, press, call, self._wishes.others(conn, facts, via))
            if window is not None:
                return window
        granted = self._press_granted if time is None else partial(self._taken, time=time)
        found = granted(conn, facts, press, via)
        return Answer(found.text.partition("\n")[0], is_refused=found.is_refused)

    def _opens_windows(self, press: Press) -> bool:
        limits = self._directory.limits_of(press.by.channel)
        return press.conversation is not None and limits is not None and limits.has_windows

    def _taken(self, conn: Connection, facts: Facts, press: Press, via: Via, *, time: Offered) -> Outcome:
        """A time that was chosen in a window; where there is nothing to choose any more, what there is."""
        call, named = self._wishes.named(conn, facts, via), named_beside(press)
        if press.action == MOVE and call is not None and named == call.key:
            return self._wishes.shown(conn, facts, self._life.move(conn, facts, call, time), via, call.kind, time)
        is_free = whose.live(conn, facts) is None
        if press.action == OFFER and is_free and named in rules_of(facts).kinds and people_for(facts):
            return self._wishes.shown(conn, facts, self._life.book(conn, facts, named, time), via, named, time)
        return self._press_granted(conn, facts, press, via)

    def _press_granted(self, conn: Connection, facts: Facts, press: Press, via: Via) -> Outcome:
        pressed = behind(press)
        if pressed is not None and press.action in {SLOT, *_ON_KEYBOARDS}:
            standing = call_offers.standing(conn, facts.talk.id)
            if self._wishes.is_foreign(conn, facts, standing, via):
                return Outcome(contact_texts(facts)("call_others_offer"), is_refused=True)
            about = self._wishes.about(conn, facts, Wish("choice"))
            if standing is None or standing.made_at != pressed.made_at:
                under = replace(via.under, made_at=facts.now) if via.under is not None else None
                return self._wishes.again(conn, about, standing, "call_offer_over", replace(via, under=under))
            if press.action == SLOT:
                return self._wishes.choose(conn, about, standing, time_of(standing, pressed.chosen), via)
            return self._turned(conn, about, standing, press.action, pressed.chosen, via)
        wishes = {MOVE: Wish("move"), CANCEL: Wish("cancel"), ASK_LEAD: Wish("lead")}
        return self._wishes.grant(conn, facts, wishes.get(press.action, Wish("offer")), via)

    def _turned(
        self, conn: Connection, facts: Facts, standing: Standing, action: str, chosen: str, via: Via
    ) -> Outcome:
        """Something else of an offer is to be seen; a day that has filled up says so, with what is left."""
        call = whose.at_hand(conn, facts, is_known=via.is_known, key=standing.moves)
        if facts.now >= standing.ends_at or (call.key if call is not None else "") != standing.moves:
            return self._wishes.again(conn, facts, None, "call_offer_over", via)
        offering, day, said = (
            self._life.offering,
            day_chosen(chosen),
            "call_offer" if call is None else "call_move_offer",
        )
        standing, others = self._wishes.still_given(conn, facts, standing, call), self._wishes.others(conn, facts, via)
        if action == DAY and day is not None:
            if offering.show_day(conn, facts, standing, day, via.under, moves=call):
                return Outcome("")
            name = day_name(day[0], contact_texts(facts))
            full = "call_day_full"
            first = standing.first
            offering.offer(
                conn,
                facts,
                standing.kind,
                said=full,
                moves=call,
                under=via.under,
                day=name,
                first=first,
                others=others,
            )
            return Outcome(contact_texts(facts)(full, day=name), is_refused=True)
        kind = chosen if action == KIND else standing.kind
        since = day[0] if action == DAYS and day is not None else None
        first = standing.first if kind == standing.kind else ()
        under = via.under
        offering.offer(conn, facts, kind, said=said, moves=call, under=under, since=since, first=first, others=others)
        return Outcome("")

    def _under(self, facts: Facts, press: Press) -> Under | None:
        """The keyboard that was pressed, where it can be changed in its place."""
        pressed, shown = behind(press), press.under
        if (
            pressed is None
            or shown is None
            or press.conversation is None
            or not self._life.offering.has_keyboards(facts)
        ):
            return None
        return Under(press.conversation, shown, pressed.made_at, f"{press.by.key}:{press.key}")

    def _presser(self, conn: Connection, press: Press, now: Instant) -> Asker | None:
        """Who pressed, in which conversation; None for anybody else's button."""
        if self._directory.person_of(press.by) is not None:
            return None
        speaker = speaker_of(conn, self._revisions.current, press.by)
        pressed = behind(press)
        if pressed is not None:
            owner = call_offers.owner_of(conn, pressed.talk)
            if owner is None or press.conversation is None or owner.where.lane != press.conversation.lane:
                return None
            talk, contact, place = owner.talk, owner.contact, owner.where
        else:
            facts = self._ticket(conn, ticket_named(press.value), now)
            if facts is None or facts.ticket is None:
                return None
            is_own = any(one.contact == speaker.contact for one in whose.of_ticket(conn, facts)) if speaker else False
            if not is_own and not may_press(facts, speaker, press.conversation):
                return None
            contact = speaker.contact if speaker is not None and is_own else facts.ticket.contact
            talk, place = _pressed_in(conn, facts, press)
        client = self._revisions.current.owners.get((place.channel, place.place))
        if speaker is not None and speaker.is_verified and speaker.client is not None:
            if client not in {None, speaker.client} or (client is None and speaker.contact != contact):
                return None
            return Asker(talk, speaker.contact, speaker.client)
        who = speaker.contact if speaker is not None else contact
        return Asker(talk, who, client) if client is not None else None

    def _ticket(self, conn: Connection, value: str, now: Instant) -> Facts | None:
        try:
            ticket = ticket_id_from_number(value)
        except ValueError:
            return None
        end = going_on(conn, [ticket])[ticket]
        return facts_of_tickets(conn, self._revisions, [end], now=now).get(end)

    def _refused(self, conn: Connection, press: Press, now: Instant) -> Answer:
        """It is written down that they tried; the words are the same whether or not there is such a call."""
        where = press.conversation.key if press.conversation is not None else None
        tried = {"value": press.value[:_SAID_BACK], "where": where}
        audit.append(conn, [audit.Deed(now, press.by.key, "refused", press.action, tried)])
        speak = texts_for(conn, self._revisions.current, press.by, press.language)
        return Answer(speak("refused_not_yours"), is_refused=True)


def _pressed_in(conn: Connection, facts: Facts, press: Press) -> tuple[ConversationId, Conversation]:
    """The conversation that a button stands in, which need not be where its ticket is talked about by now."""
    where = press.conversation
    if where is None or where.lane == facts.talk.conversation.lane:
        return facts.talk.id, facts.talk.conversation
    talk = call_offers.talk_named(conn, where.key)
    return (talk, where) if talk is not None else (facts.talk.id, facts.talk.conversation)

"""Times that a client may have, said in their conversation: each with its number, its button, and a page for all.

Nothing is held by it: whoever chooses is judged anew (`life.py`).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from adapters.message import Button, Invite
from bot.desk.calls.keyboard import (
    ASK_LEAD,
    KIND,
    MOST_TIMES,
    SLOT,
    Under,
    day_buttons,
    time_buttons,
    value_of,
)
from bot.desk.calls.rooms import INSTEAD, Room, people_for, room, rules_of, times
from bot.desk.directory import Directory
from bot.store.calls import call_offers
from bot.store.calls.answered import line_named, newest_line
from bot.store.calls.call_offers import Asker, Offered, Standing, asker_to_text, slot_to_text
from bot.store.calls.reaching import reached
from bot.store.delivery.told import keyboard_row
from bot.store.driver.connection import Connection
from bot.store.people import tokens
from bot.store.unit import write, write_outbox
from bot.tickets.calls.answering import Shown
from bot.tickets.calls.call import Call, CallRules
from bot.tickets.calls.days import clock_labels, day_name, day_of
from bot.tickets.calls.telling import CHANGES, client_line, said_call, times_text
from bot.tickets.calls.texts import Time, name_of_kind, said_notice, said_time
from bot.tickets.facts import Decision, Facts, Heard, MessageKind, Say
from bot.tickets.outcome import contact_texts, first_name
from bot.tickets.texts import Texts
from bot.tickets.ticket import number
from routing.people import PersonId
from sla.duration import Instant, later

#: What a link opens; it is good for as long as what was offered with it.
BOOK: Final = "book"
OFFERED_FOR: Final = timedelta(days=7)
#: More than there are free times as far ahead as anybody may book.
EVERY: Final = 10_000
#: Far more often than anybody opens one link; they are not used up.
_USES: Final = 1_000_000


class Offering:
    """Says which times there are; holds nothing, so there may be several."""

    def __init__(self, directory: Directory, page: str) -> None:
        """`page` is where our pages are seen from outside; without it no links are given."""
        self._directory = directory
        self._page = page

    def offer(
        self,
        conn: Connection,
        facts: Facts,
        kind: str = "",
        *,
        heard: Heard | None = None,
        said: str = "call_offer",
        moves: Call | None = None,
        wanted: Offered | None = None,
        first: Sequence[Offered] = (),
        can_ask_lead: bool = False,
        invite: Invite | None = None,
        under: Under | None = None,
        since: date | None = None,
        day: str = "",
        others: Sequence[Call] = (),
    ) -> tuple[Offered, ...]:
        """Say which times there are, each with the number that means it; what was offered before counts no more.

        `said` is the sentence above them, `first` are times that stand before the others, `wanted` is what somebody
        wanted and could not have. `invite` tells their calendar of what is off. `under` is the keyboard that shows it
        instead of a message of its own, `since` the first of the days on it, `day` one that has nothing any more.
        `others` are calls that they have: they are named before another one is offered.
        """
        facts = reached(conn, facts, self._directory.served) or facts
        rules, speak = rules_of(facts, moves), contact_texts(facts)
        kind = moves.kind if moves is not None else kind if kind in rules.kinds else next(iter(rules.kinds))
        but = moves.key if moves is not None else ""
        whom = (wanted or moves).person if moves is not None else None
        many = rules.offered if said == "call_offer" else INSTEAD
        has_days = self.has_keyboards(facts)
        found = room(conn, facts, rules, kind, number=EVERY if has_days else many + 1, first=whom, but=but)
        # What was declined is not offered again, nor is the time that a call has already.
        but_not = Offered(moves.person, moves.begins_at) if moves is not None else wanted
        is_left_out = moves is not None or said == "call_declined"
        free = (one for one in (found.offered if found is not None else ()) if not is_left_out or one != but_not)
        offered = tuple(dict.fromkeys((*first, *free)))[:many]
        values = {**values_of(facts, rules, kind, found, wanted), "day": day}
        lines = [times_text(facts, times(offered), said, **values)]
        if found is not None and found.instead_of is not None and offered:
            away = first_name(facts.revision, found.instead_of, speak("the_team"))
            name = first_name(facts.revision, found.person, speak("the_team"))
            lines.insert(0, speak("call_instead", away=away, name=name))
        if others and moves is None:
            lines.insert(0, said_calls(facts, others))
        if can_ask_lead:
            lines.append(speak("call_ask_lead"))
        if said == "call_offer" and len(rules.kinds) > 1 and moves is None:
            kinds = ", ".join(f"{name_of_kind(one, rules, speak)} (/call {one})" for one in rules.kinds if one != kind)
            lines.append(speak("call_kinds", kinds=kinds))
        ends_at = later(facts.now, OFFERED_FOR)
        if link := self._link(conn, facts, ends_at):
            lines.append(speak("call_page", link=link))
        made_at = under.made_at if under is not None else facts.now
        given = tuple(one for one in first if one.is_waived)
        contact = moves.contact if moves is not None else facts.speaker.contact
        standing = Standing(facts.talk.id, kind, offered, made_at, ends_at, moves.key if moves else "", first=given)
        standing = replace(standing, contact=contact)
        if wanted is not None:
            standing = replace(standing, wanted_at=wanted.begins_at, wanted_of=wanted.person)
        buttons = self._time_buttons(facts, standing, speak)
        if has_days and found is not None and len(found.times) > len(offered):
            buttons += day_buttons(facts.talk.id, made_at, found.times, since, speak)
        if has_days and said == "call_offer" and moves is None:
            named = ((one, name_of_kind(one, rules, speak)) for one in rules.kinds if one != kind)
            buttons += tuple(Button(KIND, name, value_of(facts.talk.id, made_at, one)) for one, name in named)
        if can_ask_lead:
            lead = value_of(facts.talk.id, made_at, "0")
            buttons += (Button(ASK_LEAD, speak("button_client_call_lead"), lead),)
        self.say(conn, facts, "\n".join(lines), heard=heard, buttons=buttons, invite=invite, under=under)
        _keep(conn, standing, under)
        return offered

    def ask_which(
        self,
        conn: Connection,
        facts: Facts,
        among: Sequence[Call],
        deed: str,
        *,
        heard: Heard | None = None,
        under: Under | None = None,
        above: str = "",
    ) -> str:
        """List calls, each with the number that means it; `deed` is what shall be done with the one that is chosen.

        Without a deed the list says what they have. `above` stands before it.
        """
        facts, speak = reached(conn, facts, self._directory.served) or facts, contact_texts(facts)
        named = [client_line(facts.revision, one, rules_of(facts, one), speak, now=facts.now) for one in among]
        listed = (f"{place}. {line}" for place, line in enumerate(named, 1))
        lines = [above, speak(f"call_which_{deed}" if deed else "call_yours"), *listed]
        lines += [] if deed else [speak("call_change")]
        at = [said_time(facts.revision, speak, Time(one.person, one.begins_at), now=facts.now) for one in among]
        actions = [one for one in CHANGES if one.endswith(f"_{deed}")]
        buttons = tuple(
            Button(action, f"{place}. {time}", number(one.ticket))
            for action in actions
            for place, (one, time) in enumerate(zip(among, at, strict=True), 1)
        )
        text, ends_at = "\n".join(filter(None, lines)), later(facts.now, OFFERED_FOR)
        self.say(conn, facts, text, heard=heard, buttons=buttons, under=under)
        standing = Standing(facts.talk.id, "", (), facts.now, ends_at, contact=facts.speaker.contact, deed=deed)
        _keep(conn, replace(standing, among=tuple(one.key for one in among)), under)
        return text

    def show_day(
        self,
        conn: Connection,
        facts: Facts,
        standing: Standing,
        chosen: tuple[date, Instant],
        under: Under | None,
        *,
        moves: Call | None = None,
    ) -> bool:
        """The free times of a day below their keyboard, each with the number that means it; False: there are none."""
        rules, speak, (wanted, since) = rules_of(facts, moves), contact_texts(facts), chosen
        but = moves.key if moves is not None else ""
        whom = PersonId(standing.wanted_of or moves.person) if moves is not None else None
        is_offered = standing.kind in rules.kinds
        found = room(conn, facts, rules, standing.kind, number=EVERY, first=whom, but=but) if is_offered else None
        times_there = found.offered if found is not None else ()
        own = moves.begins_at if moves is not None else None
        there = {one.begins_at: one for one in (*standing.first, *times_there)}
        ahead = (there[at] for at in sorted(there) if at >= since and at != own)
        of_day = [one for one in ahead if day_of(one.begins_at, speak) == wanted]
        if found is None or not of_day:
            return False
        offered, rest = tuple(of_day[:MOST_TIMES]), of_day[MOST_TIMES:]
        values = values_of(facts, rules, standing.kind, found, None)
        labels = clock_labels(facts.revision, speak, times(offered), now=facts.now)
        lines = [speak("call_day", **{**values, "day": day_name(wanted, speak)})]
        lines += [f"{place}. {label}" for place, label in enumerate(labels, 1)]
        more = rest[0].begins_at if rest else None
        buttons = time_buttons(facts.talk.id, standing.made_at, offered, more, speak)
        self.say(conn, facts, "\n".join(lines), buttons=buttons, under=under)
        _keep(conn, replace(standing, slots=offered), under)
        return True

    def close(self, conn: Connection, facts: Facts, time: Offered, under: Under) -> None:
        """A time was chosen: the keyboard says which, and has no buttons any more."""
        speak = contact_texts(facts)
        said = said_time(facts.revision, speak, Time(time.person, time.begins_at), now=facts.now)
        self.say(conn, facts, speak("call_chosen", time=said), under=under)

    def has_keyboards(self, facts: Facts) -> bool:
        """Whether a keyboard may stand there and be changed in its place; where windows open they offer the days."""
        limits = self._directory.limits_of(facts.talk.conversation.channel)
        return limits is not None and limits.has_buttons and limits.can_edit and not limits.has_windows

    def say(
        self,
        conn: Connection,
        facts: Facts,
        text: str,
        *,
        heard: Heard | None = None,
        buttons: tuple[Button, ...] = (),
        offers: tuple[str, ...] = (),
        invite: Invite | None = None,
        under: Under | None = None,
    ) -> None:
        """Words in the conversation that change nothing; `under` is the message whose place they take."""
        facts = reached(conn, facts, self._directory.served) or facts
        if under is not None and heard is None and invite is None:
            buttons += tuple(_button(facts, one) for one in offers)
            row = keyboard_row(under.key, under.shown, text, buttons, under.where, facts.now)
            write_outbox(conn, [row])
            return
        said = Say(text, MessageKind.AUTO, buttons=buttons, offers=offers, invite=invite)
        decision = Decision(heard=heard, effects=(said,))
        write(conn, [(facts, decision)], recorded_at=facts.now, whereto=self._directory.whereto)

    def _time_buttons(self, facts: Facts, standing: Standing, speak: Texts) -> tuple[Button, ...]:
        """Offered times by their places; on a keyboard each by itself, because what else it shows changes."""
        is_keyboard = self.has_keyboards(facts)
        labels = (said_time(facts.revision, speak, one, now=facts.now) for one in times(standing.slots))
        return tuple(
            Button(
                SLOT,
                f"{place}. {label}",
                value_of(facts.talk.id, standing.made_at, slot_to_text(one) if is_keyboard else str(place)),
            )
            for place, (one, label) in enumerate(zip(standing.slots, labels, strict=True), 1)
        )

    def _link(self, conn: Connection, facts: Facts, ends_at: Instant) -> str:
        """A page to choose on, for whoever has no buttons."""
        limits = self._directory.limits_of(facts.talk.conversation.channel)
        if not self._page or facts.speaker.client is None or (limits is not None and limits.has_buttons):
            return ""
        asker = Asker(facts.talk.id, facts.speaker.contact, facts.speaker.client)
        token = tokens.make_link(
            conn, purpose=BOOK, subject=asker_to_text(asker), now=facts.now, expires_at=ends_at, uses=_USES
        )
        return f"{self._page.rstrip('/')}/book/{token}"


def said_calls(facts: Facts, ahead: Sequence[Call]) -> str:
    """The calls that somebody has, as it is said before another is offered."""
    if len(ahead) == 1:
        return said_call(facts, ahead[0], "call_stands", rules_of(facts, ahead[0]))
    speak = contact_texts(facts)
    lines = (client_line(facts.revision, one, rules_of(facts, one), speak, now=facts.now) for one in ahead)
    return "\n".join((speak("call_yours"), *(f"• {line}" for line in lines), speak("call_change")))


def _keep(conn: Connection, standing: Standing, under: Under | None) -> None:
    """What was just said is what is offered now, and where it stands: a number that answers it is known by that."""
    newest = newest_line(conn, standing.talk)
    line = newest
    if under is not None:
        named = line_named(conn, under.where.key, under.shown, SLOT)
        line = named.line if named is not None else 0
    call_offers.put(conn, replace(standing, shown=Shown(line, newest)))


def _button(facts: Facts, action: str) -> Button:
    """A question about the ticket, as it stands below words to a client."""
    value = number(facts.ticket.id) if facts.ticket is not None else ""
    return Button(action, contact_texts(facts)(f"button_{action.replace('.', '_')}"), value)


def values_of(facts: Facts, rules: CallRules, kind: str, found: Room | None, wanted: Offered | None) -> dict[str, str]:
    """What a sentence about times is filled in with; `wanted` is what somebody wanted and could not have."""
    speak = contact_texts(facts)
    whom = wanted.person if wanted is not None else found.person if found is not None else None
    if whom is None:
        whom = next((one.id for one in people_for(facts)), None)
    time = said_time(facts.revision, speak, Time(wanted.person, wanted.begins_at), now=facts.now) if wanted else ""
    return {
        "name": first_name(facts.revision, whom, speak("the_team")),
        "kind": name_of_kind(kind, rules, speak),
        "length": speak.length(rules.kinds[kind].length),
        "time": time,
        "notice": said_notice(rules, speak),
        "number": number(facts.ticket.id) if facts.ticket is not None else "",
    }

"""Days and times below a message to one of our people, who books or moves a call for a client where no window opens.

    kinds, the next times, days ──a day──> its times ──a time──> done | why not: three others, and the lead can be asked
                                └──another time──> asked for in words

It is changed in the message that it stands below. Its buttons say all that they mean, so nothing is kept of it: what
is chosen is judged anew, and an old one shows what is free now.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Final

from adapters.message import Button, Channel, Conversation
from adapters.port import Answer, Press
from bot.desk.calls.keyboard import DAY, DAYS, MOST_TIMES, SLOT, day_buttons, day_chosen, of_value, time_buttons
from bot.desk.calls.offering import EVERY, OFFERED_FOR
from bot.desk.calls.presses import BOOK
from bot.desk.calls.rooms import EXCEPTIONS, INSTEAD, room, rules_of, why_not
from bot.desk.calls.staff import CallStaff, held_by
from bot.desk.calls.staff_words import card_call, numbered_lines, said_at, why_refused
from bot.desk.directory import Directory
from bot.desk.talk.presses import answer_from_text, answer_to_text
from bot.store.calls import calls
from bot.store.calls.call_offers import Offered, slot_from_text, slot_to_text
from bot.store.channels import presses
from bot.store.delivery.told import keyboard_row, word_row
from bot.store.driver.connection import Connection
from bot.store.facts import facts_of_tickets, lock_tickets
from bot.store.people.asking import going_on
from bot.store.revisions import Revisions
from bot.store.unit import write_outbox
from bot.tickets.calls.call import Call, CallRules
from bot.tickets.calls.command import BookCall, MoveCall
from bot.tickets.calls.days import day_name, day_of
from bot.tickets.calls.texts import name_of_kind, said_notice
from bot.tickets.decide_staff import ACTING, LEADING
from bot.tickets.facts import Facts
from bot.tickets.outcome import client_name, first_name, person_texts
from bot.tickets.texts import Texts
from bot.tickets.ticket import ConversationId, TicketId, number, ticket_id_from_number
from routing.people import PersonId
from sla.duration import Instant, later

MOVE: Final = "ticket.call_move"
#: What the card's buttons are that open it, and what its own buttons begin with.
OPENS: Final = frozenset({BOOK, MOVE})
KEYS: Final = "book."
WORDS: Final = "book.words"
_SLOT, _DAY, _DAYS, _KIND, _LEAD, _STOP = (f"{KEYS}{one}" for one in ("slot", "day", "days", "kind", "lead", "stop"))
_OURS: Final = {DAY: _DAY, DAYS: _DAYS, SLOT: _SLOT}
_BETWEEN: Final = "~"
_PARTS: Final = 6


Drawn = tuple[str, Sequence[Button]]
#: The call that a ticket has, whichever it is.
_ANY: Final = "*"
#: Clients' keyboards name a conversation; ours names none.
_NOWHERE: Final = ConversationId(0)


@dataclass(frozen=True, slots=True)
class Pressed:
    """A press by one of our people."""

    press: Press
    by: PersonId
    now: Instant


@dataclass(frozen=True, slots=True)
class Under:
    """Where a keyboard is shown: the conversation, the message it stands under, who alone sees it; `key` names it."""

    where: Conversation
    shown: str | None
    key: str
    now: Instant
    alone: str = ""


@dataclass(frozen=True, slots=True)
class _Key:
    """What a button means: for whose ticket, offered when and to whom, of which kind or to move which call."""

    ticket: TicketId
    made_at: Instant
    by: PersonId
    call: str
    kind: str
    chosen: str = ""

    def value(self, chosen: str) -> str:
        parts = (number(self.ticket), str(self.made_at), self.by, self.call, self.kind, chosen)
        return _BETWEEN.join(parts)


@dataclass(frozen=True, slots=True)
class _Desk:
    """Everything that one drawing needs."""

    facts: Facts
    call: Call | None
    rules: CallRules
    whom: PersonId
    speak: Texts
    key: _Key


class StaffKeyboard:
    """Shows it and hears what is pressed, inside a transaction that is open; holds nothing, so there may be several."""

    def __init__(self, staff: CallStaff, revisions: Revisions, directory: Directory) -> None:
        self._staff = staff
        self._revisions = revisions
        self._directory = directory

    def has_keyboards(self, channel: Channel) -> bool:
        """Whether one may stand there and be changed in its place; where windows open they ask for the time."""
        limits = self._directory.limits_of(channel)
        return limits is not None and limits.has_buttons and limits.can_edit and not limits.has_windows

    def begin(self, conn: Connection, pressed: Sequence[Pressed]) -> Sequence[Answer]:
        """A button of a card: what can be had, below it. A press that is repeated shows nothing more."""
        return [self._once(conn, one, self._begun) for one in pressed]

    def take(self, conn: Connection, pressed: Sequence[Pressed]) -> Sequence[Answer]:
        """Buttons of a keyboard, each heard once."""
        return [self._once(conn, one, self._taken) for one in pressed]

    def instead(self, conn: Connection, by: PersonId, ticket: TicketId, book: BookCall, under: Under) -> bool:
        """Below words that named a time which cannot be had: three that can, and the lead; False where none helps."""
        key = _Key(ticket, under.now, by, "", book.kind)
        desk = self._desk(conn, key, under.now)
        if isinstance(desk, str) or desk.call is not None or not self.has_keyboards(under.where.channel):
            return False
        drawn = self._refused(conn, desk, Offered(desk.whom, book.begins_at))
        if drawn is None:
            return False
        self._send(conn, under, by, *drawn)
        return True

    def _once(self, conn: Connection, pressed: Pressed, answered: Callable[[Connection, Pressed], Answer]) -> Answer:
        kept_as = f"{pressed.press.by.key}:{pressed.press.key}"
        if (kept := presses.answers(conn, [kept_as]).get(kept_as)) is not None:
            return answer_from_text(kept)
        answer = answered(conn, pressed)
        presses.keep(conn, [presses.Answered(kept_as, answer_to_text(answer), pressed.now)])
        return answer

    def _begun(self, conn: Connection, pressed: Pressed) -> Answer:
        press, by, now = pressed.press, pressed.by, pressed.now
        desk = self._desk(
            conn, _Key(ticket_id_from_number(press.value), now, by, _ANY if press.action == MOVE else "", ""), now
        )
        if isinstance(desk, str):
            return Answer(desk, is_refused=True)
        own = Conversation(press.by.channel, press.conversation.account if press.conversation else "", press.by.address)
        where = press.conversation or own
        is_there = where.address == own.address or self._directory.is_shared(where)
        text, buttons = self._times(conn, desk)
        alone = press.by.address if self._directory.is_shared(where) else ""
        under = Under(where if is_there else own, press.under if is_there else None, press.key, now, alone)
        self._send(conn, under, by, text, buttons)
        return Answer(person_texts(self._revisions.current, by)("form_asked"))

    def _taken(self, conn: Connection, pressed: Pressed) -> Answer:
        press, by, now = pressed.press, pressed.by, pressed.now
        speak, key = person_texts(self._revisions.current, by), _key_from(press.value)
        if key is None:
            return Answer(speak("form_over"), is_refused=True)
        if key.by != by:
            owner = self._revisions.current.person(key.by)
            return Answer(speak("form_not_yours", name=owner.name if owner is not None else key.by), is_refused=True)
        if press.action == _STOP:
            self._redraw(conn, pressed, speak("form_cancelled"), ())
            return Answer(speak("form_cancelled"))
        desk = self._desk(conn, key, now)
        if isinstance(desk, str):
            self._redraw(conn, pressed, desk, ())
            return Answer(desk, is_refused=True)
        if now >= later(key.made_at, OFFERED_FOR):
            desk = replace(desk, key=replace(desk.key, made_at=now))
            text, buttons = self._times(conn, desk)
            self._redraw(conn, pressed, f"{speak('call_offer_over')}\n{text}", buttons)
            return Answer(speak("call_offer_over"), is_refused=True)
        time = slot_from_text(key.chosen) if press.action in {_SLOT, _LEAD} else None
        if time is not None:
            return self._chosen(conn, desk, pressed, time)
        text, buttons = self._turned(conn, desk, press.action, key.chosen)
        self._redraw(conn, pressed, text, buttons)
        return Answer()

    def _chosen(self, conn: Connection, desk: _Desk, pressed: Pressed, time: Offered) -> Answer:
        """A time: done, and the message says so; or why not, with the times that are left."""
        by, key, speak, call = pressed.by, desk.key, desk.speak, desk.call
        asks = pressed.press.action == _LEAD
        at = time.begins_at
        command = MoveCall(at) if call is not None else BookCall(at, key.kind, asks_lead=asks)
        answer = self._staff.perform(conn, by, key.ticket, command, now=pressed.now)
        if not answer.is_refused:
            values = {"number": number(key.ticket), "time": said_at(desk.facts, by, at)}
            text = speak("call_staff_asked" if asks else "call_staff_done", **values)
            self._redraw(conn, pressed, text, ())
            return Answer(text)
        text, buttons = self._refused(conn, desk, time) or (answer.text, ())
        self._redraw(conn, pressed, text, buttons)
        return Answer(text.partition("\n")[0], is_refused=True)

    def _turned(self, conn: Connection, desk: _Desk, action: str, chosen: str) -> Drawn:
        """Another day, other days, another kind; a day that has filled up says so, with what is left."""
        day = day_chosen(chosen)
        if action == _KIND and chosen in desk.rules.kinds:
            return self._times(conn, replace(desk, key=replace(desk.key, kind=chosen)))
        if action != _DAY or day is None:
            return self._times(conn, desk, since=day[0] if day is not None else None)
        wanted, since = day
        free = [at for at in self._free(conn, desk, EVERY) if at >= since and day_of(at, desk.speak) == wanted]
        if not free:
            full = desk.speak("call_day_full", day=day_name(wanted, desk.speak))
            return self._times(conn, desk, above=full)
        shown, more = free[:MOST_TIMES], free[MOST_TIMES:]
        lines = [self._heading(desk), day_name(wanted, desk.speak), *self._lines(desk, shown)]
        offered = [Offered(desk.whom, at) for at in shown]
        drawn = time_buttons(_NOWHERE, desk.key.made_at, offered, more[0] if more else None, desk.speak)
        return "\n".join(lines), tuple(self._ours(desk, one) for one in drawn)

    def _times(self, conn: Connection, desk: _Desk, *, since: date | None = None, above: str = "") -> Drawn:
        """The next times, the days that have any, other kinds, and the way to a time in words."""
        free, key, speak = self._free(conn, desk, EVERY), desk.key, desk.speak
        lines = [above or self._heading(desk), *self._lines(desk, free[:INSTEAD])]
        buttons = self._slots(desk, free[:INSTEAD])
        if not free:
            lines.append(speak("call_staff_none"))
        if len(free) > INSTEAD:
            buttons += [self._ours(desk, one) for one in day_buttons(_NOWHERE, key.made_at, free, since, speak)]
        kinds = desk.rules.kinds if desk.call is None else ()
        named = ((one, name_of_kind(one, desk.rules, speak)) for one in kinds if one != key.kind)
        buttons += [Button(_KIND, name, key.value(one)) for one, name in named]
        return "\n".join(lines), (*buttons, *self._ends(desk))

    def _refused(self, conn: Connection, desk: _Desk, time: Offered) -> Drawn | None:
        """Why a time cannot be had, the earliest three that can, the lead where only a lead may; None: it could be."""
        call, speak, at = desk.call, desk.speak, time.begins_at
        but = call.key if call is not None else ""
        refusal = why_not(conn, desk.facts, desk.rules, desk.key.kind, time, but=but, is_agreed=True)
        if not refusal:
            return None
        said = why_refused(desk.facts, desk.key.by, refusal, desk.key.kind, at, call)
        free = self._free(conn, desk, INSTEAD)
        buttons = self._slots(desk, free)
        if refusal in EXCEPTIONS and call is None:
            lead = desk.key.value(slot_to_text(time))
            buttons.append(Button(_LEAD, speak("button_client_call_lead"), lead))
        buttons.append(Button(_DAYS, speak("button_call_days"), desk.key.value("-")))
        lines = self._lines(desk, free) or [speak("call_staff_none")]
        return "\n".join((said, *lines)), (*buttons, *self._ends(desk))

    def _free(self, conn: Connection, desk: _Desk, count: int) -> tuple[Instant, ...]:
        call, kind = desk.call, desk.key.kind
        but = call.key if call is not None else ""
        found = room(conn, desk.facts, desk.rules, kind, number=count, person=desk.whom, but=but)
        return tuple(at for at in (found.times if found is not None else ()) if call is None or at != call.begins_at)

    def _desk(self, conn: Connection, key: _Key, now: Instant) -> _Desk | str:
        """What a drawing needs; or why there is nothing to be drawn, in the person's words."""
        lock_tickets(conn, sorted({key.ticket, *going_on(conn, [key.ticket]).values()}))
        (end,) = going_on(conn, [key.ticket]).values()
        facts = facts_of_tickets(conn, self._revisions, [end], now=now).get(end)
        revision, by = self._revisions.current, key.by
        speak, person = person_texts(revision, by), revision.person(by)
        if facts is None or facts.ticket is None or person is None:
            return speak("refused_no_ticket", number=number(key.ticket))
        if not person.roles & ACTING:
            return speak("refused_role", roles=", ".join(sorted(role.value for role in ACTING)))
        if facts.speaker.client is None or not facts.speaker.is_verified:
            return speak("refused_call_stranger")
        call = calls.live_of_ticket(conn, key.ticket) or calls.live_of_ticket(conn, end)
        if key.call and (call is None or key.call not in {_ANY, call.key}):
            return speak("refused_no_call", number=number(key.ticket))
        if not key.call and call is not None and call.is_ahead(now):
            return card_call(facts, call, by)
        moved = call if key.call else None
        if moved is not None and not person.roles & LEADING and self._staff.is_late(facts, moved):
            return speak("refused_call_late", notice=said_notice(rules_of(facts), speak))
        # Whoever books for a client agrees by that, so nobody has to accept it.
        rules = replace(rules_of(facts, moved), confirms=False)
        kind = moved.kind if moved is not None else key.kind if key.kind in rules.kinds else next(iter(rules.kinds))
        key = replace(key, call=moved.key if moved is not None else "", kind=kind)
        return _Desk(facts, moved, rules, moved.person if moved is not None else held_by(facts, by), speak, key)

    def _heading(self, desk: _Desk) -> str:
        facts, speak, kind = desk.facts, desk.speak, desk.key.kind
        return speak(
            "call_staff_offer",
            number=number(desk.key.ticket),
            client=client_name(facts),
            contact=facts.speaker.name,
            kind=name_of_kind(kind, desk.rules, speak),
            length=speak.length(desk.rules.kinds[kind].length),
            name=first_name(facts.revision, desk.whom, speak("the_team")),
        )

    def _lines(self, desk: _Desk, times: Sequence[Instant]) -> list[str]:
        return numbered_lines(desk.facts, desk.key.by, times)

    def _slots(self, desk: _Desk, times: Sequence[Instant]) -> list[Button]:
        moments = ((at, desk.speak.moment(at, now=desk.facts.now)) for at in times)
        return [
            Button(_SLOT, f"{place}. {said}", desk.key.value(slot_to_text(Offered(desk.whom, at))))
            for place, (at, said) in enumerate(moments, 1)
        ]

    def _ours(self, desk: _Desk, one: Button) -> Button:
        """A button of the keyboard that clients have, as it means the same here."""
        pressed = of_value(one.value)
        return replace(one, action=_OURS[one.action], value=desk.key.value(pressed.chosen if pressed else ""))

    def _ends(self, desk: _Desk) -> tuple[Button, ...]:
        speak, key = desk.speak, desk.key
        return (
            Button(WORDS, speak("button_call_words"), key.value("")),
            Button(_STOP, speak("form_cancel"), key.value("")),
        )

    def _send(self, conn: Connection, under: Under, by: PersonId, text: str, buttons: Sequence[Button]) -> None:
        below = [asdict(one) for one in buttons]
        row = word_row(
            f"keys:{under.key}",
            text,
            under.where,
            by,
            under.now,
            reply_to=under.shown,
            only_to=under.alone,
            buttons=below,
        )
        write_outbox(conn, [row])

    def _redraw(self, conn: Connection, pressed: Pressed, text: str, buttons: Sequence[Button]) -> None:
        press = pressed.press
        if press.under is not None and press.conversation is not None:
            key = f"{press.by.key}:{press.key}"
            write_outbox(conn, [keyboard_row(key, press.under, text, buttons, press.conversation, pressed.now)])


def times_of(buttons: Iterable[tuple[str, str]]) -> TicketId | None:
    """The ticket whose free times stand below a message of ours, by the actions and values of its buttons."""
    keys = (_key_from(value) for action, value in buttons if action.startswith(KEYS))
    return next((key.ticket for key in keys if key is not None), None)


def words_wanted(press: Press) -> tuple[str, str] | None:
    """The button of a card, and its ticket, that asks for the same in words; None for what is no key of ours."""
    key = _key_from(press.value) if press.action == WORDS else None
    return None if key is None else (MOVE if key.call else BOOK, number(key.ticket))


def _key_from(value: str) -> _Key | None:
    parts = value.split(_BETWEEN, _PARTS - 1)
    if len(parts) != _PARTS or not (parts[1].isascii() and parts[1].isdigit()):
        return None
    try:
        ticket = ticket_id_from_number(parts[0])
    except ValueError:
        return None
    return _Key(ticket, Instant(int(parts[1])), PersonId(parts[2]), parts[3], parts[4], parts[5])

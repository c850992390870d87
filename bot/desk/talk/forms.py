"""Forms on a channel that has no windows for them: the desk asks for each field in words, below what was pressed.

    pressed ──> asked ──a reply or a button──> the next field ──> … ──> done, as if the form had been sent
                 │  └── wrong: asked again, with the reason
                 └── cancelled, or nobody answered for an hour: nothing is done

Everything runs inside the committer's transaction, and each answer counts once. Where one form stands does not matter
to another, so several may be open.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from adapters.card import Form, Input
from adapters.message import Conversation, Identity
from adapters.port import Answer, Press
from bot.desk.acting import Acting
from bot.desk.calls.staff_keyboard import Under
from bot.desk.directory import Directory
from bot.desk.talk.presses import CLIENT_READS, answer_from_text, answer_to_text, command_from_press
from bot.store.channels import forms, presses
from bot.store.channels.forms import Asked, Question
from bot.store.delivery.told import word_row
from bot.store.driver.connection import Connection
from bot.store.facts import facts_of_tickets
from bot.store.revisions import Revisions
from bot.store.unit import write_outbox
from bot.tickets.outcome import person_texts
from bot.tickets.texts import Texts
from bot.tickets.ticket import ticket_id_from_number
from bot.tickets.words.eta import parse_eta
from bot.tickets.words.thread_words import stays_in
from routing.people import PersonId
from sla.duration import Instant, later, moment

#: What the buttons below a question begin with.
FORMS: Final = "form."
CHOOSE: Final = "form.choose"
SKIP: Final = "form.skip"
CANCEL: Final = "form.cancel"
#: The same in words.
STOP: Final = "/cancel"
#: Nobody answers a question after this long; who comes later presses again.
OPEN_FOR: Final = timedelta(hours=1)
#: Of the hash that names a form.
KEY_LENGTH: Final = 24


@dataclass(frozen=True, slots=True)
class Pressed:
    """A press by one of our people, and the form it opens where it opens one."""

    press: Press
    by: PersonId
    form: Form | None = None


class Forms:
    """Asks and hears what is answered; holds nothing, so there may be several."""

    def __init__(self, revisions: Revisions, directory: Directory, acting: Acting) -> None:
        self._acting = acting
        self._revisions = revisions
        self._directory = directory

    def begin(self, conn: Connection, pressed: Sequence[tuple[Pressed, Instant]]) -> Sequence[Answer]:
        """A Change: ask for the first field of each; a press that is repeated asks nothing more."""
        return [self.open(conn, one, one.press.key, now=now) for one, now in pressed]

    def open(self, conn: Connection, pressed: Pressed, key: str, *, now: Instant) -> Answer:
        """The same for one, inside the transaction of whoever calls; `key` tells one opening from another."""
        press, form, where = pressed.press, pressed.form, pressed.press.conversation
        if form is None or where is None:
            raise ValueError("a form is asked for where somebody pressed")
        name = hashlib.sha256(f"{press.by.key}:{key}".encode()).hexdigest()[:KEY_LENGTH]
        own = Conversation(where.channel, where.account, press.by.address)
        # Where a client reads along nobody is asked anything.
        is_there = where.address == own.address or self._directory.is_shared(where)
        asked = Asked(
            key=name,
            where=where if is_there else own,
            under=press.under if is_there else None,
            person=pressed.by,
            action=form.action,
            value=form.value,
            inputs=form.inputs,
            fields=dict(press.fields),
            ends_at=later(now, OPEN_FOR),
        )
        if forms.begin(conn, asked):
            self._ask(conn, asked, press.by, now)
        return Answer(self._speak(pressed.by)("form_asked"))

    def pressed(self, conn: Connection, all_pressed: Sequence[tuple[Pressed, Instant]]) -> Sequence[Answer]:
        """A Change: what somebody chose, skipped or cancelled below a question."""
        return [self._pressed(conn, one, now) for one, now in all_pressed]

    def asked(self, conn: Connection, question: Question, person: PersonId, now: Instant) -> Asked | str:
        """The form whose question this person may answer now; else why not, in their words."""
        speak, form = self._speak(person), forms.find(conn, question.form)
        if form is None or form.is_over or form.ends_at <= now or form.position != question.position:
            return speak("form_over")
        if form.person != person:
            asked = self._revisions.current.person(form.person)
            return speak("form_not_yours", name=asked.name if asked is not None else form.person)
        return form

    def close(self, conn: Connection, form: Asked) -> None:
        """It is over; whatever came of it is its caller's to say."""
        forms.save(conn, replace(form, is_over=True))

    def answered(self, conn: Connection, form: Asked, text: str, by: Identity, under: str, *, now: Instant) -> Answer:
        """Take words as the field that is asked now, go on, and say under them what came of it.

        `text` empty: words were wanted and something else came.
        """
        speak = self._speak(form.person)
        if text.strip().casefold() in {STOP, speak("form_cancel").casefold()}:
            self.close(conn, form)
            return self._told(conn, form, speak("form_cancelled"), by, under, now)
        one = form.inputs[form.position]
        if _is_optional(one) and text.strip().casefold() == _passing(one, speak).casefold():
            return self._filled(conn, form, one.initial, by, under, now)  # the button's own word, where none is drawn
        try:
            value = self._value(form, text.strip(), now)
        except ValueError as error:
            self._ask(conn, form, by, now, reason=str(error), under=under)
            return Answer(str(error), is_refused=True)
        return self._filled(conn, form, value, by, under, now)

    def _pressed(self, conn: Connection, pressed: Pressed, now: Instant) -> Answer:
        press = pressed.press
        kept_as = f"{press.by.key}:{press.key}"
        if (kept := presses.answers(conn, [kept_as]).get(kept_as)) is not None:
            return answer_from_text(kept)
        answer = self._chosen(conn, pressed, now)
        presses.keep(conn, [presses.Answered(kept_as, answer_to_text(answer), now)])
        return answer

    def _chosen(self, conn: Connection, pressed: Pressed, now: Instant) -> Answer:
        press, speak = pressed.press, self._speak(pressed.by)
        try:
            name, position, *chosen = press.value.split(":")
            question, places = Question(name, int(position)), [int(one) for one in chosen]
        except ValueError:
            return Answer(speak("form_over"), is_refused=True)
        form = self.asked(conn, question, pressed.by, now)
        if isinstance(form, str):
            return Answer(form, is_refused=True)
        under, one = press.under or form.under or "", form.inputs[form.position]
        if press.action == CANCEL:
            self.close(conn, form)
            return self._told(conn, form, speak("form_cancelled"), press.by, under, now)
        if press.action == SKIP and _is_optional(one):
            return self._filled(conn, form, one.initial, press.by, under, now)
        if press.action == CHOOSE and len(places) == 1 and 0 <= places[0] < len(one.choices):
            return self._filled(conn, form, one.choices[places[0]][0], press.by, under, now)
        return Answer(speak("form_over"), is_refused=True)

    def _value(self, form: Asked, text: str, now: Instant) -> str:
        """What goes into the field; a ValueError says what is wrong with the words, to be said to the person."""
        speak, one, person = self._speak(form.person), form.inputs[form.position], form.person
        if not text:
            raise ValueError(speak("form_empty"))
        if CLIENT_READS.get(form.action) == one.name and stays_in(text, channel=form.where.channel):
            raise ValueError(speak("word_stays_in"))
        if one.kind == "choice":
            found = [value for value, label in one.choices if text.casefold() in {value.casefold(), label.casefold()}]
            if not found:
                raise ValueError(speak("form_choose"))
            return found[0]
        if one.kind == "moment":
            revision = self._revisions.current
            calendar = revision.calendars[revision.people[person].calendar]
            parse_eta(text, now=now, zone=calendar.zone, calendar=calendar, speak=speak)
        return text

    def _filled(self, conn: Connection, form: Asked, value: str, by: Identity, under: str, now: Instant) -> Answer:
        name = form.inputs[form.position].name
        form = replace(form, fields={**form.fields, name: value}, position=form.position + 1)
        if form.position < len(form.inputs):
            self._ask(conn, form, by, now, under=under)
            return Answer()
        return self._done(conn, form, by, under, now)

    def _done(self, conn: Connection, form: Asked, by: Identity, under: str, now: Instant) -> Answer:
        """Do what the form was for, and say under the last answer what came of it."""
        revision, speak = self._revisions.current, self._speak(form.person)
        press = Press(form.key, by, form.action, form.value, moment(now), form.fields, form.where)
        calendar = revision.calendars[revision.people[form.person].calendar]
        command = command_from_press(press, now=now, calendar=calendar, speak=speak)
        if isinstance(command, Answer):
            # Right when it was written and wrong now, as a moment that has passed meanwhile.
            wrong = next((place for place, one in enumerate(form.inputs) if one.name in command.errors), 0)
            reason = "\n".join(command.errors.values())
            self._ask(conn, replace(form, position=wrong), by, now, reason=reason, under=under)
            return Answer(reason, is_refused=True)
        self.close(conn, form)
        ticket = ticket_id_from_number(form.value)
        self._acting.hold(conn, [(ticket, command)])
        facts = facts_of_tickets(conn, self._revisions, [ticket], now=now).get(ticket)
        if facts is None:
            text = speak("refused_no_ticket", number=form.value)
            return replace(self._told(conn, form, text, by, under, now), is_refused=True)
        answer = self._acting.perform(conn, form.person, facts, command, now=now)
        if answer.is_refused:
            alone = by.address if self._directory.is_shared(form.where) else ""
            below = Under(form.where, under or form.under, f"form:{form.key}", now, alone)
            if self._acting.offer_instead(conn, form.person, ticket, command, below):
                return answer
        return replace(self._told(conn, form, answer.text, by, under, now), is_refused=answer.is_refused)

    def _told(self, conn: Connection, form: Asked, text: str, by: Identity, under: str, now: Instant) -> Answer:
        row = word_row(f"form:{form.key}:end", text, form.where, form.person, now, **self._aimed(form, by, under))
        write_outbox(conn, [row])
        return Answer(text)

    def _ask(
        self, conn: Connection, form: Asked, by: Identity, now: Instant, *, reason: str = "", under: str = ""
    ) -> None:
        """Ask for the field that is next, below what was pressed or under the answer before."""
        form = replace(form, turn=form.turn + 1, ends_at=later(now, OPEN_FOR))
        forms.save(conn, form)
        speak, one = self._speak(form.person), form.inputs[form.position]
        text = "\n".join(part for part in (reason, *_question(form, one, speak)) if part)
        row = word_row(
            f"form:{form.key}:{form.turn}",
            text,
            form.where,
            form.person,
            now,
            **self._aimed(form, by, under),
            form=form.key,
            position=form.position,
            buttons=_buttons(form, one, speak),
        )
        write_outbox(conn, [row])

    def _aimed(self, form: Asked, by: Identity, under: str) -> dict[str, Any]:
        alone = by.address if self._directory.is_shared(form.where) else None
        return {"reply_to": under or form.under, "only_to": alone}

    def _speak(self, person: PersonId) -> Texts:
        return person_texts(self._revisions.current, person)


def _question(form: Asked, one: Input, speak: Texts) -> list[str]:
    label = speak(f"button_{form.action.partition('.')[2]}")
    wanted = [f"{label} · {form.value}", one.label if one.label != label else ""]
    if one.kind == "moment":
        wanted.append(speak("form_moment"))
    if one.kind == "choice":
        return wanted
    if one.initial:
        wanted.append(one.initial)
    return [*wanted, speak("form_reply" if one.required else "form_reply_or_skip")]


def _buttons(form: Asked, one: Input, speak: Texts) -> list[dict[str, str]]:
    """What can be pressed below a question. Words that must be written have none: there the reply is opened at once."""
    value = f"{form.key}:{form.position}"
    if one.kind != "choice" and not _is_optional(one):
        return []
    choices = [(CHOOSE, label, f"{value}:{place}") for place, (_, label) in enumerate(one.choices)]
    skip = [(SKIP, _passing(one, speak), value)] if _is_optional(one) else []
    every = [*choices, *skip, (CANCEL, speak("form_cancel"), value)]
    return [{"action": action, "label": name, "value": held} for action, name, held in every]


def _passing(one: Input, speak: Texts) -> str:
    """What stands on the button that leaves a field as it is."""
    return speak("form_keep" if one.initial else "form_skip")


def _is_optional(one: Input) -> bool:
    """Whether nothing need be written: nothing is needed, or words are there already that may stay."""
    return not one.required or (one.kind != "choice" and one.initial != "")

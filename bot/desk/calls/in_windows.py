"""A client's button about calls, on a channel that opens windows: what about, when, and what became of it.

    client.call   [what about ──>] on which day ──> when ──> booked        client.call_move   day ──> when ──> moved

What cannot be had is said in the conversation, with the times that are left; whoever rather writes has their numbers.
Nothing is held by an open window: what is chosen there is judged anew.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from adapters.card import Form, Input
from adapters.port import Answer, Press
from bot.desk.calls.forms import DAY, KIND, SLOT, booking_form, moving_form
from bot.desk.calls.life import CallLife
from bot.desk.calls.offer import ON_A_PAGE, offer_of
from bot.desk.calls.offering import said_calls
from bot.desk.calls.rooms import people_for, rules_of
from bot.store.calls.call_offers import Offered, slot_from_text
from bot.store.driver.connection import Connection
from bot.tickets.calls.call import Call
from bot.tickets.calls.telling import CHANGES
from bot.tickets.calls.texts import name_of_kind
from bot.tickets.facts import Facts
from bot.tickets.outcome import contact_texts
from bot.tickets.texts import Texts

OFFER: Final = "client.call"
MOVE: Final = CHANGES[0]
#: Between the ticket that a window is about and the kind of call that was chosen in it, or the call that it moves.
_BETWEEN: Final = "|"


def ticket_named(value: str) -> str:
    """The ticket that stands behind a button or in a window."""
    return value.partition(_BETWEEN)[0]


def named_beside(press: Press) -> str:
    """The kind of call that the times of a window are for, or the call that they would move; empty for neither."""
    return press.value.partition(_BETWEEN)[2]


def time_chosen(press: Press) -> Offered | None:
    """The time that was chosen in a window; None where none was yet."""
    return slot_from_text(press.fields.get(SLOT, "")) if press.action in {OFFER, MOVE} else None


def window_for(
    conn: Connection, life: CallLife, facts: Facts, press: Press, call: Call | None, others: Sequence[Call]
) -> Answer | None:
    """The window to choose in; None where there is nothing to choose, which the conversation tells.

    `call` is the one that may be moved; `others` are named before another one is booked.
    """
    if press.action not in {OFFER, MOVE} or (press.action == MOVE) != (call is not None) or not people_for(facts):
        return None
    form = _moving(conn, life, facts, press, call) if call is not None else _booking(conn, life, facts, press)
    if form is None:
        return None
    if others and call is None:
        form = replace(form, note="\n".join(filter(None, (said_calls(facts, others), form.note))))
    return Answer(form=replace(form, action=press.action, value=f"{ticket_named(press.value)}{form.value}"))


def _moving(conn: Connection, life: CallLife, facts: Facts, press: Press, call: Call) -> Form | None:
    if life.is_late(facts, call, rules_of(facts)):
        return None
    offer = offer_of(conn, life, facts, "", ON_A_PAGE, call)
    if not offer.slots:
        return None
    day, speak = press.fields.get(DAY, ""), contact_texts(facts)
    form = moving_form(facts.revision, offer, call, speak, now=facts.now, day=day)
    return replace(_step(form, day, speak), value=f"{_BETWEEN}{form.value}")


def _booking(conn: Connection, life: CallLife, facts: Facts, press: Press) -> Form | None:
    kinds, speak = rules_of(facts).kinds, contact_texts(facts)
    kind = press.fields.get(KIND, "") or named_beside(press) or ("" if len(kinds) > 1 else next(iter(kinds)))
    if kind not in kinds:
        choices = tuple(
            (one.key, f"{name_of_kind(one.key, rules_of(facts), speak)}, {speak.length(one.length)}")
            for one in kinds.values()
        )
        field = Input(KIND, speak("call_field_kind"), "choice", choices, initial=choices[0][0])
        return Form(OFFER, speak("button_client_call"), "", (field,), speak("call_form_times"))
    offer = offer_of(conn, life, facts, kind, ON_A_PAGE, None)
    if not offer.slots:
        return None
    day = press.fields.get(DAY, "")
    form = booking_form(facts.revision, offer, speak, now=facts.now, day=day)
    return replace(_step(form, day, speak), value=f"{_BETWEEN}{kind}")


def _step(form: Form, day: str, speak: Texts) -> Form:
    """The days of a form alone where there are several and none was chosen, else its times, which name their day."""
    days, times = (next(one for one in form.inputs if one.name == name) for name in (DAY, SLOT))
    if len(days.choices) > 1 and day not in {key for key, _ in days.choices}:
        return replace(form, inputs=(replace(days, redraws=False),), submit=speak("call_form_times"))
    chosen = next(words for key, words in days.choices if key == days.initial)
    return replace(form, inputs=(replace(times, label=f"{times.label} · {chosen}", headings=()),))

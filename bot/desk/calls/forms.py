"""What of calls stands before a client in a window of their channel: the forms to book and to change one, and a line.

Times stand below their days, in the client's own time with the manager's beside it. Pure.
"""

from typing import Final

from adapters.card import Form, Input
from adapters.message import Button
from bot.desk.calls.offer import Offer
from bot.store.calls.call_offers import Offered, slot_to_text
from bot.tickets.calls.call import Call, CallRules, CallState
from bot.tickets.calls.days import clock_labels, day_name, day_of, offset
from bot.tickets.calls.texts import Time, name_of_kind, said_time
from bot.tickets.outcome import first_name
from bot.tickets.revision import Revision
from bot.tickets.texts import Texts
from sla.duration import Instant

#: What is pressed in such windows. Without a time the first two ask for one; the third asks whether it is meant.
BOOK: Final = "call.book"
MOVE: Final = "call.move"
CANCEL: Final = "call.cancel"
LEAD: Final = "call.lead"
FILE: Final = "call.file"
SLOT: Final = "slot"
KIND: Final = "kind"
_HAPPENS: Final = frozenset({CallState.CONFIRMED, CallState.RESCHEDULED})


def booking_form(revision: Revision, offer: Offer, speak: Texts, *, now: Instant) -> Form:
    """What about, and when; another kind asks anew. Where nothing is free the form says so, and books nothing."""
    kinds = tuple((one.key, f"{one.name}, {speak.length(one.length)}") for one in offer.kinds)
    inputs = (Input(KIND, speak("call_field_kind"), "choice", kinds, initial=offer.kind, redraws=True),)
    title = speak("button_client_call")
    if not offer.slots:
        return Form(BOOK, title, "", inputs, "", offer.refusal or speak("call_none"))
    note = "\n".join(filter(None, (offer.note, _zones(offer, speak, now=now))))
    return Form(BOOK, title, "", (*inputs, _times(revision, offer, speak, now=now)), speak("call_form_book"), note)


def moving_form(revision: Revision, offer: Offer, call: Call, speak: Texts, *, now: Instant) -> Form:
    """The free times of whoever the call is with; its value names the call, so that an old form moves no other."""
    title, stands = speak("button_client_call_move"), said_call(revision, call, _rules(revision, call), speak, now=now)
    if not offer.slots:
        return Form(MOVE, title, call.key, (), "", f"{stands}\n{speak('call_none')}")
    inputs, note = (_times(revision, offer, speak, now=now),), f"{stands}\n{_zones(offer, speak, now=now)}"
    return Form(MOVE, title, call.key, inputs, speak("call_form_move"), note)


def cancelling_form(revision: Revision, offer: Offer, call: Call, speak: Texts, *, now: Instant) -> Form:
    """Whether it is meant, and that it counts as held where that is so."""
    lines = [said_call(revision, call, _rules(revision, call), speak, now=now)]
    if offer.is_late:
        lines.append(speak("book_cancel_late"))
    return Form(CANCEL, speak("button_client_call_cancel"), call.key, (), speak("book_cancel"), "\n".join(lines))


def said_call(revision: Revision, call: Call, rules: CallRules, speak: Texts, *, now: Instant) -> str:
    """A call in one line; one that still has to be accepted says so."""
    kind, name = name_of_kind(call.kind, rules, speak), first_name(revision, call.person, speak("the_team"))
    time = said_time(revision, speak, Time(call.person, call.begins_at), now=now)
    said = speak("call_line", kind=kind, name=name, time=time)
    return f"{said} · {speak('call_state_requested')}" if call.state is CallState.REQUESTED else said


def above(revision: Revision, call: Call | None, speak: Texts, *, now: Instant) -> tuple[str, tuple[Button, ...]]:
    """What stands above a conversation: the call that they have with what can be done about it, else the way to one."""
    if call is None:
        return "", (Button(BOOK, speak("button_client_call"), ""),)
    lines = [said_call(revision, call, _rules(revision, call), speak, now=now)]
    if call.url and call.state in _HAPPENS:
        lines.append(speak("call_url", url=call.url))
    buttons = [Button(one, speak(f"button_client_call_{one.partition('.')[2]}"), "") for one in (MOVE, CANCEL)]
    if call.state in _HAPPENS:
        buttons.append(Button(FILE, speak("book_calendar"), ""))
    return "\n".join(lines), tuple(buttons)


def _times(revision: Revision, offer: Offer, speak: Texts, *, now: Instant) -> Input:
    """Every free time below its day; where the clocks are set back an hour comes twice, and says which one it is."""
    slots = [Time(offer.person, at) for at in offer.slots] if offer.person is not None else []
    days = [day_name(day_of(one.begins_at, speak), speak) for one in slots]
    labels = clock_labels(revision, speak, slots, now=now)
    values = (slot_to_text(Offered(one.person, one.begins_at)) for one in slots)
    choices = tuple(zip(values, labels, strict=True))
    return Input(SLOT, speak("call_form_when"), "choice", choices, headings=tuple(days))


def _zones(offer: Offer, speak: Texts, *, now: Instant) -> str:
    """Whose times these are."""
    apart = "book_zones" if offset(now, offer.zone) != offset(now, offer.person_zone) else "book_zone"
    place = offer.zone.removeprefix("fixed:").replace("_", " ")
    zone = offset(now, offer.zone) if offer.zone.startswith("fixed:") else f"{place}, {offset(now, offer.zone)}"
    return speak(apart, name=offer.person_name, zone=zone)


def _rules(revision: Revision, call: Call) -> CallRules:
    plan = revision.clients[call.client].plan if call.client in revision.clients else revision.public_plan
    return revision.calls.of(call.client, plan)

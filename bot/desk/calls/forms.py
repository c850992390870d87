"""What of calls stands before a client in a window of their channel: the forms to book and to change one, and a line.

The days are chosen from first, then the times of one, in the client's own time with the manager's beside it. Pure.
"""

from collections.abc import Sequence
from typing import Final

from adapters.card import Form, Input
from adapters.message import Button
from bot.desk.calls.offer import Offer
from bot.store.calls.call_offers import Offered, slot_to_text
from bot.tickets.calls.call import Call, CallRules, CallState
from bot.tickets.calls.days import clock_labels, day_name, day_of, days_of, offset
from bot.tickets.calls.telling import client_line
from bot.tickets.calls.texts import Time
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
DAY: Final = "day"
#: What stands before a call that a button asks about.
_ASKS: Final = "?"
_HAPPENS: Final = frozenset({CallState.CONFIRMED, CallState.RESCHEDULED})


def booking_form(revision: Revision, offer: Offer, speak: Texts, *, now: Instant, day: str = "") -> Form:
    """What about, and when; another kind or `day` asks anew. Where nothing is free the form says so, and books nothing.

    Its value is the kind, so that whoever asks for another day has it for the same.
    """
    kinds = tuple((one.key, f"{one.name}, {speak.length(one.length)}") for one in offer.kinds)
    inputs = (Input(KIND, speak("call_field_kind"), "choice", kinds, initial=offer.kind, redraws=True),)
    title = speak("button_client_call")
    if not offer.slots:
        return Form(BOOK, title, "", inputs, "", offer.refusal or speak("call_none"))
    theirs = [f"• {client_line(revision, one, _rules(revision, one), speak, now=now)}" for one in offer.others]
    theirs = [speak("call_yours"), *theirs] if theirs else []
    when, zones = _when(revision, offer, speak, day, now=now)
    note = "\n".join(filter(None, (*theirs, offer.note, zones)))
    return Form(BOOK, title, offer.kind, (*inputs, *when), speak("call_form_book"), note)


def moving_form(revision: Revision, offer: Offer, call: Call, speak: Texts, *, now: Instant, day: str = "") -> Form:
    """The free times of whoever the call is with; its value names the call, so that an old form moves no other."""
    title, stands = (
        speak("button_client_call_move"),
        client_line(revision, call, _rules(revision, call), speak, now=now),
    )
    if not offer.slots:
        return Form(MOVE, title, call.key, (), "", f"{stands}\n{speak('call_none')}")
    when, zones = _when(revision, offer, speak, day, now=now)
    return Form(MOVE, title, call.key, when, speak("call_form_move"), f"{stands}\n{zones}")


def cancelling_form(revision: Revision, offer: Offer, call: Call, speak: Texts, *, now: Instant) -> Form:
    """Whether it is meant, and that it counts as held where that is so."""
    lines = [client_line(revision, call, _rules(revision, call), speak, now=now)]
    if offer.is_late:
        lines.append(speak("book_cancel_late"))
    return Form(CANCEL, speak("button_client_call_cancel"), call.key, (), speak("book_cancel"), "\n".join(lines))


def above(
    revision: Revision, here: Call | None, others: Sequence[Call], speak: Texts, *, now: Instant
) -> tuple[str, tuple[Button, ...]]:
    """What stands above a conversation: the calls that they have with what can be done about each, and the way to one.

    `here` is about what is talked about there, and takes the place of a new one; `others` are about something else.
    """
    lines: list[str] = []
    buttons: list[Button] = []
    calls = [*([here] if here is not None else []), *others]
    for call in calls:
        line = client_line(revision, call, _rules(revision, call), speak, now=now)
        lines += [line, *([speak("call_url", url=call.url)] if call.url and call.state in _HAPPENS else [])]
        which = f" · {speak.moment(call.begins_at, now=now)}" if len(calls) > 1 else ""
        deeds = {one: f"button_client_call_{one.partition('.')[2]}" for one in (MOVE, CANCEL)}
        deeds |= {FILE: "book_calendar"} if call.state in _HAPPENS else {}
        buttons += [Button(action, f"{speak(key)}{which}", asked_about(call.key)) for action, key in deeds.items()]
    if here is None:
        buttons.append(Button(BOOK, speak("button_client_call"), ""))
    return "\n".join(lines), tuple(buttons)


def asked_about(key: str) -> str:
    """What a button says of the call that it asks about; a form that was answered names it by its key alone."""
    return f"{_ASKS}{key}"


def call_named(value: str) -> str:
    """The call behind such a button, or in such a form."""
    return value.removeprefix(_ASKS)


def _when(
    revision: Revision, offer: Offer, speak: Texts, wanted: str, *, now: Instant
) -> tuple[tuple[Input, Input], str]:
    """The days that have a free time and the times of the wanted one, else of the first; and whose times these are.

    A day that is wanted and has none left says so.
    """
    days = days_of(offer.slots, speak)
    day = next((one for one in days if one.isoformat() == wanted), days[0])
    listed = tuple((one.isoformat(), day_name(one, speak)) for one in days)
    times = [at for at in offer.slots if day_of(at, speak) == day]
    field = Input(DAY, speak("book_day"), "choice", listed, initial=day.isoformat(), redraws=True)
    zones = _zones(offer, speak, now=times[0])
    if wanted and day.isoformat() != wanted:
        zones = f"{speak('call_day_gone')}\n{zones}"
    return (field, _times(revision, offer, times, speak, now=now)), zones


def _times(revision: Revision, offer: Offer, moments: Sequence[Instant], speak: Texts, *, now: Instant) -> Input:
    """Free times below their day; where the clocks are set back an hour comes twice, and says which one it is."""
    slots = [Time(offer.person, at) for at in moments] if offer.person is not None else []
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

"""From a button, a form or `/desk call …` to what is to be done about a call. Pure; words are the person's own.

call T-12 tomorrow 15:00 [education] · call T-12 move fri 11:00 · confirm · decline · cancel · done · noshow
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from adapters.card import Form, Input
from adapters.port import Answer
from bot.tickets.calls import command as c
from bot.tickets.calls.call import CallRules
from bot.tickets.calls.texts import name_of_kind
from bot.tickets.outcome import person_texts
from bot.tickets.revision import Revision
from bot.tickets.texts import Texts
from bot.tickets.ticket import TicketId, ticket_id_from_number
from bot.tickets.words.eta import parse_eta
from routing.people import PersonId
from sla.calendar import Calendar
from sla.duration import Instant

BOOK: Final = "ticket.call"
#: What each asks for: the field that has to be filled in first, and the others.
FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    BOOK: ("at", "kind", "why"),
    "ticket.call_move": ("at",),
    "ticket.call_decline": ("why",),
    "ticket.call_cancel": ("why",),
    "ticket.call_refuse": ("why",),
    "ticket.call_done": ("notes", "follow_up"),
}
#: What is asked about a call that there is: it goes on with its ticket, into whatever that is merged.
OF_A_CALL: Final = frozenset(FIELDS) - {BOOK}
_AT_ONCE: Final[Mapping[str, Callable[[], c.CallCommand]]] = {
    "ticket.call_confirm": c.ConfirmCall,
    "ticket.call_no_show": c.CallNoShow,
    "ticket.call_allow": c.AllowCall,
}
_WITH_WHY: Final[Mapping[str, Callable[[str], c.CallCommand]]] = {
    "ticket.call_decline": c.DeclineCall,
    "ticket.call_cancel": c.CancelCall,
    "ticket.call_refuse": c.RefuseCall,
}
#: After a time that is too soon: the leads are asked for it.
ASK_LEAD: Final = "lead"
#: The same in words; `noshow` is how people write it.
_WORDS: Final = {
    "confirm": "ticket.call_confirm",
    "accept": "ticket.call_confirm",
    "decline": "ticket.call_decline",
    "move": "ticket.call_move",
    "cancel": "ticket.call_cancel",
    "done": "ticket.call_done",
    "noshow": "ticket.call_no_show",
    "allow": "ticket.call_allow",
    "refuse": "ticket.call_refuse",
}


def is_about_calls(action: str) -> bool:
    """Whether a button of ours is about calls."""
    return action in FIELDS or action in _AT_ONCE


def call_command(
    action: str, fields: Mapping[str, str], *, now: Instant, calendar: Calendar, speak: Texts
) -> c.CallCommand | Answer:
    """The command behind a press; an Answer that names the field when something in the form is wrong, by `speak`."""
    if (make := _AT_ONCE.get(action)) is not None:
        return make()
    if (with_why := _WITH_WHY.get(action)) is not None:
        return with_why(fields.get("why", ""))
    named = "follow_up" if action == "ticket.call_done" else "at"
    try:
        if action == "ticket.call_done" and not fields.get(named, "").strip():
            return c.CallDone(fields.get("notes", ""))
        at = parse_eta(fields.get(named, ""), now=now, zone=calendar.zone, calendar=calendar, speak=speak)
    except ValueError as error:
        return Answer(errors={named: str(error)}, is_refused=True)
    if action == "ticket.call_done":
        return c.CallDone(fields.get("notes", ""), at)
    if action == "ticket.call_move":
        return c.MoveCall(at)
    return c.BookCall(at, fields.get("kind", ""), fields.get("why", ""))


def call_form(action: str, value: str, speak: Texts, revision: Revision) -> Form | None:
    """The form that such a button opens; None for one that acts at once."""
    wanted = FIELDS.get(action)
    if wanted is None:
        return None
    label = speak(f"button_{action.partition('.')[2]}")
    return Form(action, f"{label} · {value}", value, tuple(_input(one, speak, revision.calls) for one in wanted), label)


def call_words(text: str, by: PersonId, revision: Revision, *, now: Instant) -> tuple[TicketId, c.CallCommand]:
    """What stands after `/desk call`; `lead` at its end asks the leads for a time. A ValueError says what is wrong."""
    named, _, rest = text.strip().partition(" ")
    ticket = ticket_id_from_number(named)
    calendar, speak = revision.calendars[revision.people[by].calendar], person_texts(revision, by)
    read = partial(call_command, now=now, calendar=calendar, speak=speak)
    word, _, more = rest.strip().partition(" ")
    action = _WORDS.get(word.casefold())
    if action is None:
        when, asked = _without_last(rest, {ASK_LEAD: ASK_LEAD})
        when, kind = _without_last(when, {one.casefold(): one for one in revision.calls.kinds})
        found = read(BOOK, {"at": when, "kind": kind})
        found = replace(found, asks_lead=bool(asked)) if isinstance(found, c.BookCall) else found
    else:
        found = read(action, _filled(action, more.strip()))
    if isinstance(found, Answer):
        raise ValueError("\n".join(found.errors.values()))  # noqa: TRY004 - it is what somebody wrote that is wrong
    return ticket, found


def _without_last(words: str, known: Mapping[str, str]) -> tuple[str, str]:
    """Words without the last of them, and what it is known as; where it is not known, as they are."""
    before, _, last = words.strip().rpartition(" ")
    found = known.get(last.casefold(), "")
    return (before, found) if found else (words, "")


def _filled(action: str, words: str) -> Mapping[str, str]:
    return {FIELDS[action][0]: words} if action in FIELDS else {}


def _input(name: str, speak: Texts, rules: CallRules) -> Input:
    if name == "at":
        return Input(name, speak("call_field_at"), "moment")
    if name == "kind":
        choices = tuple((one, name_of_kind(one, rules, speak)) for one in rules.kinds)
        return Input(name, speak("call_field_kind"), "choice", choices, initial=choices[0][0])
    if name == "follow_up":
        return Input(name, speak("call_field_follow_up"), "moment", required=False)
    return Input(name, speak(f"call_field_{name}"), "long_text", required=False)

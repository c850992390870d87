"""A keyboard below times that were offered: days, a day's times, kinds of call. What stands behind each button.

    the next times, days, kinds ──a day──> its times ──a time──> booked        other days ──> as at first

It is changed in the message that it stands below, so nothing piles up. All of its buttons name the offer by its moment,
whatever it shows by now: an older one is stale. A time names itself, and is judged anew by whoever books it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from adapters.message import Button, Conversation
from adapters.port import Press
from bot.store.calls.call_offers import Offered, Standing, slot_from_text, slot_to_text
from bot.tickets.calls.days import clocks, day_label, day_of, days_of
from bot.tickets.texts import Texts
from bot.tickets.ticket import ConversationId
from sla.duration import Instant

SLOT: Final = "client.slot"
DAY: Final = "client.call_day"
DAYS: Final = "client.call_days"
KIND: Final = "client.call_kind"
ASK_LEAD: Final = "client.call_lead"
#: Rows of three on a telephone. What does not fit comes after `Later`.
MOST_DAYS: Final = 15
MOST_TIMES: Final = 36
_VALUE: Final = re.compile(r"(?P<talk>[0-9]{1,18})\.(?P<made>[0-9]{1,18})\.(?P<chosen>.{1,80})")
_PLACE: Final = re.compile(r"[0-9]{1,2}")
_FROM: Final = "@"


@dataclass(frozen=True, slots=True)
class Behind:
    """What stands behind a button: the conversation, when its offer was made, and what was chosen of that."""

    talk: ConversationId
    made_at: Instant
    chosen: str


@dataclass(frozen=True, slots=True)
class Under:
    """The message whose keyboard was pressed, to be changed where it stands. `key` names the press."""

    where: Conversation
    shown: str
    made_at: Instant
    key: str


def behind(press: Press) -> Behind | None:
    """What stands behind a button of an offer; None for any other button."""
    return of_value(press.value)


def of_value(value: str) -> Behind | None:
    """The same of what a button holds."""
    found = _VALUE.fullmatch(value)
    if found is None:
        return None
    return Behind(ConversationId(int(found["talk"])), Instant(int(found["made"])), found["chosen"])


def value_of(talk: ConversationId, made_at: Instant, chosen: str) -> str:
    """Undo `behind`."""
    return f"{talk}.{made_at}.{chosen}"


def time_of(standing: Standing, chosen: str) -> Offered | None:
    """The time that was chosen, as it was offered: by its place, or by itself; None for neither."""
    if _PLACE.fullmatch(chosen):
        return slot_at(standing, int(chosen))
    time = slot_from_text(chosen)
    if time is None:
        return None
    known = (
        one
        for one in (*standing.slots, *standing.first)
        if (one.person, one.begins_at) == (time.person, time.begins_at)
    )
    return next(known, time)


def slot_at(standing: Standing, place: int) -> Offered | None:
    """The time that was offered under a number."""
    return standing.slots[place - 1] if 1 <= place <= len(standing.slots) else None


def day_chosen(chosen: str) -> tuple[date, Instant] | None:
    """The day behind its button, and from when on its times are shown; None for what no button of ours says."""
    day, _, since = chosen.partition(_FROM)
    time = slot_from_text(f"{since} -") if since else None
    try:
        return date.fromisoformat(day), time.begins_at if time is not None else Instant(0)
    except ValueError:
        return None


def day_buttons(
    talk: ConversationId, made_at: Instant, times: Sequence[Instant], since: date | None, speak: Texts
) -> tuple[Button, ...]:
    """The days that have free times, from one on; `since` none: from the first."""
    days = [day for day in days_of(times, speak) if since is None or day >= since]
    found = [Button(DAY, day_label(day, speak), value_of(talk, made_at, day.isoformat())) for day in days[:MOST_DAYS]]
    if len(days) > MOST_DAYS:
        later = value_of(talk, made_at, days[MOST_DAYS].isoformat())
        found.append(Button(DAYS, speak("button_call_later"), later))
    return tuple(found)


def time_buttons(
    talk: ConversationId, made_at: Instant, offered: Sequence[Offered], more: Instant | None, speak: Texts
) -> tuple[Button, ...]:
    """The times of one day, and the way back to the others; `more` is the first that did not fit."""
    labels = clocks(speak, [one.begins_at for one in offered])
    found = [
        Button(SLOT, label, value_of(talk, made_at, slot_to_text(one)))
        for label, one in zip(labels, offered, strict=True)
    ]
    if more is not None:
        later = f"{day_of(more, speak).isoformat()}{_FROM}{more}"
        found.append(Button(DAY, speak("button_call_later"), value_of(talk, made_at, later)))
    return (*found, Button(DAYS, speak("button_call_days"), value_of(talk, made_at, "-")))

"""Times to choose from by their days: what a day is called on a button and above its times, and which times are its.

A day is one of the reader's own zone. Where the clocks are set back an hour comes twice, and says which one it is.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date

from babel.dates import format_date, format_skeleton

from bot.tickets.calls.texts import Time, said_clock
from bot.tickets.revision import Revision
from bot.tickets.texts import Texts
from sla.calendar import parse_zone
from sla.duration import Instant, moment


def day_of(at: Instant, speak: Texts) -> date:
    """The day of a moment where its reader is."""
    return moment(at).astimezone(parse_zone(speak.zone)).date()


def days_of(times: Iterable[Instant], speak: Texts) -> list[date]:
    """The days that have any of these times, in their order."""
    return list(dict.fromkeys(day_of(at, speak) for at in times))


def day_name(day: date, speak: Texts) -> str:
    """A day as it stands above its times: `Wednesday, March 4, 2026`."""
    return str(format_date(day, "full", locale=speak.language))


def day_label(day: date, speak: Texts) -> str:
    """The same on a button, as short as it goes: `Wed, Mar 4`."""
    return str(format_skeleton("MMMEd", day, locale=speak.language))


def clock_labels(revision: Revision, speak: Texts, times: Sequence[Time], *, now: Instant) -> list[str]:
    """Times of day, the manager's own beside each where that is another; their days stand above them."""
    own = clocks(speak, [one.begins_at for one in times])
    labels = (said_clock(revision, speak, one, now=now) for one in times)
    shown = (speak.clock_time(one.begins_at) for one in times)
    return [label + clock.removeprefix(plain) for label, clock, plain in zip(labels, own, shown, strict=True)]


def clocks(speak: Texts, times: Sequence[Instant]) -> list[str]:
    """The same in their reader's time alone."""
    shown = [(day_of(at, speak), speak.clock_time(at)) for at in times]
    often = Counter(shown)
    return [
        clock + (f" {offset(at, speak.zone)}" if often[day, clock] > 1 else "")
        for at, (day, clock) in zip(times, shown, strict=True)
    ]


def offset(at: Instant, zone: str) -> str:
    """How far a zone is from UTC at a moment: `UTC+03:00`."""
    return f"UTC{moment(at).astimezone(parse_zone(zone)).isoformat()[-6:]}"

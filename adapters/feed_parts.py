"""The events of a feed, each by itself, so that one that is broken hides no other. Pure.

    written well ──> as it stands          a property that cannot be read ──> without it, and named
    cannot be read at all ──> left out, and named          cut off in the middle ──> no calendar: what is known stays

Without its rule an event is held once, without its exceptions always, without its end a whole day: rather too
much time is taken than too little. What has no beginning takes none. An event is named by its place in the file and
by the moment and the property that were written: nothing else of it is anybody's business.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from icalendar import Calendar, Component, vDDDTypes

_REPEATS: Final = ("RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID")
_ENDS: Final = ("DTEND", "DURATION")
_READ: Final = ("DTSTART", *_ENDS, *_REPEATS)
_CALENDAR, _EVENT, _BUSY, _ZONE = "VCALENDAR", "VEVENT", "VFREEBUSY", "VTIMEZONE"
#: What a calendar says of all that stands in it.
_OF_ALL: Final = frozenset({"X-WR-TIMEZONE"})
_FOLD: Final = re.compile(r"\r?\n[ \t]")
_WRITTEN: Final = re.compile(r"[0-9TZ]{8,16}")
#: An appointment is not repeated more often, but where it is so few times in all.
_MOST_A_DAY: Final = 96
_TIMES_A_DAY: Final = {"SECONDLY": 86_400, "MINUTELY": 1_440, "HOURLY": 24}
#: What makes more of each repetition within a day.
_WITHIN: Final[dict[str, tuple[str, ...]]] = {
    "SECONDLY": (),
    "MINUTELY": ("BYSECOND",),
    "HOURLY": ("BYMINUTE", "BYSECOND"),
}
#: What the libraries raise for what they cannot read.
UNREADABLE: Final = (ValueError, KeyError, TypeError, AttributeError, OverflowError, IndexError)
_NO_CALENDAR: Final = "it is no iCalendar file"


@dataclass(frozen=True, slots=True)
class Parts:
    """What can be read of a feed, calendar by calendar, and the names of what is broken."""

    calendars: tuple[Component, ...]
    broken: tuple[str, ...]


def parts_of(content: bytes) -> Parts:
    """Take a feed apart. ValueError where it is no calendar, or ends in the middle."""
    calendars, broken = _calendars(content)
    named, place = list(broken), 0
    for calendar in calendars:
        kept = []
        for part in calendar.subcomponents:
            place += part.name == _EVENT
            wrong = _mend(part) if part.name == _EVENT else ""
            named += [name_of(place, part, wrong)] if wrong else []
            kept += [part] if wrong != "DTSTART" else []
        calendar.subcomponents = kept
    return Parts(tuple(calendars), tuple(named))


def but_for(calendar: Component, events: Sequence[Component]) -> Component:
    """The same calendar, with its zones, and these events alone."""
    other = Calendar(calendar)
    other.subcomponents = [*calendar.walk(_ZONE), *events]
    return other


def once(event: Component) -> Component:
    """The same without what says how it repeats."""
    for key in _REPEATS:
        event.pop(key, None)
    return event


def name_of(place: int, event: Component | None, wrong: str) -> str:
    """How a broken event is named: by its place, the moment that is written and what of it is wrong."""
    start = event.get("DTSTART") if event is not None else None
    written = _written(start[0] if isinstance(start, list) else start)
    return f"no. {place} ({', '.join(filter(None, (written, wrong)))})"


def _written(start: Any) -> str:  # noqa: ANN401 - the library's own
    if start is None:
        return ""
    told = start.to_ical()
    text = told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)
    return text if _WRITTEN.fullmatch(text) else ""


def _mend(event: Any) -> str:  # noqa: ANN401 - the library's own
    """Take out of an event what cannot be read, and say what that was; empty for one that is written well."""
    unread = {name for name, _ in event.errors if name}
    twice = {key for key in _READ[: -len(_REPEATS)] if isinstance(event.get(key), list)}
    wrong = [key for key in _READ if key in unread | twice]
    if "DTSTART" not in event or "DTSTART" in wrong:
        return "DTSTART"
    rules = event.get("RRULE", [])
    if "RRULE" not in wrong and any(_is_no_rule(one) for one in (rules if isinstance(rules, list) else [rules])):
        wrong.append("RRULE")
    for key in wrong:
        event.pop(key, None)
    if set(wrong) & set(_ENDS) and not set(_ENDS) & set(event):
        event["DTEND"] = vDDDTypes(event["DTSTART"].dt + timedelta(days=1))
    return wrong[0] if wrong else ""


def _is_no_rule(rule: Any) -> bool:  # noqa: ANN401 - the library's own
    """Whether a rule says nothing of how often, never comes to another day, or means more times than appointments do.

    Those are legal, and nobody can count them: one for each second has no end.
    """
    if "FREQ" not in rule or any(one < 1 for one in rule.get("INTERVAL", [])):
        return True
    often = str(rule["FREQ"][0]).upper()
    times = _TIMES_A_DAY[often] / max(rule.get("INTERVAL", [1])) if often in _TIMES_A_DAY else 1.0
    # Within what a rule repeats by itself these add times, else they leave some out.
    for key in _WITHIN.get(often, ("BYHOUR", "BYMINUTE", "BYSECOND")):
        times *= len(rule.get(key, "1"))
    return times > _MOST_A_DAY and max(rule.get("COUNT", [0])) not in range(1, _MOST_A_DAY + 1)


def _calendars(content: bytes) -> tuple[Sequence[Component], Sequence[str]]:
    """Every calendar in a file: some write several. What does not even parse is left out, and named."""
    try:
        found = Calendar.from_ical(content, multiple=True)
    except UNREADABLE:
        whole, broken = _without_broken(content.decode("utf-8-sig", "replace"))
        try:
            found = Calendar.from_ical(whole, multiple=True)
        except UNREADABLE as error:
            raise ValueError(_NO_CALENDAR) from error
    else:
        broken = ()
    if not found or any(one.name != _CALENDAR for one in found):
        raise ValueError(_NO_CALENDAR)
    return found, broken


def _without_broken(text: str) -> tuple[str, Sequence[str]]:
    """The same without what does not parse alone. The alarms of an event are left out: they take no time."""
    kept: list[str] = []
    broken: list[str] = []
    place = 0
    for name, block in _blocks(_FOLD.sub("", text).splitlines()):
        place += name == _EVENT
        if name not in {_EVENT, _BUSY} or _parses(block):
            kept.append(block)
        else:
            broken.append(name_of(place, None, name) if name == _EVENT else name)
    return "\r\n".join((*kept, "")), broken


def _blocks(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """What stands in the calendars, piece by piece; without what says nothing of times."""
    block: list[str] = []
    for line, within in _nested(lines):
        key, _, name = line.strip().upper().partition(":")
        if within == (_CALENDAR,):
            if key in {"BEGIN", "END"} or key.partition(";")[0] in _OF_ALL:
                yield key, line
        elif len(within) == len((_CALENDAR, _EVENT)) or _ZONE in within:
            block.append(line)
            if key == "END" and name == within[1]:
                yield from [(name, "\r\n".join(block))] if name in {_EVENT, _BUSY, _ZONE} else []
                block = []


def _nested(lines: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each line with what it stands in, its own part too; ValueError where the parts do not end as they began."""
    within: tuple[str, ...] = ()
    for line in filter(str.strip, lines):
        key, _, name = line.strip().upper().partition(":")
        within = (*within, name) if key == "BEGIN" else within
        if within[:1] != (_CALENDAR,) or (key == "END" and within[-1] != name):
            raise ValueError(_NO_CALENDAR)
        yield line, within
        within = within[:-1] if key == "END" else within
    if within:
        raise ValueError(_NO_CALENDAR)


def _parses(block: str) -> bool:
    try:
        Component.from_ical(f"{block}\r\n")
    except UNREADABLE:
        return False
    return True

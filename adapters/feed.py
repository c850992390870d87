"""Somebody's own calendar, as an ICS feed says it: when they have no time. Pure; what stands in it stays unread.

What is broken in it is named, and hides nothing else (`feed_parts.py`).
Only moments are taken: no title, place or guest of an appointment ever leaves this module. Events that are cancelled,
or shown as free, take no time, nor do those that the calendar has from us; times that are published as busy do. In a
calendar of leave an event shown as free is leave as well: calendars call whole days free until somebody says otherwise.
A whole day and a moment without a zone are those of the person's own zone; a day that ends on itself lasts that day.

A rule that repeats may be written so that reading it takes hours: the product asks here in a child that can be killed.
Before that an event which takes longer than appointments do, or is held more often, is named and held once.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Final

import recurring_ical_events
from icalendar import Component

from adapters.feed_parts import UNREADABLE, but_for, name_of, once, parts_of

#: A calendar of years is smaller; a larger one is none, or is made to cost us time.
LARGEST: Final = 2_000_000
MOST_EVENTS: Final = 5_000
#: Whoever has more appointments in the time that is looked at has no time anyway.
MOST_SPANS: Final = 5_000
#: Of one event: each hour for as long as is looked at.
MOST_OF_ONE: Final = 3_000
#: The seconds of work that all of it may take; where that is not enough, each of its events.
ALL_S: Final = 1.5
EACH_S: Final = 0.5

#: What is begun in it ends with a TooLongError after so many seconds of work.
Within = Callable[[float], AbstractContextManager[None]]


class TooLongError(Exception):
    """Working out a rule takes longer than an appointment is worth, or gives more times than anybody has."""


_CANNOT: Final = (*UNREADABLE, TooLongError)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a feed says: the soonest first, and the names of events that are broken."""

    spans: tuple["Span", ...]
    broken: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of time, `since` in and `until` out; both aware and in UTC."""

    since: datetime
    until: datetime


def spans_from_ics(
    content: bytes,
    *,
    zone: tzinfo,
    since: datetime,
    until: datetime,
    ours: Collection[str] = (),
    is_leave: bool = False,
    within: Within = lambda _: nullcontext(),
) -> Reading:
    """When they have no time between two moments. ValueError with what is wrong with all of it, in words.

    `ours` are the names of events that we told that calendar of: what becomes of their time we know ourselves.
    `is_leave`: each event is leave, also one that is shown as free. `within` ends what takes too long.
    """
    if len(content) > LARGEST:
        raise ValueError(f"it is larger than {LARGEST // 1_000_000} MB")
    parts = parts_of(content)
    if sum(len(one.walk("VEVENT")) for one in parts.calendars) > MOST_EVENTS:
        raise ValueError(f"it has more than {MOST_EVENTS} events")
    spans, broken = [], list(parts.broken)
    try:
        for calendar in parts.calendars:
            held, failed = _held(calendar, since, until, within)
            broken += failed
            theirs = (event for event in held if str(event.get("uid", "")) not in ours)
            spans += [span for event in theirs if (span := _span(event, zone, is_leave=is_leave)) is not None]
            spans += _told_as_busy(calendar, zone, since=since, until=until)
    except UNREADABLE as error:
        raise ValueError("its events cannot be read") from error
    if len(spans) > MOST_SPANS:
        raise ValueError(f"it has more than {MOST_SPANS} appointments in {(until - since).days} days")
    there = _joined(span for span in sorted(spans) if span.until > since and span.since < until)
    return Reading(tuple(there), tuple(broken))


def _held(calendar: Component, since: datetime, until: datetime, within: Within) -> tuple[Sequence[Any], Sequence[str]]:
    """Each time that events are held; where a rule cannot be followed, one by one, and the names of those that fail."""
    with suppress(*_CANNOT), within(ALL_S):
        return _between(calendar, since, until, most=MOST_SPANS), ()
    held: list[Any] = []
    broken: list[str] = []
    named: dict[str, list[tuple[int, Component]]] = {}
    for place, one in enumerate(calendar.walk("VEVENT"), 1):  # what was moved belongs to its rule, by its name
        named.setdefault(str(one.get("uid", "")), []).append((place, one))
    for those in named.values():
        try:
            with within(EACH_S):
                held += _between(but_for(calendar, [one for _, one in those]), since, until, most=MOST_OF_ONE)
        except _CANNOT:
            broken += [name_of(place, one, "RRULE") for place, one in those]
            with suppress(*_CANNOT), within(EACH_S):
                held += _between(but_for(calendar, [once(one) for _, one in those]), since, until, most=MOST_OF_ONE)
    return held, broken


def _between(calendar: Component, since: datetime, until: datetime, *, most: int) -> Sequence[Any]:
    found = list(recurring_ical_events.of(calendar).between(since, until))
    if len(found) > most:
        raise TooLongError
    return found


def _span(event: Any, zone: tzinfo, *, is_leave: bool) -> Span | None:  # noqa: ANN401 - the library's own
    is_free = str(event.get("transp", "")).upper() == "TRANSPARENT" and not is_leave
    if is_free or str(event.get("status", "")).upper() == "CANCELLED":
        return None
    first, last = event["DTSTART"].dt, event["DTEND"].dt
    if first == last and not isinstance(first, datetime):
        last += timedelta(days=1)  # the day after is the end of a day (RFC 5545); many a program writes the day itself
    begins, ends = _moment(first, zone), _moment(last, zone)
    return Span(begins, ends) if begins < ends else None


def _told_as_busy(calendar: Component, zone: tzinfo, *, since: datetime, until: datetime) -> Iterator[Span]:
    """The times of a calendar that is published without its events (RFC 5545, VFREEBUSY); free time takes none."""
    for part in calendar.walk("VFREEBUSY"):
        told = part.get("FREEBUSY", [])
        for one in told if isinstance(told, list) else [told]:
            span = Span(_moment(one.start, zone), _moment(one.end, zone))
            if str(one.params.get("FBTYPE", "BUSY")).upper() != "FREE" and since < span.until and span.since < until:
                yield span


def _moment(at: date | datetime, zone: tzinfo) -> datetime:
    if not isinstance(at, datetime):
        at = datetime.combine(at, time())
    return (at if at.tzinfo is not None else at.replace(tzinfo=zone)).astimezone(UTC)


def _joined(spans: Iterable[Span]) -> Iterator[Span]:
    """What overlaps or touches is one; spans come by their beginning."""
    last: Span | None = None
    for span in spans:
        if last is not None and span.since <= last.until:
            last = Span(last.since, max(last.until, span.until))
            continue
        if last is not None:
            yield last
        last = span
    if last is not None:
        yield last

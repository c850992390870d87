"""What stands on the booking page: days and times as the contact's own clock shows them, the manager's beside. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from babel.dates import format_date, format_skeleton

from bot.desk.calls.offer import Offer
from bot.tickets.calls.call import LEAD, Call, CallState
from bot.tickets.calls.texts import name_of_kind, zone_of
from bot.tickets.outcome import first_name
from bot.tickets.revision import Revision
from bot.tickets.texts import Texts
from routing.people import PersonId
from sla.calendar import parse_zone
from sla.duration import Instant, moment


@dataclass(frozen=True, slots=True)
class Shown:
    """A time as a button: what it stands for, and what it says."""

    at: Instant
    person: PersonId | None
    words: str


@dataclass(frozen=True, slots=True)
class Day:
    """A day with free times, in the contact's own zone."""

    key: str
    words: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class Booked:
    """Their call: what, when and where, and what it still waits for."""

    kind: str
    day: str
    times: str
    state: str
    waits: str
    url: str


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose clock the page shows, and whose stands beside it."""

    speak: Texts
    name: str
    zone: str

    def clock(self, at: Instant) -> str:
        """A time of day, with the other one's where their clock shows another."""
        return self._beside(self.speak.clock_time(at), at, at)

    def span(self, call: Call) -> str:
        """From when to when."""
        own = f"{self.speak.clock_time(call.begins_at)}–{self.speak.clock_time(call.ends_at)}"
        return self._beside(own, call.begins_at, call.ends_at)

    def day(self, at: Instant) -> date:
        """The contact's own day."""
        return _local(at, self.speak.zone).date()

    def _beside(self, own: str, since: Instant, until: Instant) -> str:
        here, there = _local(since, self.speak.zone), _local(since, self.zone)
        if here.utcoffset() == there.utcoffset():
            return own
        clock = Texts(self.speak.language, self.zone).clock_time
        theirs = clock(since) if since == until else f"{clock(since)}–{clock(until)}"
        if here.date() != there.date():
            theirs = f"{format_skeleton('E', there.date(), locale=self.speak.language)} {theirs}"
        return self.speak("call_time", own=own, name=self.name, theirs=theirs)


def days_of(offer: Offer, reader: Reader, wanted: str) -> tuple[list[Day], list[Shown]]:
    """The days on which anything is free, and the times of the one that is looked at."""
    by_day: dict[date, list[Instant]] = {}
    for at in offer.slots:
        by_day.setdefault(reader.day(at), []).append(at)
    chosen = next((day for day in by_day if day.isoformat() == wanted), next(iter(by_day), None))
    days = [Day(day.isoformat(), _day_words(day, reader.speak), day == chosen) for day in by_day]
    times = by_day[chosen] if chosen is not None else []
    return days, [Shown(at, offer.person, words) for at, words in zip(times, _clocks(times, reader), strict=True)]


def moments_of(revision: Revision, slots: Sequence[tuple[PersonId, Instant]], reader: Reader) -> list[Shown]:
    """A few times of any day and of anybody, each with its day."""
    shown = []
    for person, at in slots:
        own = Reader(reader.speak, first_name(revision, person, reader.name), zone_of(revision, person))
        day = _day_words(reader.day(at), reader.speak)
        shown.append(Shown(at, person, f"{day}, {own.clock(at)}"))
    return shown


def booked_of(revision: Revision, call: Call, reader: Reader, *, now: Instant) -> Booked:
    """The call that they have."""
    speak = reader.speak
    plan = revision.clients[call.client].plan if call.client in revision.clients else revision.public_plan
    waits = ""
    if call.state is CallState.REQUESTED and call.waits_for == LEAD:
        waits = speak("book_waits_lead")
    elif call.state is CallState.REQUESTED and call.accept_by is not None:
        waits = speak("book_waits", name=reader.name, due=speak.moment(call.accept_by, now=now))
    return Booked(
        kind=name_of_kind(call.kind, revision.calls.of(call.client, plan), speak),
        day=str(format_date(reader.day(call.begins_at), "full", locale=speak.language)),
        times=reader.span(call),
        state=speak(f"call_state_{call.state}"),
        waits=waits,
        url=call.url if call.url.startswith(("https://", "http://")) else "",
    )


def said_zone(zone: str, at: Instant) -> str:
    """A zone as people know it: its place, with how far it is from UTC at that moment."""
    place = zone.removeprefix("fixed:").replace("_", " ")
    offset = f"UTC{_local(at, zone).isoformat()[-6:]}"
    return offset if zone.startswith("fixed:") or place == "UTC" else f"{place}, {offset}"


def _clocks(times: Sequence[Instant], reader: Reader) -> list[str]:
    """What each says; where the clocks are set back an hour comes twice, and says then which one it is."""
    said = [reader.speak.clock_time(at) for at in times]
    return [
        reader.clock(at) if said.count(own) == 1 else f"{reader.clock(at)} UTC{_local(at, reader.speak.zone):%z}"
        for at, own in zip(times, said, strict=True)
    ]


def _day_words(day: date, speak: Texts) -> str:
    return str(format_skeleton("MMMEd", day, locale=speak.language))


def _local(at: Instant, zone: str) -> datetime:
    return moment(at).astimezone(parse_zone(zone))

"""Everything people read from us, in one catalogue, in their language and their own time.

`catalogue.toml` holds every text under a key with one entry a language; a desk may override any of them. A text with
plural forms names the number it bends to (`count`), and the forms are the language's own (CLDR): one, few, many, other.
Clients' words never pass through here as templates: they are only ever values.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache
from importlib import resources
from typing import Final

from babel import Locale
from babel.dates import format_skeleton

from sla.calendar import parse_zone
from sla.duration import Instant, moment

#: Milliseconds; said moments are whole minutes, which makes them few enough to remember.
MINUTE: Final = 60_000

LANGUAGES: Final = ("en", "uk", "es", "de")

Entry = str | Mapping[str, str]

CATALOGUE: Final[Mapping[str, Mapping[str, Entry]]] = tomllib.loads(
    resources.files("bot.tickets").joinpath("catalogue.toml").read_text(encoding="utf-8")
)

#: The hours whose preposition is their own somewhere: "a la 1:00" in Spanish, "об 11:00" in Ukrainian.
HOURS: Final = {1: "moment_at_one", 11: "moment_at_eleven"}
WEEKDAYS: Final = tuple(
    f"moment_{day}" for day in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
)
DAYS_OF_WEEK: Final = len(WEEKDAYS)


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of one reader: their language, their zone, and what the desk says differently."""

    language: str
    zone: str = "UTC"
    overrides: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def __call__(self, key: str, **values: str | int) -> str:
        """The text under `key`, filled in. KeyError for an unknown key is a defect, never a reader's problem."""
        own = self.overrides.get(key)
        entry = (own and own.get(self.language)) or CATALOGUE[key][self.language]
        if not isinstance(entry, str):
            entry = entry[_plural_form(int(values["count"]), self.language)]
        return entry.format_map(values)

    def moment(self, at: Instant, *, now: Instant) -> str:
        """A moment as this reader would say it: the time today, the weekday within a week, else the date.

        It comes with its preposition where the language needs one (`у середу о 15:00`), so that it fits any sentence.
        """
        local = _local(at // MINUTE, self.zone)
        time = self(HOURS.get(local.hour, "moment_at"), time=_clock_time(local))
        days = local.toordinal() - _local(now // MINUTE, self.zone).toordinal()
        if days == 0:
            return time
        if days == 1:
            return self("moment_tomorrow", time=time)
        if 1 < days < DAYS_OF_WEEK:
            return self(WEEKDAYS[local.weekday()], time=time)
        return self("moment_date", date=_said_date(local.date(), self.language), time=time)

    def clock_time(self, at: Instant) -> str:
        """Only the time of day, in the reader's zone."""
        return _clock_time(_local(at // MINUTE, self.zone))

    def length(self, length: timedelta) -> str:
        """A length of time in two units at most, rounded down to the minute: `3 h 12 min`."""
        minutes = max(0, length // timedelta(minutes=1))
        days, rest = divmod(minutes, 24 * 60)
        hours, left = divmod(rest, 60)
        if days:
            return self("length_days", count=days) + (f" {self('length_hours', hours=hours)}" if hours else "")
        if hours:
            return self("length_hours", hours=hours) + (f" {self('length_minutes', minutes=left)}" if left else "")
        return self("length_minutes", minutes=left)


def nearest_language(wanted: str | None, fallback: str) -> str:
    """One of our languages for a tag such as `uk-UA`; the fallback where we do not speak it."""
    short = (wanted or "").strip().replace("_", "-").split("-")[0].lower()
    return short if short in LANGUAGES else fallback


def _clock_time(local: datetime) -> str:
    """Four digits in all our languages, which is a hundred times faster than asking CLDR."""
    return f"{local.hour:02}:{local.minute:02}"


@lru_cache(maxsize=4096)
def _local(minute: int, zone: str) -> datetime:
    return moment(Instant(minute * MINUTE)).astimezone(_zone(zone))


@lru_cache(maxsize=1024)
def _zone(name: str) -> tzinfo:
    return parse_zone(name)


@lru_cache(maxsize=1024)
def _said_date(day: date, language: str) -> str:
    return format_skeleton("MMMMd", day, locale=_locale(language))


@lru_cache(maxsize=1024)
def _plural_form(count: int, language: str) -> str:
    return _locale(language).plural_form(count)


@lru_cache(maxsize=len(LANGUAGES))
def _locale(language: str) -> Locale:
    return Locale.parse(language)

"""Public holidays turned into plain dates, once, when the desk is read.

An upgrade of the holidays library must never move a due moment, so a revision holds dates and not the name of a
country. The span is whole decades: the same desk read next year is still the same desk.
"""

from datetime import date, timedelta
from functools import lru_cache

from bot.deskfile.calendar_tables import Holidays

FIRST_YEAR = 2020
_BESIDE = timedelta(days=3)


def frozen_years(today: date) -> range:
    """From 2020 to the end of the next decade, so at least ten years ahead."""
    return range(FIRST_YEAR, today.year // 10 * 10 + 20)


def frozen(holidays: Holidays, years: range) -> frozenset[date]:
    """The dates that are closed. ValueError, with the mend, for a country or subdivision nobody keeps holidays of.

    The days of calendar files have become dates by now.
    """
    if holidays.files:
        raise ValueError("a calendar file is read only from a desk directory: name the days as dates = [2026-12-24]")
    return _public(holidays, years) | frozenset(holidays.dates)


def is_empty_this_year(holidays: Holidays, today: date) -> bool:
    """Whether a country is named and has no holiday this year: Ukraine suspended them under martial law."""
    return holidays.country is not None and not _public(holidays, range(today.year, today.year + 1))


def _public(holidays: Holidays, years: range) -> frozenset[date]:
    if holidays.country is None:
        return frozenset()
    return _kept(holidays.country, holidays.subdivision, years, is_observed=holidays.observed)


@lru_cache(maxsize=256)
def _kept(country: str, subdivision: str | None, years: range, *, is_observed: bool) -> frozenset[date]:
    """The library takes a while, and one desk asks for the same country in several places."""
    import holidays as library  # noqa: PLC0415 - a third of a second, and only a desk that names a country needs it

    try:
        plain, kept = (
            library.country_holidays(country, subdiv=subdivision, years=years, observed=observed)
            for observed in (False, is_observed)
        )
    except NotImplementedError as error:
        mend = "use the ISO code, as in US or DE, and a subdivision as in CA or BY"
        raise ValueError(f"no holidays are known there ({error}): {mend}") from error
    # The library lists an observed day beside the day it stands for; the contract means one of the two.
    moved = {day for added in kept.keys() - plain.keys() if (day := _stood_for(added, kept[added], dict(plain)))}
    return frozenset(day for day in kept if day.year in years) - moved


def _stood_for(added: date, name: str, plain: dict[date, str]) -> date | None:
    """The holiday that an observed day replaces: nearby, on a weekend, and named within the observed day's name."""
    days = sorted((day for day in plain if abs(day - added) <= _BESIDE), key=lambda day: abs(day - added))
    return next((day for day in days if any(part in name for part in plain[day].split("; "))), None)

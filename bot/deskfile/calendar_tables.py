"""Working hours and days off, as the desk directory writes them."""

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from bot.deskfile.fields import (
    Day,
    DayKey,
    PositiveLength,
    Text,
    WeekTexts,
    WindowTexts,
    Zone,
)
from bot.deskfile.table import Table


class Holidays(Table):
    """Public holidays of a country, and dates of your own. They become plain dates when the desk is applied."""

    country: Annotated[str | None, Field(description="ISO code, as in US.")] = None
    subdivision: Annotated[str | None, Field(description="A state or region, as in CA.")] = None
    observed: Annotated[bool, Field(description="A holiday on a weekend is kept on the working day beside it.")] = True
    dates: list[Day] = []
    files: Annotated[
        list[Text], Field(description="Calendar files (ICS) in the desk directory; whole days count.")
    ] = []

    @model_validator(mode="after")
    def _belongs_to_a_country(self) -> "Holidays":
        if self.subdivision and not self.country:
            raise ValueError('`subdivision` needs a `country`: write for example country = "US"')
        if not self.country and not self.dates and not self.files:
            raise ValueError(
                'no holidays are named: write country = "US", or dates = [2026-12-25], or leave the key out'
            )
        return self


class CalendarChange(Table):
    """Other working hours from a day on; dates of their own and holidays stay."""

    since: Annotated[Day, Field(description="The first day of the new hours.")]
    week: WeekTexts
    zone: Annotated[Zone | None, Field(description="Where it differs from the hours before.")] = None


class Calendar(Table):
    """Working hours. A window belongs to the day it starts on, and may run past midnight."""

    zone: Zone
    week: WeekTexts
    days: Annotated[dict[DayKey, WindowTexts], Field(description="Other hours on one date; [] is closed.")] = {}
    holidays: Holidays | None = None
    holiday_scope: Annotated[
        Literal["window_start", "civil_date"],
        Field(
            description="Whether the tail of the night before a holiday is worked (window_start) or not (civil_date)."
        ),
    ] = "window_start"
    day_length: Annotated[PositiveLength | None, Field(description='What mode = "hours" calls a day.')] = None
    changes: Annotated[
        list[CalendarChange], Field(description="What the hours will be, the soonest change first.")
    ] = []

    @model_validator(mode="after")
    def _changes_follow_each_other(self) -> "Calendar":
        for one, following in pairwise(self.changes):
            if following.since <= one.since:
                raise ValueError(f"the change of {following.since} stands after that of {one.since}: the soonest first")
        return self

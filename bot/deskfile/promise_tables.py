"""Promises, as the desk directory writes them: cells by urgency and channel, in policies and on top of them."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from bot.deskfile.fields import (
    Day,
    Key,
    Length,
    Mark,
    Text,
    WithinText,
)
from bot.deskfile.table import Table
from sla.duration import BusinessDays, DayMode, Within, parse_duration, parse_within
from sla.marks import out_of_order
from sla.policy import Target, Unit

URGENCIES = ("critical", "high", "medium", "low", "informational", "feature")
DEFAULT_URGENCY = "medium"


class Cell(Table):
    """One promised length."""

    within: WithinText
    unit: Annotated[Literal["business", "wall"], Field(description="Open hours of the calendar, or real time.")] = (
        "business"
    )
    calendar: Annotated[Key | None, Field(description="Where it differs from the policy's own.")] = None
    mode: Annotated[DayMode, Field(description="Where in its last day a length in business days ends.")] = "same_time"
    quote: Annotated[str, Field(description="The words of the contract; people see them when they ask why.")] = ""
    assumes: Annotated[
        Text | None, Field(description="How we read words that may be read otherwise; people see it when they ask why.")
    ] = None
    goal: Annotated[bool, Field(description="Something to aim for: reminded of, never breached.")] = False
    rule: Annotated[
        Literal["tightest", "replace"],
        Field(description="tightest: what the policy below promises counts too, if sooner. replace: it does not."),
    ] = "tightest"
    high_load: Annotated[WithinText | None, Field(description="Promised instead while a high load is declared.")] = None
    off_hours_cap: Annotated[Length | None, Field(description="Closed hours delay the due moment by this at most.")] = (
        None
    )

    @model_validator(mode="after")
    def _makes_sense(self) -> "Cell":
        cap = None if self.off_hours_cap is None else parse_duration(self.off_hours_cap)
        calendar = None if self.unit == "wall" else self.calendar or "of the policy"
        if self.unit == "wall" and self.calendar:
            raise ValueError('real time has no calendar: drop `calendar`, or write unit = "business"')
        load = None if self.high_load is None else parse_within(self.high_load, self.mode)
        within = parse_within(self.within, self.mode)
        Target(within, Unit(self.unit), calendar, off_hours_cap=cap, high_load=load)
        if load is not None and _is_sooner(load, within):
            raise ValueError(
                f"high_load ({self.high_load}) is sooner than what is promised else ({self.within}): write a longer one"
            )
        return self


def _is_sooner(one: Within, other: Within) -> bool:
    """Whether it is the shorter one; False where the two are not counted alike."""
    if isinstance(one, BusinessDays) and isinstance(other, BusinessDays):
        return one.count < other.count
    return isinstance(one, timedelta) and isinstance(other, timedelta) and one < other


class Cells(Table):
    """What is promised for one urgency, by metric."""

    first_response: Cell | None = None
    next_response: Cell | None = None
    follow_up: Cell | None = None
    resolution: Cell | None = None
    pick_up: Cell | None = None


class ChannelCells(Table):
    """What is promised instead in one channel. A policy that extends this one does not inherit these."""

    telegram: Cells | None = None
    slack: Cells | None = None
    email: Cells | None = None
    inapp: Cells | None = None


class UrgencyCells(Cells):
    """What is promised for one urgency."""

    channels: ChannelCells | None = None


class Reminders(Table):
    """Marks in the clock's own time, mildest first."""

    marks: list[Mark]

    @model_validator(mode="after")
    def _mildest_first(self) -> "Reminders":
        if (found := out_of_order(self.marks)) is not None:
            raise ValueError(f"{found[0]} would never fall beside {found[1]}: list each once, the mildest first")
        return self


class Policy(Table):
    """A set of promises, usually one document of the contract."""

    source: Annotated[Text | None, Field(description="The document this was taken from, with its date.")] = None
    review: Annotated[Day | None, Field(description="When the document is to be read again.")] = None
    since: Annotated[
        Day | None, Field(description="The first day on which its cells count; from ever if left out.")
    ] = None
    until: Annotated[Day | None, Field(description="The first day on which they count no more.")] = None
    extends: Annotated[
        Key | None, Field(description="The policy below: of its cells and these the tighter counts.")
    ] = None
    calendar: Annotated[Key | None, Field(description="The calendar of the cells that name none.")] = None
    satisfied_by: Annotated[
        Literal["human_reply", "answer"] | None,
        Field(description="human_reply (the default): any reply of a person. answer: only an answer, an ETA or a fix."),
    ] = None
    urgencies: Annotated[list[Key] | None, Field(description="Your own levels, most urgent first.", min_length=1)] = (
        None
    )
    default_urgency: Annotated[Key | None, Field(description="Where nobody stated one; medium if there is one.")] = None
    immediate: Annotated[list[Key] | None, Field(description="Urgencies that page people whatever the hour.")] = None
    off_hours_ladder: Annotated[
        Key | None, Field(description="Whom critical and high page out of hours, in real time; nobody if left out.")
    ] = None
    floor: Annotated[Length | None, Field(description="The least time a change of urgency leaves a clock; 15m.")] = None
    reminders: Reminders | None = None
    targets: Annotated[dict[Key, UrgencyCells], Field(description="By urgency.")] = {}

    @field_validator("urgencies", "immediate")
    @classmethod
    def _each_once(cls, written: list[str] | None) -> list[str] | None:
        twice = [one for place, one in enumerate(written or ()) if one in (written or ())[:place]]
        if twice:
            raise ValueError(f"{twice[0]!r} is listed twice: list each urgency once")
        return written


class Addendum(Table):
    """What one client is promised on top of their plan: an addendum to the contract, or the care after going live."""

    source: Annotated[Text | None, Field(description="The document this was taken from, with its date.")] = None
    review: Annotated[Day | None, Field(description="When the document is to be read again.")] = None
    since: Annotated[Day | None, Field(description="The first day, in the client's zone; from ever if left out.")] = (
        None
    )
    until: Annotated[Day | None, Field(description="The first day on which it counts no more.")] = None
    calendar: Annotated[Key | None, Field(description="The calendar of the cells that name none.")] = None
    targets: Annotated[dict[Key, UrgencyCells], Field(description="By urgency.", min_length=1)]

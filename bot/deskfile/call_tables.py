"""Calls in the desk directory: how they are booked, and what a plan or a client has agreed otherwise."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from bot.deskfile.fields import Key, Length, PositiveLength, Text
from bot.deskfile.table import Table
from routing.calls import CELL
from sla.duration import BusinessDays, DayMode, parse_duration, parse_within

NONE = "none"
_STEPS = f"{CELL // timedelta(minutes=1)}m"


def _notice(written: str) -> str:
    if written.strip() == NONE:
        return NONE
    within = parse_within(written)
    if not isinstance(within, BusinessDays):
        msg = f'{written!r} is no notice: it is counted in working days, write for example "1bd" or "none"'
        raise ValueError(msg)  # noqa: TRY004 - pydantic reports a ValueError beside the other mistakes
    return f"{within.count}bd"


def _in_steps(written: str) -> str:
    if parse_duration(written) % CELL:
        raise ValueError(f"{written!r} is no whole number of {_STEPS}: calls lie on steps of {_STEPS}")
    return written


def _link(written: str) -> str:
    if not written.startswith("https://") or any(sign.isspace() for sign in written):
        raise ValueError(f"{written!r} is no place for a call: write an address that begins with https://")
    return written


def _feed(written: str) -> str:
    is_here = written.startswith(("http://127.0.0.1:", "http://localhost:"))
    if not (written.startswith("https://") or is_here) or any(sign.isspace() for sign in written):
        raise ValueError(f"{written!r} is no calendar feed: write an address that begins with https://")
    return written


Notice = Annotated[str, AfterValidator(_notice), Field(examples=["1bd", "none"])]
CallLength = Annotated[PositiveLength, AfterValidator(_in_steps)]
Video = Annotated[Text, AfterValidator(_link), Field(examples=["https://meet.example.test/vera"])]
Feed = Annotated[Text, AfterValidator(_feed), Field(examples=["https://calendar.example.test/vera/basic.ics"])]


class CallKind(Table):
    """What a call may be for."""

    length: CallLength = "30m"
    name: Annotated[Text | None, Field(description="As clients read it; the six usual kinds have names.")] = None


class Entitled(Table):
    """So many calls of a kind are part of what was bought."""

    count: Annotated[int, Field(ge=0)]
    per: Annotated[Literal["month", "quarter", "year"], Field(description="Of the client's own calendar.")] = "month"


class CallsAgreed(Table):
    """Where a plan or a client has calls otherwise than the desk."""

    notice: Notice | None = None
    notice_mode: Annotated[DayMode | None, Field(description="Where in its last day the notice ends.")] = None
    confirm: Annotated[
        Literal["slot", "manager"] | None, Field(description="manager: each call has to be accepted before its notice.")
    ] = None
    kinds: Annotated[list[Key] | None, Field(description="Which there are, the usual one first.", min_length=1)] = None
    entitled: Annotated[dict[Key, Entitled], Field(description="How many of a kind; without it, any number.")] = {}


class Calls(Table):
    """How clients book calls with their managers. With this table buttons offer it."""

    notice: Annotated[Notice, Field(description="Working days of the manager between agreeing and calling.")] = "1bd"
    notice_mode: Annotated[DayMode, Field(description="Where in its last day the notice ends.")] = "same_time"
    grid: Annotated[CallLength, Field(description="How far apart calls may begin.")] = "30m"
    buffer: Annotated[Length, AfterValidator(_in_steps), Field(description="Kept free after each call.")] = "0m"
    ahead: Annotated[int, Field(description="So many days ahead may be booked.", ge=1, le=90)] = 30
    offered: Annotated[int, Field(description="So many times are offered in a conversation.", ge=1, le=10)] = 6
    confirm: Annotated[
        Literal["slot", "manager"], Field(description="slot: a free time is agreement. manager: they accept each call.")
    ] = "slot"
    video: Annotated[
        Video | None,
        Field(description="Where calls are held; {call} in it becomes a name of the call that nobody guesses."),
    ] = None
    kinds: Annotated[dict[Key, CallKind], Field(description="In place of the six kinds there are otherwise.")] = {}
    usual: Annotated[Key | None, Field(description="The kind that is meant where none is named.")] = None

    @model_validator(mode="after")
    def _kinds_fit(self) -> "Calls":
        if parse_duration(self.grid) > timedelta(days=1):
            raise ValueError("a grid of more than a day offers almost nothing: write for example 30m")
        return self

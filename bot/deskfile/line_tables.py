"""Lines of people, their hours, and the ladders that tell somebody further up."""

from typing import Annotated

from pydantic import Field

from bot.deskfile.fields import Day, Key, Length
from bot.deskfile.table import Table


class Step(Table):
    """`after` counts from the breach in the clock's own time."""

    after: Length
    tell: Annotated[Key, Field(description="A role, a person or a line.")]


class Ladder(Table):
    """Who is told further up when a promise breaks."""

    steps: Annotated[list[Step], Field(min_length=1)]


class Line(Table):
    """A first or second line of people."""

    people: list[Key]
    calendar: Annotated[Key, Field(description="Its business days; when somebody is there, their own calendars say.")]
    kinds: Annotated[list[Key], Field(description="Kinds of work that go straight to this line.")] = []
    turns_from: Annotated[
        Day | None,
        Field(description="One person a week is on duty, in this order, the first one from this day on."),
    ] = None


class Covered(Table):
    """The calendar in which a plan's line is there for a channel; whenever somebody works if left out."""

    telegram: Key | None = None
    slack: Key | None = None
    email: Key | None = None
    inapp: Key | None = None

"""What was promised: targets by urgency and metric, as the desk directory states them.

A policy is a value and knows nothing of tickets. A cell is (urgency, metric); a channel may have its own cell, which
then stands in place of the urgency's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType

from sla.duration import BusinessDays, Within

Urgency = str


class Metric(StrEnum):
    """What is measured."""

    FIRST_RESPONSE = "first_response"
    NEXT_RESPONSE = "next_response"
    FOLLOW_UP = "follow_up"
    ETA = "eta"
    RESOLUTION = "resolution"
    PICK_UP = "pick_up"


class SatisfiedBy(StrEnum):
    """Which replies count: anything a human says, or only an answer, an ETA or a fix."""

    HUMAN_REPLY = "human_reply"
    ANSWER = "answer"


class Unit(StrEnum):
    """Real elapsed time, or open time of a calendar."""

    WALL = "wall"
    BUSINESS = "business"


@dataclass(frozen=True, slots=True)
class Target:
    """One promised length. `calendar` is a key; a business target has one, a wall target needs none.

    A goal is what we aim for and never breaches. `off_hours_cap` bounds how long closed hours may delay the due moment:
    start + within + cap of real time ("can be delayed for up to 24 hours").
    """

    within: Within
    unit: Unit
    calendar: str | None = None
    quote: str = ""
    goal: bool = False
    off_hours_cap: timedelta | None = None

    def __post_init__(self) -> None:
        if isinstance(self.within, timedelta) and self.within <= timedelta(0):
            raise ValueError("a target of zero or less cannot be kept or measured: write at least 1m")
        if self.unit is Unit.BUSINESS and self.calendar is None:
            raise ValueError("a business target needs a calendar: name one, or write unit = 'wall'")
        if self.unit is Unit.WALL and isinstance(self.within, BusinessDays):
            raise ValueError("business days exist only in a calendar: write unit = 'business', or hours as in 24h")
        if self.off_hours_cap is not None and (self.unit is Unit.WALL or self.off_hours_cap < timedelta(0)):
            raise ValueError("off_hours_cap bounds a business target: write unit = 'business' and a cap of 0m or more")


@dataclass(frozen=True, slots=True)
class Marks:
    """Reminders on the way to the due moment, mildest first: `50%`, `last_call`, or `T-30m` (so long before due)."""

    marks: tuple[str, ...] = ("50%", "80%", "last_call")


Cells = Mapping[Urgency, Mapping[Metric, Target]]


@dataclass(frozen=True, slots=True)
class Policy:
    """A set of targets with its source. `urgencies` runs from the most urgent down; `review` is a date to look again.

    `immediate` names urgencies that page people at once, whatever the hour; it changes no target. `floor` is the least
    time a change of urgency or plan leaves a running clock; zero is the strict contract.
    """

    key: str
    source: str
    review: date | None
    satisfied_by: SatisfiedBy
    targets: Cells
    urgencies: tuple[Urgency, ...]
    default_urgency: Urgency
    channel_targets: Mapping[str, Cells] = field(default_factory=lambda: MappingProxyType({}))
    marks: Marks = Marks()
    immediate: frozenset[Urgency] = frozenset()
    floor: timedelta = timedelta(minutes=15)


def target_for(policy: Policy, urgency: Urgency, metric: Metric, channel: str = "") -> Target | None:
    """What is promised in this cell, or None: nothing is.

    An urgency the policy does not know (the plan changed under the ticket) is read as its default one: a promise must
    not vanish because a word did.
    """
    level = urgency if urgency in policy.urgencies else policy.default_urgency
    own = policy.channel_targets.get(channel, {}).get(level, {}).get(metric)
    return own if own is not None else policy.targets.get(level, {}).get(metric)

"""What was promised: targets by urgency and metric, as the desk directory states them.

A policy is a value and knows nothing of tickets. A cell is (urgency, metric); a channel may have its own cell, which
then stands in place of the urgency's. A policy may extend others; which layer's promise counts is decided by
`sla.layers`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType

from sla.duration import BusinessDays, Instant, Within

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
    start + within + cap of real time ("can be delayed for up to 24 hours"). `high_load` is promised in place of
    `within` while a high load is declared. `layer` names the policy that states the target, and `replaces` says that
    it stands in place of what the layers below promise, also where that would be sooner. `assumes` is how we read words
    that may be read otherwise; whoever asks why is told.
    """

    within: Within
    unit: Unit
    calendar: str | None = None
    quote: str = ""
    goal: bool = False
    off_hours_cap: timedelta | None = None
    high_load: Within | None = None
    layer: str = ""
    replaces: bool = False
    assumes: str = ""

    def __post_init__(self) -> None:
        lengths = (self.within, self.high_load)
        if any(isinstance(one, timedelta) and one <= timedelta(0) for one in lengths):
            raise ValueError("a target of zero or less cannot be kept or measured: write at least 1m")
        if self.unit is Unit.BUSINESS and self.calendar is None:
            raise ValueError("a business target needs a calendar: name one, or write unit = 'wall'")
        if self.unit is Unit.WALL and any(isinstance(one, BusinessDays) for one in lengths):
            raise ValueError("business days exist only in a calendar: write unit = 'business', or hours as in 24h")
        if self.off_hours_cap is not None and (self.unit is Unit.WALL or self.off_hours_cap < timedelta(0)):
            raise ValueError("off_hours_cap bounds a business target: write unit = 'business' and a cap of 0m or more")


@dataclass(frozen=True, slots=True)
class Marks:
    """Reminders on the way to the due moment, mildest first: `50%`, `last_call`, or `T-30m` (so long before due)."""

    marks: tuple[str, ...] = ("50%", "80%", "last_call")


Cells = Mapping[Urgency, Mapping[Metric, Target]]

#: The layers of a target that no policy states: agreed for one ticket alone (databases keep it by this name), or a rule
#: of the desk's own, which is promised to nobody.
AGREED = "agreed"
RULE = ".rule"


@dataclass(frozen=True, slots=True)
class Agreed:
    """A target agreed for one ticket alone: it holds for its clocks of this metric that start at `since` or later."""

    metric: Metric
    target: Target
    since: Instant


@dataclass(frozen=True, slots=True)
class Layer:
    """A policy that another one extends. It holds for clocks that start from `since` to before `until`.

    It has no cells of channels: they are not inherited, since who extends a policy promises the same in every channel.
    """

    key: str
    source: str
    targets: Cells
    since: Instant | None = None
    until: Instant | None = None

    def is_in_force(self, at: Instant) -> bool:
        """Whether a clock that starts at this moment counts by this layer."""
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class Policy:
    """A set of targets with its source. `urgencies` runs from the most urgent down; `review` is a date to look again.

    `immediate` names urgencies that page people at once, whatever the hour; it changes no target. `floor` is the least
    time a change of urgency or plan leaves a running clock; zero is the strict contract. `extends` are the layers below
    it, the most general first; `since` and `until` date its own cells as a layer's. `agreed` is what one ticket is owed
    in place of all that, oldest first.
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
    extends: tuple[Layer, ...] = ()
    since: Instant | None = None
    until: Instant | None = None
    agreed: tuple[Agreed, ...] = ()

    @property
    def own(self) -> Layer:
        """Its own cells as a layer, without those of channels."""
        return Layer(self.key, self.source, self.targets, self.since, self.until)

    def layer_of(self, target: Target) -> Layer:
        """The layer that states a target of this policy; its own where the target names none."""
        return next((layer for layer in self.extends if layer.key == target.layer), self.own)


def targets_for(policy: Policy, urgency: Urgency, metric: Metric, channel: str, *, at: Instant) -> tuple[Target, ...]:
    """All that is promised in this cell to a clock that starts at `at`, the most general layer first.

    An urgency the policy does not know (the plan changed under the ticket) is read as its default one: a promise must
    not vanish because a word did.
    """
    if agreed := [one.target for one in policy.agreed if one.metric is metric and one.since <= at]:
        return (agreed[-1],)
    level = urgency if urgency in policy.urgencies else policy.default_urgency
    found: list[Target] = []
    for layer in (*policy.extends, policy.own):
        cell = layer.targets.get(level, {}).get(metric)
        if layer.key == policy.key:
            cell = policy.channel_targets.get(channel, {}).get(level, {}).get(metric, cell)
        if cell is not None and layer.is_in_force(at):
            found = [cell] if cell.replaces else [*found, cell]
    return tuple(found)

"""How long an assigned person may take to pick a ticket up before it is passed on to somebody else.

The clock runs from the assignment, and stops with an answer, an acknowledgement or a handing over. Where the policy has
no target for it, it is fifteen minutes, or half of the response that is owed if that is less. It counts in the time of
that response, or in the hours of the person where those of the response do not say when they are there.

It is no promise to a client: nobody further up is told of it, and no figure of kept promises counts it.
"""

from dataclasses import replace
from datetime import timedelta

from sla import clock as clocks_of
from sla.clock import Clock, State, is_owing
from sla.duration import Instant, length
from sla.layers import Calendars, calendar_named, promised
from sla.policy import RULE, Metric, Policy, Target, Unit, Urgency
from sla.promise import RESPONSES, Promises, calendar_of

LONGEST = timedelta(minutes=15)


def assigned(
    clocks: Promises,
    policy: Policy,
    urgency: Urgency,
    channel: str,
    calendars: Calendars,
    at: Instant,
    *,
    longest: timedelta | None = LONGEST,
    hours: str | None = None,
    why: str = "handed over",
) -> Promises:
    """A person got the ticket. Whoever had it before need not pick it up any more; told twice, nothing changes.

    Without `longest` there is no such clock but where the policy has a target for it. `hours` is the person's own
    calendar, in which a target of real time counts for them: nobody picks anything up at night.
    """
    if any(clock.metric is Metric.PICK_UP and clock.started_at == at for clock in clocks):
        return clocks
    clocks = ended(clocks, at, why)
    target = promised(policy, urgency, Metric.PICK_UP, channel, calendars, at=at) or _half(clocks, longest)
    if target is None:
        return clocks
    if target.unit is Unit.WALL and hours is not None:
        target = replace(target, unit=Unit.BUSINESS, calendar=hours)
    calendar = calendar_named(target.calendar, calendars)
    return (*clocks, clocks_of.start(Metric.PICK_UP, target, calendar, at=at, marks=()))


def sooner(
    clocks: Promises,
    policy: Policy,
    urgency: Urgency,
    channel: str,
    calendars: Calendars,
    at: Instant,
    *,
    longest: timedelta | None = LONGEST,
    hours: str | None = None,
) -> Promises:
    """It matters more than it did: whoever has yet to pick it up may have less time by that, and never more."""
    awaited = next((clock for clock in clocks if clock.metric is Metric.PICK_UP and is_owing(clock)), None)
    if awaited is None or awaited.due_at is None:
        return clocks
    found = assigned(clocks, policy, urgency, channel, calendars, at, longest=longest, hours=hours, why="more urgent")
    due_at = found[-1].due_at
    return found if due_at is not None and due_at < awaited.due_at else clocks


def again(clocks: Promises, calendars: Calendars, at: Instant, *, hours: str) -> Promises:
    """The time ran out while the person was not there: it counts anew, in their own hours."""
    late = next((clock for clock in clocks if clock.metric is Metric.PICK_UP and is_owing(clock)), None)
    if late is None:
        return clocks
    target = replace(late.target, unit=Unit.BUSINESS, calendar=hours)
    fresh = clocks_of.start(Metric.PICK_UP, target, calendar_named(hours, calendars), at=at, marks=())
    others = tuple(clock for clock in clocks if (clock.metric, clock.started_at) != (Metric.PICK_UP, at))
    return (*ended(others, at, "not on shift"), fresh)


def picked_up(clocks: Promises, calendars: Calendars, at: Instant) -> Promises:
    """The person answered, or said that they have it."""
    return tuple(
        clocks_of.satisfy(clock, calendar_of(clock, calendars), at=at) if clock.metric is Metric.PICK_UP else clock
        for clock in clocks
    )


def passed_over(clocks: Promises, at: Instant) -> Promises:
    """The person did not react: the ticket goes on to the next rule, which starts the next person's clock."""
    return ended(clocks, at, "passed over")


def ended(clocks: Promises, at: Instant, reason: str) -> Promises:
    """Nobody is asked to pick it up any more."""
    return tuple(
        clocks_of.cancel(clock, at=at, reason=reason) if clock.metric is Metric.PICK_UP else clock for clock in clocks
    )


def is_awaited(clocks: Promises) -> bool:
    """Whether somebody has yet to say that they have the ticket."""
    return any(clock.metric is Metric.PICK_UP and is_owing(clock) for clock in clocks)


def _half(clocks: Promises, longest: timedelta | None) -> Target | None:
    """Half of the response that is due first, or of the one that is broken already."""
    states = {State.RUNNING, State.BREACHED}
    owing = [one for one in clocks if one.metric in RESPONSES and is_owing(one) and one.state in states]
    owed: Clock | None = min(owing, key=lambda one: one.due_at or 0, default=None)
    if owed is None or longest is None:
        return None
    within = min(longest, length(owed.target_ms // 2))
    return Target(within, owed.target.unit, owed.target.calendar, layer=RULE)

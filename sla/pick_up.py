"""How long an assigned person may take to pick a ticket up before it is passed on to somebody else.

The clock runs from the assignment, and stops with an answer, an acknowledgement or a handing over. Where the policy has
no target for it, it is fifteen minutes, or half of the response that is owed if that is less.
"""

from dataclasses import replace
from datetime import timedelta

from sla import clock as clocks_of
from sla.clock import Clock, is_owing
from sla.duration import Instant, length
from sla.layers import Calendars, calendar_named, promised
from sla.policy import Metric, Policy, Target, Urgency
from sla.promise import RESPONSES, Promises, calendar_of, next_due

LONGEST = timedelta(minutes=15)


def assigned(
    clocks: Promises, policy: Policy, urgency: Urgency, channel: str, calendars: Calendars, at: Instant
) -> Promises:
    """A person got the ticket. Whoever had it before need not pick it up any more; told twice, nothing changes."""
    if any(clock.metric is Metric.PICK_UP and clock.started_at == at for clock in clocks):
        return clocks
    clocks = _ended(clocks, at, "handed over")
    target = promised(policy, urgency, Metric.PICK_UP, channel, calendars, at=at) or _half_of_the_response(clocks)
    if target is None:
        return clocks
    calendar = calendar_named(target.calendar, calendars)
    return (*clocks, clocks_of.start(Metric.PICK_UP, target, calendar, at=at, marks=()))


def picked_up(clocks: Promises, calendars: Calendars, at: Instant) -> Promises:
    """The person answered, or said that they have it."""
    return tuple(
        clocks_of.satisfy(clock, calendar_of(clock, calendars), at=at) if clock.metric is Metric.PICK_UP else clock
        for clock in clocks
    )


def passed_over(clocks: Promises, at: Instant) -> Promises:
    """The person did not react: the ticket goes on to the next rule, which starts the next person's clock."""
    return _ended(clocks, at, "passed over")


def _ended(clocks: Promises, at: Instant, reason: str) -> Promises:
    return tuple(
        clocks_of.end(clock, at=at, reason=reason) if clock.metric is Metric.PICK_UP else clock for clock in clocks
    )


def _half_of_the_response(clocks: Promises) -> Target | None:
    owed: Clock | None = next_due(tuple(one for one in clocks if one.metric in RESPONSES and is_owing(one)))
    if owed is None:
        return None
    within = min(LONGEST, length(owed.target_ms // 2))
    return replace(owed.target, within=within, quote="", off_hours_cap=None, high_load=None, goal=False)

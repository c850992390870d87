"""Which of several promises counts: the standard, the premium on top of it, the client's own addendum.

Between layers the tightest wins: the one that is due first, counted from the start of the clock and each in its own
calendar. A layer may say that it replaces the ones below. Of promises that are due together the more specific one
counts. The winner is pinned on the clock by its name, so that nobody has to work it out again.
"""

from collections.abc import Mapping
from dataclasses import replace

from sla.calendar import ALWAYS, Calendar
from sla.duration import Instant
from sla.measure import first_due, resolved_ms
from sla.policy import Metric, Policy, Target, Urgency, targets_for

Calendars = Mapping[str, Calendar]


def promised(
    policy: Policy,
    urgency: Urgency,
    metric: Metric,
    channel: str,
    calendars: Calendars,
    *,
    at: Instant,
    is_high_load: bool = False,
) -> Target | None:
    """What a clock that starts at `at` is promised, or None: nothing is.

    A guarantee wins over any goal: what we only aim for must not hide what we owe.
    """
    found = targets_for(policy, urgency, metric, channel, at=at)
    if is_high_load:
        found = tuple(eased(one) for one in found)
    rivals = [one for one in found if not one.goal] or list(found)
    if len(rivals) <= 1:
        return rivals[0] if rivals else None
    # Of equals `min` takes the first, so the most specific one stands there.
    return min(reversed(rivals), key=lambda one: _due_at(one, calendars, at))


def eased(target: Target) -> Target:
    """The target as a declared high load leaves it."""
    return target if target.high_load is None else replace(target, within=target.high_load)


def is_eased(target: Target) -> bool:
    """Whether this is the target of a declared high load."""
    return target.high_load is not None and target.within == target.high_load


def calendar_named(key: str | None, calendars: Calendars) -> Calendar:
    """The calendar of a target; every moment for one that has none. ValueError when the desk has lost it."""
    if key is None:
        return ALWAYS
    if key not in calendars:
        raise ValueError(f"there is no calendar {key!r}, which a promise counts in: restore it, or apply a new target")
    return calendars[key]


def _due_at(target: Target, calendars: Calendars, at: Instant) -> Instant:
    calendar = calendar_named(target.calendar, calendars)
    return first_due(target, calendar, at, resolved_ms(target, calendar, at))

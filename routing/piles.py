"""Many promises break at once: what is said, to whom, and what becomes one digest.

End-of-day piles are real: all mail of a Saturday with a target of one business day is due at Monday's closing. And
after a downtime everything overdue comes to light together. Of one clock only the most severe news is told; of more
than a few clocks together, one person or channel hears once.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from sla.duration import Instant, millis

#: Alerts of so many clocks come one by one; more of them together are one digest.
MOST_ALONE = 3
#: What comes within so long of the first belongs together.
TOGETHER = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Alert:
    """News about one clock for one person or channel. The higher `weight`, the more severe: marks, breach, steps."""

    to: str
    clock: str
    what: str
    weight: int
    at: Instant


def most_severe(alerts: Iterable[Alert]) -> tuple[Alert, ...]:
    """Of each clock and recipient only the most severe, in the order in which they happened."""
    worst: dict[tuple[str, str], Alert] = {}
    for alert in alerts:
        known = worst.get((alert.to, alert.clock))
        if known is None or (alert.weight, alert.at) > (known.weight, known.at):
            worst[alert.to, alert.clock] = alert
    return tuple(sorted(worst.values(), key=lambda one: (one.at, one.to, one.clock)))


def piles(alerts: Iterable[Alert]) -> tuple[tuple[Alert, ...], ...]:
    """What to send: a pile of one is a message of its own, a longer one a digest for its recipient."""
    groups: list[list[Alert]] = []
    newest: dict[str, list[Alert]] = {}
    for alert in most_severe(alerts):
        group = newest.get(alert.to)
        if group is None or alert.at - group[0].at > millis(TOGETHER):
            group = newest[alert.to] = []
            groups.append(group)
        group.append(alert)
    return tuple(pile for group in groups for pile in _parted(group))


def _parted(group: list[Alert]) -> list[tuple[Alert, ...]]:
    clocks = {alert.clock for alert in group}
    return [tuple(group)] if len(clocks) > MOST_ALONE else [(alert,) for alert in group]

"""The uptime book: quarters of a contract's own year, the downtime they allow, and what of it is used.

A quarter begins at local midnight, so in a zone with summer time it may be an hour longer or shorter than its days.
What is excluded is taken from the downtime, never from the time that the share is of.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from fractions import Fraction

from sla.duration import Instant, instant, millis

MONTHS = 12
QUARTER_MONTHS = 3
#: A scheduled downtime is free up to here; the rest of it counts.
FREE_FOR = timedelta(seconds=10)


class DowntimeKind(StrEnum):
    """Why it was down; only the first two may use up the budget."""

    UNPLANNED = "unplanned"
    SCHEDULED = "scheduled"
    EXCLUDED = "excluded"
    THIRD_PARTY = "third_party"


@dataclass(frozen=True, slots=True)
class Downtime:
    """From `since` to before `until`."""

    since: Instant
    until: Instant
    kind: DowntimeKind


@dataclass(frozen=True, slots=True)
class Quarter:
    """From `start` to before `end`."""

    start: Instant
    end: Instant

    @property
    def total_ms(self) -> int:
        return self.end - self.start

    def budget_ms(self, share: Fraction) -> int:
        """The downtime that a share of uptime, as in 999/1000, leaves; parts of a millisecond are cut off."""
        if not 0 <= share <= 1:
            raise ValueError("a share of uptime lies between nothing and all: write 99.9 % as 999/1000")
        return int(self.total_ms * (1 - share))


@dataclass(frozen=True, slots=True)
class Uptime:
    """How a quarter stands. `left_ms` is below zero when the promise is broken."""

    quarter: Quarter
    budget_ms: int
    used_ms: int

    @property
    def left_ms(self) -> int:
        return self.budget_ms - self.used_ms

    @property
    def share(self) -> Fraction:
        """The uptime reached, of the whole quarter."""
        return 1 - Fraction(self.used_ms, self.quarter.total_ms)


def quarter_of(day: date, zone: tzinfo, *, first_month: int = 2) -> Quarter:
    """The quarter that holds a local date, of a year whose quarters begin with this month and every third after it."""
    months = day.year * MONTHS + day.month - 1
    begins = months - (months - (first_month - 1)) % QUARTER_MONTHS
    return Quarter(_midnight(begins, zone), _midnight(begins + QUARTER_MONTHS, zone))


def uptime(quarter: Quarter, downtimes: Iterable[Downtime], *, share: Fraction) -> Uptime:
    """The book of one quarter: downtime counts once however many intervals hold it."""
    counted = sorted(span for one in downtimes if (span := _counted(one, quarter)) is not None)
    return Uptime(quarter, quarter.budget_ms(share), _length(counted))


def _counted(down: Downtime, quarter: Quarter) -> tuple[int, int] | None:
    """What of a downtime counts in this quarter."""
    if down.kind not in {DowntimeKind.UNPLANNED, DowntimeKind.SCHEDULED}:
        return None
    free = millis(FREE_FOR) if down.kind is DowntimeKind.SCHEDULED else 0
    since, until = max(down.since + free, quarter.start), min(down.until, quarter.end)
    return (since, until) if since < until else None


def _length(spans: Sequence[tuple[int, int]]) -> int:
    """The time that sorted spans cover together."""
    total, reached = 0, 0
    for since, until in spans:
        total += max(0, until - max(since, reached))
        reached = max(reached, until)
    return total


def _midnight(months: int, zone: tzinfo) -> Instant:
    year, month = divmod(months, MONTHS)
    return instant(datetime(year, month + 1, 1, tzinfo=zone))

"""Whether Telegram may have dropped something while we were away.

Telegram keeps what nobody fetched for a day and numbers updates one by one, so after an outage the first new number
says how many never came. It does not say what they were. After a week in which nothing came, numbers start anew from
anywhere; then nobody can tell.

    heard ──outage──> silent ──first update after it──> whole, or a gap
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.telegram.timings import Timings


@dataclass(frozen=True, slots=True)
class Gap:
    """Updates that never came; both ends are among them."""

    first: int
    last: int
    since: datetime
    until: datetime


class Gaps:
    """Told of every time Telegram answered, and of every update."""

    def __init__(self, timings: Timings) -> None:
        self._timings = timings
        self._expected: int | None = None
        self._came_at: datetime | None = None
        self._heard_at: datetime | None = None
        self._silent: tuple[datetime, datetime] | None = None

    def resume(self, expected: int | None, at: datetime | None) -> None:
        """What is known from before: the next number, and when the last update was kept."""
        self._expected, self._came_at, self._heard_at, self._silent = expected, at, at, None

    def is_idle(self, now: datetime) -> bool:
        """Has nothing come for so long that numbers may start anew?"""
        return self._came_at is None or now - self._came_at >= timedelta(seconds=self._timings.idle_s)

    def heard(self, now: datetime) -> None:
        """Telegram answered. A silence before it stays in mind until an update says whether it cost anything."""
        before, self._heard_at = self._heard_at, now
        if before is not None and now - before > timedelta(seconds=self._timings.outage_s):
            since = before if self._silent is None else self._silent[0]
            self._silent = (since, now)

    def came(self, numbers: Sequence[int], now: datetime) -> Gap | None:
        """Updates came, some perhaps for the second time; the gap in front of the new ones, if it is to be told."""
        expected, silent, came_at = self._expected, self._silent, self._came_at
        self._expected, self._came_at, self._silent = max(numbers) + 1, now, None
        if expected is None or came_at is None or silent is None:
            return None
        first = min((number for number in numbers if number >= expected), default=expected)
        if first == expected or now - came_at >= timedelta(seconds=self._timings.week_s):
            return None
        return Gap(expected, first - 1, *silent)

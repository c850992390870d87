"""How fast a channel may be sent to: pure arithmetic on moments that the caller names.

One budget for the whole channel, one rest for each conversation, and the channel's own word ("retry after") for the
conversation it was said about, which halts nobody else.
"""

from datetime import timedelta
from typing import Final

from adapters.port import Limits
from sla.duration import Instant, later, millis

#: Conversations whose rest is remembered; the ones that have rested are forgotten first.
REMEMBERED: Final = 1_000


class Pace:
    """When the next send may go out."""

    def __init__(self, limits: Limits) -> None:
        self._gap = timedelta(seconds=1 / limits.per_second) if limits.per_second else timedelta(0)
        self._rest = limits.per_conversation
        self._free_at = Instant(0)
        self._lanes: dict[str, Instant] = {}

    def ready_at(self, lane: str, *, now: Instant) -> Instant:
        """The earliest moment, `now` or later, for the next send in this lane."""
        return max(now, self._free_at, self._lanes.get(lane, now))

    def took(self, lane: str, *, at: Instant) -> None:
        """A send goes out at that moment."""
        self._free_at = later(max(self._free_at, at), self._gap)
        if self._rest:
            self._hold(lane, later(at, self._rest))
        if len(self._lanes) > REMEMBERED:
            self._lanes = {one: until for one, until in self._lanes.items() if until > at}

    def hold(self, lane: str, *, until: Instant) -> None:
        """The channel asked for patience in this lane."""
        self._hold(lane, until)

    def _hold(self, lane: str, until: Instant) -> None:
        self._lanes[lane] = max(self._lanes.get(lane, until), until)


def backoff(attempts: int, *, at: Instant, is_letter: bool = False) -> Instant:
    """The moment of the next try after so many failed ones: seconds at first, an hour at the most.

    A mail server that asks for patience means minutes, and takes whoever comes sooner for a sender of spam.
    """
    steps = (60, 300, 900, 3600) if is_letter else (1, 5, 30, 60, 300, 900, 3600)
    return Instant(at + millis(timedelta(seconds=steps[min(attempts, len(steps)) - 1])))

"""The one reader of the wall clock; everywhere else the moment is an argument.

In a rehearsal time may start elsewhere and run faster. Where it began is kept in a file, so that a restart goes on
instead of going back, and a command beside the running bot lives in the same hour.
"""

import asyncio
import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final, Protocol

from sla.duration import Instant, length

#: Asked for the present moment.
Now = Callable[[], Instant]

#: Nobody sleeps longer in one piece: the wall clock may be set, and a laptop may be shut.
LONGEST_SLEEP: Final = timedelta(seconds=1)
SHORTEST_SLEEP: Final = timedelta(milliseconds=1)


def wall_now() -> Instant:
    """The moment on the machine's clock."""
    return Instant(time.time_ns() // 1_000_000)


class Bell(Protocol):
    """What a loop sleeps beside."""

    async def sleep(self, seconds: float) -> None:
        """Return after so many seconds of the wall, or as soon as it rings."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Time as a rehearsal has it: `start` when the wall clock showed `began_at`, and `speed` times faster since."""

    start: Instant
    speed: float
    began_at: Instant

    def at(self, wall: Instant) -> Instant:
        """What time it is when the wall clock shows `wall`."""
        return Instant(self.start + round((wall - self.began_at) * self.speed))


class Timekeeper:
    """Tells the time and waits for it. `speed` is how much faster than the wall clock it runs."""

    def __init__(self, rehearsal: Rehearsal | None = None, wall: Now = wall_now) -> None:
        self._rehearsal = rehearsal
        self._wall = wall

    @property
    def speed(self) -> float:
        return self._rehearsal.speed if self._rehearsal else 1.0

    def now(self) -> Instant:
        """The present moment; every rule is told this one."""
        wall = self._wall()
        return self._rehearsal.at(wall) if self._rehearsal else wall

    async def wait(self, bell: Bell, until: Instant | None) -> None:
        """Sleep beside a bell: until it rings, until that moment, and never longer than a second of the wall."""
        seconds = LONGEST_SLEEP
        if until is not None:
            seconds = min(seconds, length(until - self.now()) / self.speed)
        # A moment that came while we asked still lets the loop turn: a sleep of nothing would never let go.
        await bell.sleep(max(seconds, SHORTEST_SLEEP).total_seconds())

    async def pause(self, pause_for: timedelta) -> None:
        """Wait so long by this clock. It counts elapsed time, so setting the wall clock changes nothing."""
        await asyncio.sleep(pause_for.total_seconds() / self.speed)


def rehearse(place: Path, *, start: Instant | None, speed: float, wall: Now = wall_now) -> Rehearsal:
    """Begin a rehearsal or go on with the one kept in the file `place`, and keep it there.

    A rehearsal goes on from where its time has come to, at another speed if one is asked for. It begins anew when
    `start` is another moment than it had. Without a file and without `start` it begins now.
    """
    asked = rehearsal_from(place)
    at = wall()
    if asked is not None and start in {None, asked[1]}:
        kept, first = asked
        if speed == kept.speed:
            return kept
        fresh = Rehearsal(kept.at(at), speed, at)
    else:
        first = start
        fresh = Rehearsal(at if start is None else start, speed, at)
    place.parent.mkdir(parents=True, exist_ok=True)
    half = place.with_name(place.name + ".new")
    half.write_text(json.dumps({**asdict(fresh), "asked": first}))
    os.replace(half, place)  # noqa: PTH105 - one step, so that a kill leaves the old file or the new one
    return fresh


def rehearsal_from(place: Path) -> tuple[Rehearsal, Instant | None] | None:
    """The rehearsal kept in a file and the start that was asked for; None where there is none."""
    try:
        kept = json.loads(place.read_text())
        rehearsal = Rehearsal(Instant(kept["start"]), float(kept["speed"]), Instant(kept["began_at"]))
        return rehearsal, kept["asked"]
    except (OSError, ValueError, KeyError, TypeError):
        return None

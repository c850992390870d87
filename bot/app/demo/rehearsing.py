"""The demo's own time: it begins on a Tuesday morning, stands still while nobody runs it, and skips the nights.

Whoever starts the demo at midnight or on a Sunday meets people at work, and nothing grows old between two runs.
"""

import asyncio
from datetime import datetime, time, timedelta, timezone
from pathlib import Path
from typing import Final

from bot.now import Now, Rehearsal, Timekeeper, rehearsal_from, rehearse, wall_now
from sla.duration import Instant, instant, later, moment

#: Where the example desk's managers work, and between which hours a rehearsal is worth beginning.
ZONE: Final = timezone(timedelta(hours=3))
FROM: Final = time(10, 14)
UNTIL: Final = time(17, 30)
TUESDAY: Final = 1
SATURDAY: Final = 5

#: How often the time is written down, and how much of it a kill may have cost.
KEPT_EVERY_SECONDS: Final = 1.0
KEPT_WITHIN: Final = timedelta(seconds=2)


def resumed(place: Path, *, speed: float, wall: Now = wall_now) -> Rehearsal:
    """The rehearsal kept in the file `place`, from where it stood still; a new one begins on this week's Tuesday."""
    kept = rehearsal_from(place)
    if kept is None:
        return rehearse(place, start=tuesday(wall()), speed=speed, wall=wall)
    before, _ = kept
    stood_still_at = before.at(min(wall(), later(before.began_at, KEPT_WITHIN)))
    return rehearse(place, start=at_work(stood_still_at), speed=speed, wall=wall)


def tuesday(now: Instant) -> Instant:
    """The Tuesday morning of the running week."""
    today = moment(now).astimezone(ZONE).date()
    return instant(datetime.combine(today + timedelta(days=TUESDAY - today.weekday()), FROM, ZONE))


def at_work(at: Instant) -> Instant:
    """The same moment while people are at work, else the next working morning."""
    local = moment(at).astimezone(ZONE)
    is_workday = local.weekday() < SATURDAY
    if is_workday and FROM <= local.time() < UNTIL:
        return at
    day = local.date() if is_workday and local.time() < FROM else local.date() + timedelta(days=1)
    while day.weekday() >= SATURDAY:
        day += timedelta(days=1)
    return instant(datetime.combine(day, FROM, ZONE))


async def keep_time(place: Path, keeper: Timekeeper) -> None:
    """Write down what time it is until cancelled, so that the next run goes on from there."""
    while True:
        await asyncio.sleep(KEPT_EVERY_SECONDS)
        rehearse(place, start=keeper.now(), speed=keeper.speed)

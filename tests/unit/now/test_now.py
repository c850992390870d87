"""Time: the machine's, or a rehearsal's, which goes on where it was and never goes back."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from bot.now import Rehearsal, Timekeeper
from sla.duration import Instant


@dataclass
class Wall:
    at: int = 1_000_000

    def __call__(self) -> Instant:
        return Instant(self.at)


class Bell:
    def __init__(self) -> None:
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def test_without_a_rehearsal_it_is_what_the_wall_says() -> None:
    wall = Wall()
    time = Timekeeper(wall=wall)

    assert (time.now(), time.speed) == (1_000_000, 1)
    wall.at += 5
    assert time.now() == 1_000_005


def test_a_rehearsal_makes_an_hour_a_minute() -> None:
    wall = Wall()
    time = Timekeeper(Rehearsal(start=Instant(0), speed=60, began_at=Instant(1_000_000)), wall)

    wall.at += 60_000

    assert time.now() == 3_600_000


@pytest.mark.parametrize(
    ("speed", "until", "seconds"),
    [
        pytest.param(1, 1_000_250, 0.25, id="until something is due"),
        pytest.param(1, 1_060_000, 1, id="never longer than a second, as the wall may be set"),
        pytest.param(60, 1_030_000, 0.5, id="shorter where time runs faster"),
        pytest.param(1, None, 1, id="a second when nothing is due"),
        pytest.param(1, 900_000, 0.001, id="hardly at all when something is late"),
    ],
)
async def test_a_loop_sleeps_beside_its_bell(speed: float, until: int | None, seconds: float) -> None:
    bell = Bell()
    time = Timekeeper(Rehearsal(Instant(1_000_000), speed, Instant(1_000_000)), Wall())

    await time.wait(bell, None if until is None else Instant(until))

    assert bell.slept == [pytest.approx(seconds)]


async def test_a_pause_is_as_much_shorter_as_time_is_faster() -> None:
    time = Timekeeper(Rehearsal(Instant(0), 100_000, Instant(0)))

    await time.pause(timedelta(hours=1))

    assert time.speed == 100_000

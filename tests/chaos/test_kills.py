"""Killed at random moments under load, the desk loses nothing and doubles nothing."""

import asyncio
import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.chaos.audit import faults
from tests.chaos.crowd import Crowd
from tests.chaos.driver import Driver, driver
from tests.chaos.far_end import far_end

#: Two minutes of the desk's time in a second: reminders and breaches fall due while the kills go on.
SPEED = 120
STEP_SECONDS = 0.01
STEP = timedelta(seconds=SPEED * STEP_SECONDS)
KILLS_A_RUN = 10


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """As many runs as `--kills` asks for, so that they spread over the workers; a quarter of it on PostgreSQL."""
    wanted: int = metafunc.config.getoption("--kills")
    runs = {"sqlite": -(-wanted // KILLS_A_RUN), "postgresql": -(-wanted // (4 * KILLS_A_RUN))}
    metafunc.parametrize(
        ("kind", "seed"), [pytest.param(kind, seed, id=f"{kind} {seed}") for kind in runs for seed in range(runs[kind])]
    )


async def test_random_kills_lose_and_double_nothing(
    kind: str, seed: int, new_database: Callable[[], str], tmp_path: Path
) -> None:
    chance = random.Random(seed)
    async with far_end(seed=seed, repeats=0.1) as far:
        with driver(new_database(), far, tmp_path, speed=SPEED, rest=timedelta(seconds=1)) as desk:
            crowd = Crowd(desk, chance)
            for _ in range(KILLS_A_RUN):
                desk.start()
                if chance.random() < 0.8:  # the others die while they start, or soon after
                    await desk.listening()
                await busy(desk, crowd, chance.uniform(0.05, 0.6))
                await desk.kill()
            desk.start()
            await desk.settle(turn=lambda: desk.passes(2 * STEP))
            assert await faults(desk, crowd) == []
            assert len(crowd.lines) > 10


async def busy(desk: Driver, crowd: Crowd, seconds: float) -> None:
    """Let the crowd go on for so long; time runs fast meanwhile."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while loop.time() < until:
        crowd.turn()
        desk.passes(STEP)
        await asyncio.sleep(STEP_SECONDS)

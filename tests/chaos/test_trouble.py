"""The database takes nothing for a while: what was not stored is not acknowledged, and nobody restarts anything."""

import random
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path

import pytest

from tests.chaos.audit import faults
from tests.chaos.crowd import Crowd
from tests.chaos.driver import Driver, driver
from tests.chaos.far_end import far_end
from tests.chaos.test_kills import SPEED, STEP, busy


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.parametrize(
    ("trouble", "seconds"),
    [
        pytest.param(Driver.disk_full, 2, id="the disk is full"),
        pytest.param(Driver.locked, 7, id="another process holds the file longer than we wait for it"),
    ],
)
async def test_a_database_that_takes_nothing_loses_nothing(
    trouble: Callable[[Driver], AbstractContextManager[None]],
    seconds: float,
    new_database: Callable[[], str],
    tmp_path: Path,
) -> None:
    async with far_end(repeats=0.1) as far:
        with driver(new_database(), far, tmp_path, speed=SPEED, rest=timedelta(seconds=1)) as desk:
            crowd = Crowd(desk, random.Random(3))
            desk.start()
            await desk.listening()
            await busy(desk, crowd, 0.5)
            with trouble(desk):
                await busy(desk, crowd, seconds)
                stored = await desk.rows("SELECT key FROM inbound")
                acknowledged = sum(len(side.offered) - len(side.waiting) for side in far.sides.values())
                assert acknowledged <= len(stored)
                assert not far.is_heard
            await desk.settle(turn=lambda: desk.passes(2 * STEP))
            assert desk.kills == 0
            assert await faults(desk, crowd) == []

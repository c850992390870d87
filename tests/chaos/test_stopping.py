"""Asked to stop under load, the desk finishes what it began and leaves nothing for the next one to wonder about."""

import random
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.chaos.audit import faults
from tests.chaos.crowd import Crowd
from tests.chaos.driver import driver
from tests.chaos.far_end import far_end
from tests.chaos.test_kills import SPEED, STEP, busy

STOPS = 5
#: As in deploy/maitred.service.
SERVICE_MANAGERS_PATIENCE_S = 20


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_desk_that_is_asked_to_stop_repeats_nothing(
    kind: str, new_database: Callable[[], str], tmp_path: Path
) -> None:
    chance = random.Random(7)
    async with far_end(repeats=0.1) as far:
        with driver(new_database(), far, tmp_path, speed=SPEED, rest=timedelta(seconds=1)) as desk:
            crowd = Crowd(desk, chance)
            for _ in range(STOPS):
                desk.start()
                await desk.listening()
                await busy(desk, crowd, chance.uniform(0.3, 0.8))
                asked_at = time.monotonic()
                assert await desk.stop() == 0
                assert time.monotonic() - asked_at < SERVICE_MANAGERS_PATIENCE_S
                assert await desk.rows("SELECT id FROM outbox WHERE state IN ('sending', 'uncertain')") == []
            desk.start()
            await desk.settle(turn=lambda: desk.passes(2 * STEP))
            assert desk.kills == 0
            assert await faults(desk, crowd) == []

"""Wherever the desk dies, it stands afterwards as if it had not; at most the one send in flight is made again."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from adapters.message import Channel
from bot.crashpoint import NAMES
from tests.chaos.day import live_through
from tests.chaos.driver import DESK, Driver, driver
from tests.chaos.far_end import far_end
from tests.chaos.state import repeats, seen, stored

MET_IN_A_DAY = [name for name in NAMES if not name.startswith("apply.")]
MET_IN_APPLYING = [name for name in NAMES if name.startswith("apply.")]
#: While one send is being written down, the one of another channel may be under way.
IN_FLIGHT = {name for name in NAMES if name.startswith("sender.")}
#: What was decided or settled is on disk: whoever follows does not come to that place again for it.
PASSED = {name for name in NAMES if name.endswith((".decided", ".settled"))}
#: An hour passes in a tenth of a second, so that no loop sleeps for long.
SPEED = 36_000

MakeDatabase = Callable[[], str]


@asynccontextmanager
async def desk(database_url: str, directory: Path) -> AsyncIterator[Driver]:
    async with far_end() as far:
        with driver(database_url, far, directory, speed=SPEED) as made:
            yield made


@dataclass(frozen=True, slots=True)
class Calm:
    """How a day without a crash ends."""

    stored: Mapping[str, Sequence[tuple[Any, ...]]]
    seen: Counter[tuple[Channel, str, str]]


#: Lived through once by each process of a test run.
_calm: dict[str, Calm] = {}


async def calm_day(kind: str, new_database: MakeDatabase, directory: Path) -> Calm:
    if kind not in _calm:
        async with desk(new_database(), directory) as calm:
            calm.start()
            await live_through(calm)
            assert not any(repeats(calm).values())
            _calm[kind] = Calm(await stored(calm), seen(calm))
    return _calm[kind]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("point", MET_IN_A_DAY)
async def test_a_crash_changes_nothing_in_the_end(
    kind: str, point: str, new_database: MakeDatabase, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    calm = await calm_day(kind, new_database, tmp_path)
    days: list[tuple[int, ...]] = [(1,)]
    if kind == "sqlite" or pytestconfig.getoption("--every-hit"):
        days.append((2, 1 if point in PASSED else 2))  # the second hit of the day, and the third by whoever follows
    for hits in days:
        async with desk(new_database(), tmp_path) as shaken:
            first, *shaken.crashes = [f"{point}:{hit}" for hit in hits]
            shaken.start(crash_at=first)
            await live_through(shaken)
            assert shaken.kills == len(hits), f"{point} was not reached so often"
            assert await stored(shaken) == calm.stored
            again = seen(shaken) - calm.seen
            assert seen(shaken) - again == calm.seen
            assert again.total() == repeats(shaken)[Channel.TELEGRAM] <= (len(hits) if point in IN_FLIGHT else 0)
            assert repeats(shaken)[Channel.SLACK] == 0


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("point", MET_IN_APPLYING)
async def test_a_crash_while_a_desk_is_applied_leaves_the_old_one_or_the_new_one(
    kind: str, point: str, new_database: MakeDatabase, tmp_path: Path
) -> None:
    newer = DESK.replace('name = "Story Desk"', 'name = "Newer Desk"')
    async with desk(new_database(), tmp_path) as applied:
        assert await applied.apply(newer, crash_at=f"{point}:1") != 0
        ((number,),) = await applied.rows("SELECT max(number) FROM revision")
        assert number == (1 if point == "apply.before_commit" else 2)
        assert await applied.apply(newer) == 0
        assert await applied.rows("SELECT number FROM revision ORDER BY number") == [(1,), (2,)]
        assert await applied.rows("SELECT count(*) FROM audit WHERE action = 'applied'") == [(2,)]

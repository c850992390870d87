"""The whole quarter as one call: the script on the desk of the quarter, and what came of it."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Final

from bot.app.simulation.stepping import OwnedTime
from bot.desk.applying import apply_document
from bot.store.driver.engine import open_database
from sla.duration import instant
from tests.builders import document
from tests.quarter.player import Player
from tests.quarter.script import BEGINS, DOWN, LEAVES, WEEKS, Asked, Leave, Said, asked, said

DESK: Final = Path(__file__).parent / "desk.toml"
GOLDEN: Final = Path(__file__).parents[1] / "golden/quarter.tsv"
#: What is left is worked off after the last word.
AFTERWARDS: Final = timedelta(days=10)


async def played(
    url: str,
    *,
    weeks: int = WEEKS,
    messages: int | None = None,
    more: Sequence[Said] = (),
    replicas: int = 1,
    kills: int | None = None,
) -> Player:
    """Play so many weeks on a migrated database; `kills` is the seed by which replicas die, `more` is said as well."""
    database = await open_database(url)
    clock = OwnedTime(instant(datetime.combine(BEGINS, time(0), UTC)))
    await apply_document(database, document(DESK.read_text(encoding="utf-8")), at=clock.at, by="quarter")
    player = Player(database, clock, replicas=replicas, kills=random.Random(kills) if kills is not None else None)
    ends = datetime.combine(BEGINS + timedelta(weeks=weeks), time(0), UTC)
    words = [*(said(weeks=weeks) if messages is None else said(messages=messages, weeks=weeks)), *more]
    leaves = [one for one in LEAVES if one.at < ends]
    events: list[Said | Asked | Leave] = sorted([*words, *asked(words), *leaves], key=lambda one: one.at)
    try:
        await player.play(events, until=instant(ends + AFTERWARDS), down=DOWN if DOWN[1] < ends else None)
    finally:
        await database.close()
    return player

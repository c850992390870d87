"""The life of a story's desk before the one under test, in a process of its own: it may have other zones installed."""

import asyncio
import sys
from datetime import UTC, datetime

from bot.app.simulation.stepping import OwnedTime
from bot.desk.applying import apply_document
from bot.store.driver.database import Database
from bot.store.driver.engine import open_database
from sla.duration import Instant, instant
from tests.builders import STORY_DESK, document
from tests.harness import ALL_CHANNELS, Story, new_desk
from tests.story_parts import StoryChannel, StoryDatabase

#: The desk of every story, moved to a place that left UTC+1 in the night to 20 September 2026.
DESK = STORY_DESK.replace("fixed:+03:00", "Africa/Casablanca").replace(
    '{ after = "0m", tell = "lead" }', '{ after = "0m", tell = "lead" }, { after = "2h", tell = "executive" }'
)
#: The Friday before, 17:00 in the office by whichever rules.
FRIDAY = datetime(2026, 9, 18, 16, 0, tzinfo=UTC)


def story_on(database: Database, at: Instant, *, prefix: str = "") -> Story:
    """A story that goes on where the database is; cards that an earlier process drew appear as they are changed."""
    time, kept = OwnedTime(at), StoryDatabase(database)
    channels = {one: StoryChannel(one, now=time.moment, prefix=prefix, adopts=True) for one in ALL_CHANNELS}
    return Story(new_desk(kept, channels, time), time, kept, channels)


async def friday(url: str) -> None:
    """One promise breaks at 18:00; another, begun at 18:30, has half an hour for Monday."""
    database = await open_database(url)
    await apply_document(database, document(DESK), at=instant(FRIDAY), by="story")
    desk = story_on(database, instant(FRIDAY))
    await desk.desk.prepare(is_alone=True)
    await desk.desk.recount()
    await desk.receives(sender="bill", text="Payslips are wrong")
    await desk.fast_forward(hours=1, minutes=30)
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.fast_forward(hours=2)
    await desk.ends()
    await database.close()


if __name__ == "__main__":
    asyncio.run(friday(sys.argv[1]))

"""A country moves its clocks, and the desk starts again with zone data that knows it: open promises move too."""

import asyncio
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import tzdata

from bot.store.driver.engine import open_database
from bot.tickets.command import Reply
from sla.clock import State
from sla.duration import instant
from sla.promise import ReplyKind
from sla.zones import RULES
from tests.stories.earlier_life import story_on

ROOT = Path(__file__).parents[2]
MONDAY = datetime(2026, 9, 21, tzinfo=UTC)


def earlier_zones(folder: Path) -> Path:
    """A whole `tzdata` of before: Morocco is an hour ahead of UTC for ever, in the bytes of a zone that is."""
    package = folder / "tzdata"
    shutil.copytree(Path(tzdata.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(package / "zoneinfo" / "Etc" / "GMT-1", package / "zoneinfo" / "Africa" / "Casablanca")
    (package / "__init__.py").write_text('IANA_VERSION = "2026a"\n', "utf-8")
    return folder


def lives_on_friday(url: str, zones: Path) -> None:
    paths = os.pathsep.join(map(str, (zones, ROOT)))
    subprocess.run(
        [sys.executable, "-B", "-P", "-m", "tests.stories.earlier_life", url],
        env={"PYTHONPATH": paths},
        cwd=ROOT,
        check=True,
    )


async def test_open_promises_follow_a_country_that_moves_its_clocks(story_url: str, tmp_path: Path) -> None:
    await asyncio.to_thread(lives_on_friday, story_url, earlier_zones(tmp_path / "earlier"))
    database = await open_database(story_url)
    # 09:50 by the new rules, ten minutes before the office opens; by the old ones T-2 was due twenty minutes ago.
    desk = story_on(database, instant(MONDAY.replace(hour=9, minute=50)), prefix="later-")
    await desk.desk.prepare(is_alone=True)
    assert (await desk.clock("first_response", 2)).due_at == instant(MONDAY.replace(hour=9, minute=30))
    await desk.desk.recount()
    await desk.settle()

    moved, broken = await desk.clock("first_response", 2), await desk.clock("first_response", 1)
    assert (moved.state, moved.due_at) == (State.RUNNING, instant(MONDAY.replace(hour=10, minute=30)))
    friday = instant(datetime(2026, 9, 18, 17, tzinfo=UTC))
    assert (broken.state, broken.due_at, broken.breached_at) == (State.BREACHED, friday, friday)
    said, told = (await desk.page(2)).events[-2:]
    assert (said.what, said.why) == ("recounted", f"the zones of the world changed, 2026a -> {RULES}")
    opens_at = instant(MONDAY.replace(hour=10))
    assert (told.what, told.particulars) == ("put_off", {"until": opens_at, "due_at": moved.due_at})
    desk.expect_message("lena", containing="A change for T-2: we are back")
    assert "recounted" not in await desk.events(1)
    desk.expect_card("vera", containing="due 10:30")
    desk.expect_quiet()

    await desk.go_to(MONDAY.replace(hour=10, minute=17))  # the executive was to hear of T-1 at ten by the old rules
    desk.expect_quiet()
    await desk.go_to(MONDAY.replace(hour=10, minute=18))
    desk.expect_ping("vera", containing="12 min left")
    await desk.does("vera", Reply("It runs again", ReplyKind.ANSWER), ticket=2)
    desk.expect_message("lena", containing="It runs again")
    assert (await desk.clock("first_response", 2)).state is State.MET
    await desk.go_to(MONDAY.replace(hour=10, minute=59))
    desk.expect_quiet()
    await desk.go_to(MONDAY.replace(hour=11))
    desk.expect_alert("ines", containing="T-1")
    desk.forget()

    before = await desk.events(1), await desk.events(2)
    await desk.dies()
    await desk.desk.recount()
    await desk.settle()
    assert (await desk.events(1), await desk.events(2)) == before
    desk.expect_quiet()
    await desk.ends()
    await database.close()

"""Calls from a terminal, beside a bot that does not run."""

import asyncio
import re
from datetime import timedelta
from pathlib import Path

from adapters.message import Channel
from bot.app.simulation.stepping import OwnedTime, Stepping
from bot.now import wall_now
from bot.store.driver.engine import open_database
from sla.duration import moment
from tests.harness import new_desk
from tests.integration.cli.conftest import Terminal
from tests.story_parts import StoryChannel

FRIDAY = 4


async def _lena_writes(directory: Path) -> None:
    """T-1 is Lena's, whose manager Vera is."""
    database = await open_database(f"sqlite+aiosqlite:///{directory}/var/maitred.db")
    time = OwnedTime(wall_now())
    channels = {Channel.TELEGRAM: StoryChannel(Channel.TELEGRAM, now=time.moment)}
    desk = new_desk(database, channels, time)
    await desk.prepare(is_alone=True)
    await channels[Channel.TELEGRAM].says("1001", "Payroll failed", sender="1001", name="Lena")
    await Stepping(desk, time).settle()
    await desk.drain()
    await database.close()


def _a_working_afternoon() -> str:
    """11:00 at Vera's on a weekday two weeks ahead."""
    day = moment(wall_now()) + timedelta(days=14)
    day += timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > FRIDAY else 0)
    return f"{day:%Y-%m-%d} 11:00"


def test_a_call_is_booked_listed_and_cancelled(terminal: Terminal) -> None:
    assert terminal("apply").returncode == 0
    assert terminal("calls").stdout == "no calls are booked\n"
    asyncio.run(_lena_writes(terminal.directory))

    refused = terminal("calls", "book", "T-1", "2020-01-01 10:00", "--as", "vera")
    assert (refused.returncode, "has passed" in refused.stderr) == (1, True), refused.stderr
    refused = terminal("calls", "book", "T-1", "in 10h", "--kind", "chat", "--as", "vera")
    assert "there is no kind of call 'chat': troubleshooting" in refused.stderr
    refused = terminal("calls", "cancel", "T-1", "--as", "vera")
    assert (refused.returncode, "T-1 has no call" in refused.stderr) == (1, True), refused.stderr

    booked = terminal("calls", "book", "T-1", _a_working_afternoon(), "--kind", "education", "--as", "vera")
    assert booked.stdout == "Done.\n", booked.stderr
    (call,) = terminal.facts("calls", "--person", "vera", "--days", "60")
    assert (call["call"], call["ticket"], call["client"], call["kind"], call["state"]) == (
        "1.1",
        "T-1",
        "acme",
        "education",
        "confirmed",
    )
    assert re.fullmatch(r"https://meet\.desk\.test/[0-9a-f-]{36}", call["url"])
    assert terminal("calls", "cancel", "T-1", "--as", "vera").stdout == "Done.\n"
    assert [one["state"] for one in terminal.facts("calls", "--days", "60")] == ["cancelled"]

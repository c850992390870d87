"""An alarm that is gone: what waited for it would wait for ever, so whoever watches says so, once."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Row, delete, insert, select

from bot.store.tables.schema import alarm
from bot.tickets.command import AskDetails, NotCovered, Reply, Resolve, Snooze, WaitThirdParty
from sla.duration import Instant
from tests.builders import document, story_desk
from tests.harness import NOON, Story
from tests.stories.conftest import MakeStory
from tests.stories.test_absences import OLEG, says
from tests.stories.test_auditor import DANA, auditor_of, twice
from tests.stories.test_calls_life import booked

DATABASES = ("sqlite", "postgresql")
HOUR = timedelta(hours=1)
#: Tuesday evening: nobody is there before the next day.
NIGHT = datetime(2026, 3, 3, 20, 0, tzinfo=UTC)
LOADED = story_desk(
    ("[desk]", "[load]\nhigh_when = 50\n\n[desk]"),
    DANA,
)


async def armed(desk: Story, like: str = "%") -> dict[str, Row[Any]]:
    """The alarms whose owners are like that."""

    def look(conn: Connection) -> dict[str, Row[Any]]:
        return {row.owner: row for row in conn.execute(select(alarm).where(alarm.c.owner.like(like)))}

    return await desk.database.read(look)


async def lost(desk: Story) -> list[str]:
    """Which alarms the auditor misses."""
    return [one for one in await twice(auditor_of(desk)) if one.startswith("unarmed")]


async def asked(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", AskDetails("Which month?"))


async def handed_out(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", WaitThirdParty("their bank"))


async def resolved(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", Resolve("Paid"))


async def snoozed(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", Reply("Tomorrow"))
    await desk.does("vera", Snooze(Instant(desk.time.at + 7_200_000)))


async def at_night(desk: Story) -> None:
    await desk.go_to(NIGHT)
    await desk.receives(sender="bill", text="Export failed")


async def to_the_manager_at_night(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", Reply("Looking"))
    await desk.go_to(NIGHT)
    await desk.receives(sender="lena", text="And the export?")


async def by_day(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")


async def leave_goes_on(desk: Story) -> None:
    await says(desk, "away until friday", by=OLEG)


async def leave_lies_ahead(desk: Story) -> None:
    await says(desk, "away from 2026-03-09 until 2026-03-12", by=OLEG)


async def nothing(desk: Story) -> None:
    await desk.settle()


@pytest.mark.parametrize(
    ("happens", "gone", "named"),
    [
        pytest.param(asked, "waiting:1", "waiting:1", id="a silent client is nudged by nobody"),
        pytest.param(handed_out, "waiting:1", "waiting:1", id="a third party is waited for without an end"),
        pytest.param(resolved, "waiting:1", "waiting:1", id="what is resolved is never closed"),
        pytest.param(snoozed, "snooze:1", "snooze:1", id="what is out of the way never comes back"),
        pytest.param(at_night, "opening:%", "opening:managers", id="a waiting list that nobody gives out"),
        pytest.param(to_the_manager_at_night, "shift:vera", "shift:vera", id="who comes reads nothing"),
        pytest.param(by_day, "shift_end:vera", "shift_end:vera", id="who goes home keeps it"),
        pytest.param(leave_goes_on, "absence:1", "absence:1", id="leave that does not end"),
        pytest.param(leave_lies_ahead, "absence:1", "absence:1", id="leave that does not begin"),
        pytest.param(nothing, "radar:", "radar:", id="nobody looks ahead"),
        pytest.param(nothing, "load:", "load:", id="nobody measures the load"),
    ],
)
async def test_an_alarm_that_is_gone_is_missed_and_said_once(
    make_desk: MakeStory, happens: Callable[[Story], Awaitable[None]], gone: str, named: str
) -> None:
    desk = await make_desk(LOADED)
    await happens(desk)
    desk.forget()
    auditor = auditor_of(desk)
    assert await twice(auditor) == []
    kept = [row._asdict() for row in (await armed(desk, gone)).values()]
    await desk.database.write(lambda conn: conn.execute(delete(alarm).where(alarm.c.owner.like(gone))))
    assert await twice(auditor) == [f"unarmed: {named}"]
    assert (auditor.health().is_up, named in auditor.health().detail) == (False, True)
    desk.expect_alert(
        "dana", containing=f"Alarms that are missing, so that nothing comes of what waits for them: {named}"
    )
    desk.expect_quiet()
    await desk.database.write(lambda conn: conn.execute(insert(alarm), kept))
    await auditor.look()
    assert auditor.health().is_up
    desk.expect_ping("dana", containing="All is well again")
    desk.expect_quiet()


async def test_of_many_things_that_stand_still_the_first_are_named_and_the_others_counted(desk: Story) -> None:
    late = [{"owner": f"shift:n{number}", "due_at": desk.time.at - 5000} for number in range(8)]
    await desk.database.write(lambda conn: conn.execute(insert(alarm), late))
    auditor = auditor_of(desk)
    await twice(auditor)
    said = desk.expect_alert("dana", containing="Alarms are due and did not fire: shift:n0 (")
    assert "shift:n4 (" in said
    assert "shift:n5" not in said
    assert said.rstrip().endswith("and 3 more")
    assert auditor.health().detail.endswith("and 3 more")


async def test_leave_without_an_end_and_who_is_on_it_wait_for_nothing(desk: Story) -> None:
    await by_day(desk)
    await says(desk, "away", by=OLEG)
    await says(desk, "away")
    await desk.fast_forward(days=9)
    desk.forget()
    assert await lost(desk) == []


# What they found


async def test_what_is_open_again_is_asked_about_as_the_shift_ends(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", Resolve("Fixed"))
    await desk.go_to(NOON + 26 * HOUR)  # her shift ended meanwhile, and she has nothing open
    assert "shift_end:vera" not in await armed(desk)
    await desk.receives(sender="lena", text="It fails again")
    assert (await desk.ticket()).assignee == "vera"
    assert "shift_end:vera" in await armed(desk)
    assert await lost(desk) == []


async def test_who_is_back_from_leave_without_an_end_goes_home_like_anybody(make_desk: MakeStory) -> None:
    alone = story_desk(('people = ["oleg", "mira"]', 'people = ["vera"]'), ('backup = "oleg"\n', ""))
    desk = await make_desk(alone)
    await desk.receives(sender="lena", text="Payroll failed")
    await says(desk, "away")
    await desk.fast_forward(days=1)
    assert "shift_end:vera" not in await armed(desk)
    await says(desk, "back")
    assert (await desk.ticket()).assignee == "vera"
    assert "shift_end:vera" in await armed(desk)
    assert await lost(desk) == []


VERA = 'calendar = "office"\nbackup = "oleg"'


@pytest.mark.parametrize(
    "hours",
    [
        pytest.param("10:00-19:00", id="who is there goes home"),
        pytest.param("15:00-22:00", id="who was there when the client wrote is not"),
    ],
)
async def test_who_works_day_and_night_no_more_is_no_false_alarm(make_desk: MakeStory, hours: str) -> None:
    week = '[calendars.own]\nzone = "fixed:+03:00"\nweek = {{ mon-sun = ["{}"] }}\n'
    change = (VERA, 'calendar = "own"\nbackup = "oleg"')
    desk = await make_desk(story_desk(change) + week.format("00:00-24:00"))
    await desk.receives(sender="lena", text="Payroll failed")
    assert "shift_end:vera" not in await armed(desk)
    await desk.apply(document(story_desk(change) + week.format(hours)))
    assert "shift_end:vera" in await armed(desk)
    assert await lost(desk) == []
    await desk.go_to(NIGHT)
    assert await lost(desk) == []


@pytest.mark.parametrize("hours", [pytest.param(0, id="before it"), pytest.param(28, id="as nobody said how it was")])
async def test_a_call_that_nobody_looks_at_any_more_is_missed(make_desk: MakeStory, hours: int) -> None:
    desk = await booked(make_desk)
    await desk.fast_forward(hours=hours)
    assert await lost(desk) == []
    await desk.database.write(lambda conn: conn.execute(delete(alarm).where(alarm.c.owner == "call:1.1")))
    assert await lost(desk) == ["unarmed: call:1.1"]


async def test_what_was_read_in_the_morning_and_left_is_missed_on_no_later_night(make_desk: MakeStory) -> None:
    desk = await make_desk(LOADED)
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", NotCovered("clause 3"))
    await desk.go_to(NIGHT)
    await desk.receives(sender="lena", text="Are you sure?")
    assert await lost(desk) == []
    await desk.go_to(NIGHT + timedelta(hours=12))
    desk.expect_ping("vera", containing="1 ticket waited for you")
    await desk.go_to(NIGHT + timedelta(days=1))
    assert await lost(desk) == []

"""A new desk changes who is there when: what waits for a shift waits for the new one, and hears nothing at the old."""

from datetime import UTC, datetime

import pytest

from bot.tickets.command import Reply
from tests.builders import document, story_desk
from tests.harness import Story
from tests.stories.conftest import MakeStory

DATABASES = ("sqlite", "postgresql")

EVENING = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
#: 08:00, 10:00 and 10:30 at +03:00: earlier, as before, later.
EARLY = datetime(2026, 3, 3, 5, 0, tzinfo=UTC)
OPENING = datetime(2026, 3, 3, 7, 0, tzinfo=UTC)
LATE = datetime(2026, 3, 3, 7, 30, tzinfo=UTC)
NOON_NEXT = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)

HOURS = 'week = { mon-fri = ["10:00-19:00"] }'
EARLIER = (HOURS, 'week = { mon-fri = ["08:00-19:00"] }')
LATER = (HOURS, 'week = { mon-fri = ["10:30-19:00"] }')
ALL_NIGHT = (HOURS, 'week = { mon-fri = ["00:00-24:00"] }')
VERA_COMES_LATE = ('calendar = "office"\nbackup = "oleg"', 'calendar = "late"\nbackup = "oleg"')
LATE_CALENDAR = '[calendars.late]\nzone = "fixed:+03:00"\nweek = { mon-fri = ["12:00-20:00"] }\n'

MOVED = pytest.mark.parametrize(
    ("change", "opens_at"),
    [
        pytest.param(EARLIER, EARLY, id="earlier"),
        pytest.param(LATER, LATE, id="later"),
    ],
)


@MOVED
async def test_the_waiting_list_is_given_out_at_the_new_opening(
    make_desk: MakeStory, change: tuple[str, str], opens_at: datetime
) -> None:
    desk = await make_desk(start=EVENING)
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    await desk.apply(document(story_desk(change)))
    await desk.fast_forward(hours=1)
    assert (await desk.ticket()).assignee is None
    _expect_told(desk, change, "and answer by tomorrow 08:30 (your time)")
    desk.expect_quiet()
    await desk.go_to(opens_at)
    desk.expect_card("vera", containing="T-1 · Acme: Payroll failed")
    await desk.does("vera", Reply("It runs again"))
    desk.expect_message("lena", containing="It runs again")
    await desk.go_to(NOON_NEXT)
    desk.expect_quiet()


@MOVED
async def test_a_manager_reads_the_night_when_their_new_shift_begins(
    make_desk: MakeStory, change: tuple[str, str], opens_at: datetime
) -> None:
    desk = await _talking_at_night(make_desk)
    await desk.apply(document(story_desk(change)))
    await desk.fast_forward(hours=1)
    _expect_told(desk, change)
    desk.expect_quiet()
    await desk.go_to(opens_at)
    desk.expect_ping("vera", containing="1 ticket waited for you\nT-1 · Payroll failed")
    await desk.does("vera", Reply("It runs again"))
    desk.expect_message("lena", containing="It runs again")
    await desk.go_to(NOON_NEXT)
    desk.expect_quiet()


async def test_who_is_there_by_the_new_desk_is_given_what_waits_at_once(make_desk: MakeStory) -> None:
    desk = await make_desk(start=EVENING)
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    await desk.apply(document(story_desk(ALL_NIGHT)))
    await desk.settle()
    desk.expect_card("vera", containing="T-1 · Acme: Payroll failed")
    desk.expect_quiet()


async def test_a_manager_who_comes_later_by_the_new_desk_leaves_the_morning_to_the_backup(make_desk: MakeStory) -> None:
    desk = await make_desk(start=EVENING)
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    await desk.apply(document(story_desk(VERA_COMES_LATE, more=LATE_CALENDAR)))
    await desk.go_to(OPENING)
    desk.expect_card("oleg", containing="T-1 · Acme: Payroll failed")
    desk.expect_quiet()


async def test_a_desk_that_was_changed_while_nobody_ran_counts_from_the_start(make_desk: MakeStory) -> None:
    desk = await make_desk(start=EVENING)
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    await desk.apply_unseen(document(story_desk(EARLIER)))
    await desk.dies()
    await desk.go_to(EARLY)
    desk.expect_card("vera", containing="T-1 · Acme: Payroll failed")
    desk.expect_quiet()


async def _talking_at_night(make_desk: MakeStory) -> Story:
    desk = await make_desk(start=datetime(2026, 3, 2, 12, 0, tzinfo=UTC))
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", Reply("Looking"))
    await desk.go_to(EVENING)
    await desk.receives(sender="lena", text="It fails again")
    desk.forget()
    return desk


def _expect_told(desk: Story, change: tuple[str, str], said: str = "(your time)") -> None:
    """Whoever waits longer than they were told hears until when; that somebody comes sooner they will see."""
    if change == LATER:
        desk.expect_message("lena", containing=f"A change for T-1: we are back tomorrow 07:30 {said}")

"""Hours are written anew while promises run: from then on they count, and what was used before stays used."""

import pytest

from bot.desk.care.recounting import KEY, recount
from bot.desk.desk import Desk
from bot.now import Timekeeper
from bot.store import remembered
from bot.tickets.command import AskDetails, Reply
from sla.clock import State
from sla.duration import Instant
from sla.promise import ReplyKind
from tests.builders import STORY_DESK, document
from tests.harness import Story
from tests.stories.conftest import MakeStory

DATABASES = ("sqlite", "postgresql")

HOURS = 'week = { mon-fri = ["10:00-19:00"] }'
LONGER = document(STORY_DESK.replace(HOURS, 'week = { mon-fri = ["10:00-21:00"] }'))
HOLIDAY = document(STORY_DESK.replace(HOURS, HOURS + '\ndays."2026-03-04" = []'))
GONE = document(STORY_DESK.replace("[calendars.long]", "[calendars.longer]").replace('"long"', '"longer"'))


async def late_ticket(desk: Story) -> None:
    """At half past six in the evening: half an hour today, half an hour tomorrow."""
    await desk.fast_forward(hours=6, minutes=30)
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()


async def due(desk: Story) -> Instant | None:
    return (await desk.clock("first_response")).due_at


async def test_an_evening_more_brings_the_promise_forward(desk: Story) -> None:
    await late_ticket(desk)
    before = await due(desk)
    await desk.fast_forward(minutes=10)

    await desk.apply(LONGER)
    await desk.settle()

    assert before is not None
    assert await due(desk) == before - 15 * 3_600_000  # 19:30 today in place of 10:30 tomorrow
    desk.expect_edit("vera", containing="50 min left, due 19:30")
    assert (await desk.events())[-1] == "recounted"
    await desk.fast_forward(minutes=40)
    desk.expect_ping("vera", containing="12 min left")
    await desk.does("vera", Reply("Here", ReplyKind.ANSWER))
    desk.forget()
    await desk.fast_forward(hours=20)
    desk.expect_quiet()


async def test_a_holiday_moves_it_to_the_day_after_and_is_explained(desk: Story) -> None:
    await late_ticket(desk)

    await desk.apply(HOLIDAY)
    await desk.settle()

    desk.expect_edit("vera", containing="due Thursday 10:30")
    await desk.fast_forward(hours=20)
    assert (await desk.clock("first_response")).state is State.RUNNING
    desk.forget()
    desk.expect_quiet()


async def test_what_waits_for_the_client_goes_on_with_the_new_hours(desk: Story) -> None:
    await late_ticket(desk)
    await desk.does("vera", AskDetails("Which month?"))
    await desk.apply(LONGER)
    await desk.fast_forward(minutes=10)

    await desk.receives(sender="lena", text="March")

    desk.expect_message("lena", containing="Which month?")
    desk.forget()
    clock = await desk.clock("next_response")
    assert clock.due_at == clock.started_at + 3_600_000  # yesterday's hours ended with half of it left
    desk.expect_quiet()


async def test_a_calendar_that_is_no_longer_written_stays_as_the_ticket_knew_it(desk: Story) -> None:
    await late_ticket(desk)
    before = await due(desk)

    await desk.apply(GONE)
    await desk.settle()

    assert await due(desk) == before
    desk.expect_quiet()


async def test_counting_anew_twice_moves_nothing_more(desk: Story) -> None:
    await late_ticket(desk)
    await desk.apply(LONGER)
    once = await due(desk)
    await desk.database.write(lambda conn: remembered.remember(conn, KEY, "before that"))

    moved = await recount(desk.database, desk.desk.revisions, desk.desk.directory, at=desk.time.at)

    assert (moved, await due(desk)) == (0, once)
    desk.forget()
    desk.expect_quiet()


@pytest.mark.parametrize("is_alone", [True, False])
async def test_a_process_that_died_before_it_counted_counts_at_its_next_start(
    make_desk: MakeStory, *, is_alone: bool
) -> None:
    desk = await make_desk()
    await late_ticket(desk)
    await desk.apply_unseen(LONGER)

    await desk.dies()
    await desk.desk.prepare(is_alone=is_alone)
    await desk.desk.recount()
    await desk.settle()

    desk.expect_edit("vera", containing="due 19:30")
    desk.expect_quiet()


async def test_a_process_that_lags_behind_leaves_newer_hours_to_those_who_know_them(desk: Story) -> None:
    await late_ticket(desk)
    before = await due(desk)
    lagging = Desk(desk.database, desk.channels, Timekeeper(wall=desk.time.now))
    await lagging.refresh()
    await desk.apply_unseen(LONGER)

    await lagging.recount()
    assert await due(desk) == before
    await lagging.refresh()
    await lagging.recount()

    assert before is not None
    assert await due(desk) == before - 15 * 3_600_000
    await desk.settle()
    desk.expect_edit("vera", containing="due 19:30")
    desk.expect_quiet()

"""A policy is written anew: open tickets keep what they were promised until an admin has them promised anew."""

from bot.tickets.command import Reapply, Reply
from sla.clock import State
from sla.promise import ReplyKind
from tests.builders import STORY_DESK, document
from tests.harness import Story

SLOWER = document(STORY_DESK.replace('first_response = { within = "1h"', 'first_response = { within = "3h"'))
LONGER = document(STORY_DESK.replace('week = { mon-fri = ["10:00-19:00"] }', 'week = { mon-fri = ["10:00-21:00"] }'))
HOUR = 3_600_000


async def test_an_open_ticket_keeps_its_promise_through_a_new_revision(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    before = await desk.clock("first_response")
    desk.forget()

    await desk.apply(SLOWER)
    await desk.fast_forward(minutes=29)

    assert await desk.clock("first_response") == before
    desk.expect_quiet()


async def test_an_admin_has_it_promised_anew_from_its_own_start(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    before = await desk.clock("first_response")
    desk.forget()
    await desk.apply(SLOWER)
    await desk.fast_forward(minutes=20)

    assert not (await desk.does("dana", Reapply())).is_refused

    after = await desk.clock("first_response")
    assert (after.started_at, after.due_at) == (before.started_at, (before.due_at or 0) + 2 * HOUR)
    assert ((await desk.ticket()).revision, "reapplied" in await desk.events()) == (2, True)
    desk.expect_edit("vera", containing="2 h 40 min left, due 15:00")
    desk.expect_message("lena", containing="A change for T-1: we answer by 12:00 (your time).")
    await desk.fast_forward(minutes=60)
    desk.expect_quiet()


async def test_what_is_left_is_laid_over_the_new_hours(desk: Story) -> None:
    await desk.fast_forward(hours=6, minutes=30)
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    await desk.apply(LONGER)
    await desk.fast_forward(minutes=10)

    await desk.does("dana", Reapply())

    desk.expect_edit("vera", containing="50 min left, due 19:30")
    desk.expect_quiet()


async def test_said_twice_it_changes_nothing_more(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.apply(SLOWER)
    await desk.does("dana", Reapply())
    once = await desk.clock("first_response")
    desk.forget()

    await desk.does("dana", Reapply())

    assert await desk.clock("first_response") == once
    assert (await desk.events()).count("reapplied") == 1
    desk.expect_quiet()


async def test_a_broken_promise_stays_broken(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.fast_forward(minutes=61)
    desk.forget()
    await desk.apply(SLOWER)

    await desk.does("dana", Reapply())
    await desk.does("vera", Reply("Sorry", ReplyKind.ANSWER))

    assert (await desk.clock("first_response")).state is State.MET_LATE
    desk.expect_message("lena", containing="Sorry")
    desk.expect_quiet()


async def test_only_an_admin_may(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.apply(SLOWER)
    desk.forget()

    assert (await desk.does("vera", Reapply())).is_refused

    assert (await desk.ticket()).revision == 1
    desk.expect_quiet()

"""A client buys another plan: what is open is promised by it too, from its own start; what comes sooner is not said."""

from datetime import timedelta

from adapters.message import Channel
from bot.desk.desk import Desk
from bot.now import Timekeeper
from bot.tickets.command import Agree, Resume, WaitThirdParty
from sla.clock import State
from sla.policy import Metric
from tests.builders import STORY_DESK, document
from tests.harness import Story
from tests.stories.test_uncounted import LOST, damaged

SWIFT = """
[policies.swift]
source = "Swift agreement"
calendar = "office"
urgencies = ["critical", "high", "medium", "low"]
default_urgency = "medium"
[policies.swift.targets.medium]
first_response = { within = "30m" }
next_response = { within = "30m" }
[plans.swift]
name = "Swift"
policy = "swift"
line = "managers"
ladder = "lead"
channels = ["telegram", "slack", "email", "inapp"]
"""
BOUGHT = document(STORY_DESK.replace('name = "Acme"\nplan = "premium"', 'name = "Acme"\nplan = "swift"') + SWIFT)
BACK = document(STORY_DESK + SWIFT)
MINUTE = 60_000
DATABASES = ("sqlite", "postgresql")


async def test_what_is_open_counts_from_its_start_by_the_new_plan(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.receives(sender="bill", text="Nothing of ours changes")
    before, others = await desk.clock("first_response"), await desk.clock("first_response", 2)
    await desk.fast_forward(minutes=10)
    desk.forget()

    await desk.apply(BOUGHT)
    await desk.settle()

    after = await desk.clock("first_response")
    assert (after.started_at, after.due_at) == (before.started_at, before.started_at + 30 * MINUTE)
    assert ((await desk.ticket()).plan, (await desk.events()).count("plan_changed")) == ("swift", 1)
    assert await desk.clock("first_response", 2) == others
    desk.expect_edit("vera", containing="due 12:30")
    await desk.apply(BOUGHT)
    assert await desk.clock("first_response") == after
    desk.expect_quiet()


async def test_a_change_leaves_the_floor_and_another_one_gains_nothing(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    before = await desk.clock("first_response")
    await desk.fast_forward(minutes=40)
    desk.forget()

    await desk.apply(BOUGHT)
    await desk.settle()

    assert (await desk.clock("first_response")).due_at == before.started_at + 55 * MINUTE
    desk.expect_ping("vera", containing="15 min left for the first response, due 12:55")
    desk.expect_edit("vera", containing="due 12:55")
    await desk.apply(BACK)
    await desk.settle()
    assert (await desk.clock("first_response")).due_at == before.due_at
    desk.expect_edit("vera", containing="due 13:00")
    desk.expect_quiet()


async def test_what_is_broken_stays_broken_and_what_waits_has_it_as_it_goes_on(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", WaitThirdParty("CRM-1"))
    await desk.receives(sender="bill", text="The invoices are late")
    await desk.fast_forward(minutes=61)
    desk.forget()

    await desk.apply(BOUGHT)
    await desk.settle()

    assert (await desk.clock("first_response")).state is State.PAUSED
    assert (await desk.clock("first_response", 2)).state is State.BREACHED
    desk.expect_edit("vera", containing="paused, 30 min left")
    goes_on_at = desk.time.at
    desk.expect_nothing("lena", Channel.TELEGRAM)
    await desk.does("vera", Resume())
    desk.expect_message("lena", containing="A change for T-1: we answer by 10:31 (your time).")
    assert (await desk.clock("first_response")).due_at == goes_on_at + 30 * MINUTE
    desk.expect_edit("vera", containing="first response: 29 min left")
    desk.expect_quiet()


async def test_who_dies_in_the_middle_or_looks_late_finds_what_is_left(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    before = await desk.clock("first_response")
    desk.forget()
    await desk.apply_unseen(BOUGHT)

    await desk.dies()
    await desk.desk.recount()
    await desk.desk.recount()

    assert (await desk.clock("first_response")).due_at == before.started_at + 30 * MINUTE
    assert (await desk.events()).count("plan_changed") == 1
    await desk.settle()
    desk.expect_edit("vera", containing="30 min left")
    desk.expect_quiet()


async def test_a_process_that_lags_behind_moves_nothing_back(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    lagging = Desk(desk.database, desk.channels, Timekeeper(wall=desk.time.now))
    await lagging.refresh()
    await desk.apply(BOUGHT)
    bought = await desk.clock("first_response")

    await lagging.recount()

    assert await desk.clock("first_response") == bought
    assert (await desk.events()).count("plan_changed") == 1
    desk.forget()


async def test_a_plan_that_is_taken_back_before_anybody_saw_it_is_nobodys(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.desk.recount()
    before = await desk.clock("first_response")
    lagging = Desk(desk.database, desk.channels, Timekeeper(wall=desk.time.now))
    await desk.apply_unseen(BOUGHT)
    await lagging.refresh()
    await desk.apply(BACK)

    await lagging.recount()
    await desk.desk.recount()

    assert ((await desk.ticket()).plan, await desk.clock("first_response")) == ("premium", before)
    desk.forget()


async def test_one_ticket_that_cannot_be_counted_keeps_no_other_waiting(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.receives(Channel.EMAIL, sender="lena", text="The invoices are late")
    await desk.does("vera", Agree(Metric.FIRST_RESPONSE, timedelta(hours=3)))  # it keeps its own hours, which are lost
    await damaged(desk, f"{LOST} WHERE ticket_id = 1")
    desk.forget()

    await desk.apply(BOUGHT)
    await desk.settle()

    told = desk.expect_alert("dana", containing="T-1: when it is due cannot be computed")
    assert "there is no calendar 'attic', which a promise counts in: restore it" in told
    assert [(await desk.ticket(number)).plan for number in (1, 2)] == ["premium", "swift"]
    desk.expect_edit("vera", containing="due 12:30")
    await desk.desk.recount()
    desk.expect_quiet()

"""A promised time is a promise: it gets a clock, and is broken or kept like any other."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.tickets.command import AskDetails, Escalate, GiveEta, Reply, Resolve
from sla.clock import State
from sla.duration import instant
from tests.harness import NOON, Story

THREE = instant(NOON + timedelta(hours=3))
SIX = instant(NOON + timedelta(hours=6))


async def test_a_promised_time_is_said_in_the_clients_own_time_and_answers_the_first_response(desk: Story) -> None:
    await desk.receives(sender="taras", text="Payroll failed")
    desk.forget()
    await desk.does("oleg", GiveEta(THREE, "I look at the logs."))
    desk.expect_message("taras", containing="I look at the logs.\nOleg планує завершити не пізніше ніж о 14:00")
    assert (await desk.clock("first_response")).state is State.MET
    assert ((await desk.clock("eta")).state, (await desk.clock("eta")).due_at) == (State.RUNNING, THREE)
    desk.expect_quiet()


async def test_a_promised_time_that_passes_is_told_as_one(desk: Story) -> None:
    await desk.receives(sender="taras", text="Payroll failed")
    await desk.does("oleg", GiveEta(THREE))
    desk.forget()
    await desk.go_to(NOON + timedelta(hours=2, minutes=23))
    desk.expect_quiet()
    await desk.go_to(NOON + timedelta(hours=2, minutes=59))
    desk.expect_ping("oleg", containing="36 min left for the promised time, due 15:00")
    desk.expect_ping("oleg", containing="Last call")
    desk.expect_alert("dana", containing="Last call")
    await desk.go_to(NOON + timedelta(hours=3, minutes=1))
    desk.expect_ping("oleg", containing="promised time is overdue since 15:00")
    desk.expect_alert("dana", containing="promised time is overdue since 15:00")
    await desk.fast_forward(days=1)
    desk.expect_quiet()


@pytest.mark.parametrize("is_asked", [False, True], ids=["nobody knows", "the lead was asked before"])
async def test_a_promised_time_that_passes_at_night_is_read_in_the_morning(desk: Story, *, is_asked: bool) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", GiveEta(instant(NOON + timedelta(hours=10))))
    if is_asked:
        await desk.does("vera", Escalate("A second look, please"))
    await desk.go_to(NOON + timedelta(hours=9, minutes=59))
    desk.forget()
    await desk.go_to(NOON + timedelta(hours=18))
    desk.expect_quiet()
    await desk.go_to(NOON + timedelta(hours=22, minutes=1))
    desk.expect_ping("vera", containing="1 ticket waited for you\nT-1 · Payroll failed")
    desk.expect_alert("dana", containing="promised time is overdue since March 3, 22:00")
    await desk.fast_forward(days=3)
    desk.expect_quiet()


async def test_a_new_promise_in_time_takes_the_place_of_the_old_one(desk: Story) -> None:
    await desk.receives(sender="taras", text="Payroll failed")
    await desk.does("oleg", GiveEta(THREE))
    await desk.go_to(NOON + timedelta(hours=2))
    desk.forget()
    await desk.does("oleg", GiveEta(SIX))
    desk.expect_message("taras", containing="о 17:00")
    clock = await desk.clock("eta")
    assert (clock.state, clock.due_at) == (State.RUNNING, SIX)
    await desk.go_to(NOON + timedelta(hours=4))
    desk.expect_quiet()


async def test_resolving_keeps_the_promise(desk: Story) -> None:
    await desk.receives(sender="taras", text="Payroll failed")
    await desk.does("oleg", GiveEta(THREE))
    await desk.go_to(NOON + timedelta(hours=1))
    desk.forget()
    await desk.does("oleg", Resolve())
    desk.expect_message("taras", containing="T-1 вирішено")
    assert (await desk.clock("eta")).state is State.MET
    await desk.go_to(NOON + timedelta(hours=30))
    desk.expect_quiet()


async def test_a_promised_time_runs_on_while_we_wait_for_the_client(desk: Story) -> None:
    await desk.receives(sender="taras", text="Payroll failed")
    await desk.does("oleg", GiveEta(THREE))
    await desk.does("oleg", AskDetails("Which file?"))
    assert (await desk.clock("eta")).state is State.RUNNING
    desk.forget()
    desk.expect_quiet()


async def test_a_moment_that_has_passed_promises_nothing(desk: Story) -> None:
    await desk.receives(sender="taras", text="Payroll failed")
    desk.forget()
    answer = await desk.does("oleg", GiveEta(instant(NOON)))
    assert answer.is_refused
    assert "passed" in answer.text
    desk.expect_quiet()


async def test_a_time_is_given_in_words_from_the_card(desk: Story) -> None:
    await desk.receives(sender="taras", text="Payroll failed")
    desk.forget()
    refused = await desk.presses("oleg", "ticket.eta", eta="soonish")
    assert "eta" in refused.errors
    answer = await desk.presses("oleg", "ticket.eta", eta="tomorrow 11:00")
    assert not answer.is_refused
    desk.expect_message("taras", containing="завтра о 10:00")
    assert (await desk.clock("eta")).due_at == instant(datetime(2026, 3, 4, 8, 0, tzinfo=UTC))
    desk.expect_quiet()


async def test_a_plain_reply_leaves_the_promised_time_where_it_was(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", GiveEta(THREE))
    desk.forget()
    await desk.does("vera", Reply("Half done"))
    desk.expect_message("lena", containing="Half done")
    assert (await desk.clock("eta")).state is State.RUNNING
    desk.expect_quiet()

"""The first response: promised, counted down, kept or broken, and told to the right people once."""

from datetime import UTC, datetime

from bot.tickets.command import Reply
from sla.clock import State
from tests.harness import Story


async def test_a_premium_client_is_told_who_answers_and_by_when(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    desk.expect_message("lena", containing="Vera answers by 10:00")
    card = desk.expect_card("vera", containing="T-1 · Acme: Payroll failed")
    assert "Lena on Telegram · Premium · medium" in card
    ticket = await desk.ticket()
    assert (ticket.assignee, ticket.rule) == ("vera", "own_manager")
    desk.expect_quiet()


async def test_a_breach_is_reported_once(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    await desk.fast_forward(minutes=47)
    desk.expect_quiet()
    await desk.fast_forward(minutes=2)
    desk.expect_ping("vera", containing="12 min left")
    desk.expect_quiet()
    await desk.fast_forward(minutes=9)
    desk.expect_ping("vera", containing="Last call")
    desk.expect_alert("dana", containing="Last call")
    desk.expect_quiet()
    await desk.fast_forward(minutes=3)
    desk.expect_ping("vera", containing="overdue")
    desk.expect_alert("dana", containing="first response is overdue since 13:00")
    await desk.fast_forward(hours=30)
    desk.expect_quiet()
    assert (await desk.clock("first_response")).state is State.BREACHED


async def test_an_answer_in_time_ends_the_countdown(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    await desk.fast_forward(minutes=30)
    await desk.does("vera", Reply("Looking at it now"))
    desk.expect_message("lena", containing="Looking at it now")
    await desk.fast_forward(days=3)
    desk.expect_quiet()
    clock = await desk.clock("first_response")
    assert clock.state is State.MET
    assert clock.due_at == clock.started_at + 3_600_000


async def test_downtime_over_the_due_moment_says_when_it_broke(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    await desk.sleep_until(datetime(2026, 3, 3, 12, 0, tzinfo=UTC))
    desk.expect_ping("vera", containing="overdue since 13:00, noticed 15:00")
    desk.expect_alert("dana", containing="overdue since 13:00, noticed 15:00")
    desk.expect_quiet()

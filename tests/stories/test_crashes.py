"""Killed anywhere, started again: nothing is lost, nothing is decided twice, at most one send is repeated."""

import asyncio
from datetime import UTC, datetime, timedelta

from adapters.message import Channel
from bot.tickets.command import Reply
from bot.tickets.ticket import TicketId
from routing.people import PersonId
from tests.harness import NOON, Story
from tests.stories.conftest import MakeStory

DATABASES = ("sqlite", "postgresql")

TELEGRAM, SLACK, INAPP = Channel.TELEGRAM, Channel.SLACK, Channel.INAPP


async def test_killed_after_keeping_a_message(desk: Story) -> None:
    await desk.arrives(sender="lena", text="Payroll failed")
    await desk.dies()
    await desk.settle()
    desk.expect_message("lena", containing="we have it (T-1)")
    desk.expect_card("vera", containing="T-1")
    assert len(await desk.lines()) == 2
    desk.expect_quiet()


async def test_killed_before_the_channel_heard_that_we_kept_it(desk: Story) -> None:
    raw = await desk.arrives(sender="lena", text="Payroll failed")
    await desk.dies()
    await desk.channels[TELEGRAM].redelivers(raw)
    await desk.settle()
    desk.expect_message("lena", containing="we have it (T-1)")
    desk.expect_card("vera", containing="T-1")
    desk.expect_quiet()


async def test_killed_after_deciding(desk: Story) -> None:
    await desk.arrives(sender="lena", text="Payroll failed")
    await desk.desk.intake.once()
    await desk.dies()
    await desk.settle()
    desk.expect_message("lena", containing="we have it (T-1)")
    desk.expect_card("vera", containing="T-1")
    assert not await desk.is_there(2)
    desk.expect_quiet()


async def test_killed_while_sending_before_anything_arrived(desk: Story) -> None:
    await desk.receives(INAPP, sender="lena", text="Payroll failed")
    desk.forget()
    desk.channels[INAPP].slow(asyncio.Event().wait)
    await desk.desk.commands.perform(PersonId("vera"), TicketId(1), Reply("Looking"), key="a")
    await desk.desk.sender.once()
    await desk.dies()
    desk.channels[INAPP].slow(None)
    desk.expect_nothing("lena", INAPP)
    await desk.settle()
    desk.expect_message("lena", INAPP, containing="Looking")
    desk.expect_quiet()


async def test_killed_after_sending_where_the_channel_knows_what_it_has(desk: Story) -> None:
    await desk.receives(INAPP, sender="lena", text="Payroll failed")
    desk.forget()
    await arrives_and_is_killed(desk, INAPP)
    desk.expect_message("lena", INAPP, containing="Looking")
    assert (await desk.lines())[-1].state == "sent"
    desk.expect_quiet()


async def test_killed_after_sending_where_nobody_can_know(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    await arrives_and_is_killed(desk, TELEGRAM)
    said = [shown.text for shown in desk.channels[TELEGRAM].messages("1001")][1:]
    assert said == ["Looking", "Looking\n(sent again, the first may have arrived)"]
    desk.expect_alert("vera", containing="may not have reached Acme")


async def arrives_and_is_killed(desk: Story, channel: Channel) -> None:
    """Vera replies; the channel shows it, and we are killed before we hear so."""
    await desk.fast_forward(minutes=1)
    shown = desk.channels[channel].falls_silent = asyncio.Event()
    await desk.desk.commands.perform(PersonId("vera"), TicketId(1), Reply("Looking"), key="a")
    await desk.desk.sender.once()
    await shown.wait()
    await desk.dies()
    desk.channels[channel].falls_silent = None
    await desk.settle()


async def test_killed_after_a_press_that_the_channel_repeats(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    slack = desk.channels[SLACK]
    first = await slack.command("T1/U1", "ticket.reply", "T-1", fields={"text": "Looking"}, key="trigger-7")
    await desk.dies()
    again = await slack.command("T1/U1", "ticket.reply", "T-1", fields={"text": "Looking"}, key="trigger-7")
    await desk.settle()
    assert again == first
    desk.expect_message("lena", containing="Looking")
    desk.expect_quiet()


async def test_alarms_outlive_the_process(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.fast_forward(minutes=50)
    desk.forget()
    await desk.dies()
    await desk.go_to(NOON + timedelta(minutes=61))
    desk.expect_ping("vera", containing="Last call")
    desk.expect_alert("dana", containing="Last call")
    desk.expect_ping("vera", containing="overdue")
    desk.expect_alert("dana", containing="overdue")
    desk.expect_quiet()


async def test_an_alarm_that_fired_before_the_kill_does_not_fire_again(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.go_to(NOON + timedelta(minutes=49))
    desk.forget()
    for _ in range(3):
        await desk.dies()
        await desk.settle()
    desk.expect_quiet()


async def test_three_days_down_are_told_once_and_truly(desk: Story) -> None:
    for name in ("lena", "taras", "bill"):
        await desk.receives(sender=name, text="Payroll failed")
    desk.forget()
    await desk.sleep_until(NOON + timedelta(days=3))
    for number, person in ((1, "vera"), (2, "oleg"), (3, "mira")):
        desk.expect_ping(person, containing=f"T-{number} ")
        desk.expect_alert("dana", containing=f"T-{number} ")
    desk.expect_quiet()
    assert (await desk.clock("first_response", 1)).breached_at == (await desk.clock("first_response", 1)).due_at


async def test_a_shift_that_began_while_we_were_down_still_empties_the_list(make_desk: MakeStory) -> None:
    desk = await make_desk(start=datetime(2026, 3, 2, 18, 0, tzinfo=UTC))
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.dies()
    desk.forget()
    await desk.sleep_until(datetime(2026, 3, 3, 7, 20, tzinfo=UTC))
    desk.expect_card("vera", containing="T-1")
    desk.expect_quiet()


async def test_the_load_of_people_survives_a_restart(desk: Story) -> None:
    await desk.receives(sender="5001", text="First")
    await desk.dies()
    await desk.receives(sender="5002", text="Second")
    assert [(await desk.ticket(number)).assignee for number in (1, 2)] == ["mira", "oleg"]
    desk.forget()
    desk.expect_quiet()


async def test_messages_of_one_conversation_are_decided_in_their_order_after_a_kill(desk: Story) -> None:
    for text in ("One", "Two", "Three"):
        await desk.arrives(sender="lena", text=text)
    await desk.desk.intake.once()
    await desk.dies()
    await desk.settle()
    assert [line.text for line in await desk.lines() if line.direction == "in"] == ["One", "Two", "Three"]
    desk.forget()
    desk.expect_quiet()


async def test_an_edit_that_overtakes_its_message_changes_nothing_and_breaks_nothing(desk: Story) -> None:
    await desk.channels[TELEGRAM].edits("1001", "m1", "Payroll failed!")
    await desk.receives(sender="lena", text="Payroll failed", external_id="m1")
    assert (await desk.lines())[0].text == "Payroll failed"
    desk.forget()
    desk.expect_quiet()

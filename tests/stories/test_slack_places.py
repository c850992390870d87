"""A client's own channel: its members are the client, each thread is a conversation, and we answer where they asked."""

from datetime import timedelta

import pytest

from adapters.message import Channel, OutboundMessage
from bot.tickets.command import Reply, Resolve
from tests.builders import story_desk
from tests.harness import NOON, Story
from tests.stories.conftest import MakeStory

DATABASES = ("sqlite", "postgresql")
SLACK = Channel.SLACK
PLACE = "T1/C1"
IN_SLACK = ("channels = { telegram = [-1001234] }", f'channels = {{ slack = ["{PLACE}"] }}')


@pytest.fixture
async def desk(make_desk: MakeStory) -> Story:
    return await make_desk(story_desk(IN_SLACK))


async def says(desk: Story, text: str, *, ts: str, thread: str | None = None, sender: str = "T2/U9") -> None:
    """Somebody writes in Acme's channel: at its top, or in a thread of it."""
    root = thread or ts
    under = None if thread is None else f"C1:{thread}"
    await desk.channels[SLACK].says(
        f"{PLACE}#{root}", text, sender=sender, name=sender, external_id=f"C1:{ts}", reply_to=under
    )
    await desk.settle()


def told(desk: Story, thread: str) -> list[str]:
    """What we said in a thread."""
    return [one.text for one in desk.channels[SLACK].messages(f"{PLACE}#{thread}")]


async def test_a_message_at_the_top_of_a_clients_channel_opens_a_ticket_and_is_answered_in_its_thread(
    desk: Story,
) -> None:
    await says(desk, "Payroll failed", ts="1.0")
    ticket = await desk.ticket()
    assert (ticket.client, ticket.plan, ticket.is_verified) == ("acme", "premium", True)
    await desk.does("vera", Reply("Looking"))
    receipt, answer = told(desk, "1.0")
    assert "Thank you, we have it (T-1)." in receipt
    assert answer == "Looking"
    desk.forget()
    desk.expect_quiet()


async def test_a_member_whom_nobody_knows_acts_as_the_client(desk: Story) -> None:
    await says(desk, "Payroll failed", ts="1.0", sender="T2/U77")
    ticket = await desk.ticket()
    assert (ticket.client, ticket.is_verified) == ("acme", True)
    desk.expect_card("vera", containing="T-1 · Acme")
    desk.forget()
    desk.expect_quiet()


async def test_a_message_in_a_thread_belongs_to_that_threads_ticket(desk: Story) -> None:
    await says(desk, "Payroll failed", ts="1.0")
    await desk.fast_forward(minutes=10)
    await says(desk, "And the invoices are wrong", ts="2.0")
    await desk.fast_forward(minutes=10)
    await says(desk, "It is the March one", ts="3.0", thread="1.0")
    assert [line.text for line in await desk.lines(1) if line.direction == "in"] == [
        "Payroll failed",
        "It is the March one",
    ]
    assert not await desk.is_there(3)
    desk.forget()
    desk.expect_quiet()


async def test_two_messages_at_the_top_in_one_breath_are_one_ticket_and_so_are_their_threads(desk: Story) -> None:
    await says(desk, "Hello", ts="1.0")
    await desk.fast_forward(seconds=60)
    await says(desk, "Payroll failed", ts="2.0")
    await desk.fast_forward(minutes=30)
    await says(desk, "Any news?", ts="3.0", thread="2.0")
    assert not await desk.is_there(2)
    assert [line.text for line in await desk.lines() if line.direction == "in"] == [
        "Hello",
        "Payroll failed",
        "Any news?",
    ]
    assert len(told(desk, "1.0")) == 1
    assert not told(desk, "2.0")
    desk.forget()
    desk.expect_quiet()


async def test_a_message_at_the_top_after_the_burst_is_another_ticket(desk: Story) -> None:
    await says(desk, "Payroll failed", ts="1.0")
    await desk.fast_forward(seconds=121)
    await says(desk, "Another thing", ts="2.0")
    assert (await desk.ticket(2)).subject == "Another thing"
    desk.forget()
    desk.expect_quiet()


async def test_two_people_who_write_in_one_breath_mean_two_things(desk: Story) -> None:
    await says(desk, "Payroll failed", ts="1.0")
    await says(desk, "The export hangs", ts="2.0", sender="T2/U10")
    assert (await desk.ticket(2)).subject == "The export hangs"
    desk.forget()
    desk.expect_quiet()


async def test_a_thread_whose_ticket_was_closed_long_ago_opens_a_new_one_there(desk: Story) -> None:
    await says(desk, "Payroll failed", ts="1.0")
    await desk.does("vera", Resolve("Fixed"))
    await desk.fast_forward(days=14)
    await says(desk, "It happens again", ts="2.0", thread="1.0")
    assert (await desk.ticket(2)).subject == "It happens again"
    assert "T-2" in told(desk, "1.0")[-1]
    desk.forget()
    desk.expect_quiet()


async def test_one_of_ours_who_writes_in_the_clients_thread_has_answered(desk: Story) -> None:
    await says(desk, "Payroll failed", ts="1.0")
    desk.forget()
    await says(desk, "Looking at it", ts="2.0", thread="1.0", sender="T1/U1")
    assert (await desk.clock("first_response")).state == "met"
    desk.expect_under("vera", containing="Vera Kova\n> Looking at it")
    desk.expect_quiet()


async def test_one_of_ours_who_writes_at_the_top_of_a_clients_channel_opens_nothing(desk: Story) -> None:
    await says(desk, "We update tonight", ts="1.0", sender="T1/U1")
    assert not await desk.is_there(1)
    desk.expect_quiet()
    await says(desk, "At what time?", ts="2.0", thread="1.0")
    assert (await desk.ticket()).subject == "At what time?"
    desk.forget()
    desk.expect_quiet()


async def test_a_reply_under_the_card_goes_into_the_clients_thread(desk: Story) -> None:
    await says(desk, "Payroll failed", ts="1.0")
    desk.forget()
    await desk.writes("vera", "Looking", under=desk.card("vera"))
    assert told(desk, "1.0")[-1] == "Looking"
    desk.forget()
    desk.expect_quiet()


async def test_a_client_asks_with_an_exclamation_mark_because_slack_keeps_the_slash(desk: Story) -> None:
    await says(desk, "Payroll failed", ts="1.0")
    await says(desk, "!status", ts="2.0", thread="1.0")
    assert told(desk, "1.0")[-1].startswith("T-1: Payroll failed. Vera looks after it and answers by")
    await says(desk, "!help", ts="3.0", thread="1.0")
    assert "!status shows where your ticket stands" in told(desk, "1.0")[-1]
    await says(desk, "!escalate", ts="4.0", thread="1.0")
    desk.expect_alert("dana", containing="the client asks for the team lead")
    desk.forget()
    desk.expect_quiet()


# How receipts are given


async def received(make_desk: MakeStory, *changes: tuple[str, str]) -> Story:
    """Lena writes in Acme's channel in the evening."""
    desk = await make_desk(story_desk(IN_SLACK, *changes))
    await desk.go_to(NOON + timedelta(hours=9))
    await says(desk, "Payroll failed", ts="1.0")
    return desk


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param([('public_plan = "public"', 'public_plan = "public"\nreceipts = "ephemeral"')], id="everywhere"),
        pytest.param([('name = "Acme"', 'name = "Acme"\nreceipts = "ephemeral"')], id="for this client"),
    ],
)
async def test_a_receipt_may_be_for_the_writer_alone(make_desk: MakeStory, changes: list[tuple[str, str]]) -> None:
    desk = await received(make_desk, *changes)
    (shown,) = desk.channels[SLACK].messages(f"{PLACE}#1.0")
    assert isinstance(shown.message, OutboundMessage)
    assert "is back tomorrow" in shown.text
    assert shown.message.only_to == "T2/U9"
    desk.forget()
    desk.expect_quiet()


async def test_receipts_may_be_left_out_and_answers_never_are(make_desk: MakeStory) -> None:
    desk = await received(make_desk, ('name = "Acme"', 'name = "Acme"\nreceipts = "silent"'))
    assert not told(desk, "1.0")
    await desk.does("vera", Reply("Looking"))
    (answer,) = desk.channels[SLACK].messages(f"{PLACE}#1.0")
    assert isinstance(answer.message, OutboundMessage)
    assert (answer.text, answer.message.only_to) == ("Looking", None)
    desk.forget()
    desk.expect_quiet()


async def test_a_client_who_writes_alone_is_always_told(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(IN_SLACK, ('name = "Acme"', 'name = "Acme"\nreceipts = "silent"')))
    await desk.receives(SLACK, sender="lena", text="Payroll failed")
    desk.expect_message("lena", SLACK, containing="Thank you, we have it (T-1).")
    desk.forget()
    desk.expect_quiet()


async def test_a_channel_that_the_bot_is_taken_out_of_is_told_once_to_whoever_has_its_ticket(desk: Story) -> None:
    await says(desk, "Payroll failed", ts="1.0")
    desk.forget()
    for _ in range(2):  # Slack tells of an archived channel and of our leaving it
        await desk.channels[SLACK].becomes(PLACE, "left")
        await desk.settle()
    desk.expect_alert("vera", containing="the bot is no longer in the group of Acme on Slack")
    await desk.fast_forward(minutes=1)
    desk.expect_quiet()
    await desk.channels[SLACK].becomes(PLACE, "joined")
    await desk.settle()
    desk.expect_ping("vera", containing="T-1")
    desk.expect_quiet()


async def test_a_clients_channel_in_which_nothing_is_open_is_told_to_their_manager_once(desk: Story) -> None:
    for _ in range(2):
        await desk.channels[SLACK].becomes(PLACE, "left")
        await desk.settle()
    desk.expect_alert("vera", containing="The bot is no longer in the group of Acme on Slack")
    desk.expect_quiet()


async def test_a_channel_the_bot_is_taken_into_is_told_to_the_admins_with_the_line_to_write(desk: Story) -> None:
    await desk.channels[SLACK].becomes("T1/C9", "joined")
    await desk.settle()
    desk.expect_ping("dana", containing='channels = { slack = ["T1/C9"] }')
    desk.expect_quiet()


async def test_a_channel_that_has_another_id_is_the_clients_still_and_a_thread_goes_on(desk: Story) -> None:
    await says(desk, "Payroll failed", ts="1.0")
    await desk.channels[SLACK].becomes(PLACE, "moved", to="T1/C9")
    await desk.settle()
    await desk.desk.refresh()
    desk.expect_alert("dana", containing="T1/C9")
    desk.forget()
    await desk.channels[SLACK].says(
        "T1/C9#1.0", "Still", sender="T2/U9", name="Lena", external_id="C9:3.0", reply_to="C9:1.0"
    )
    await desk.settle()
    assert [line.text for line in await desk.lines(1) if line.direction == "in"] == ["Payroll failed", "Still"]
    await desk.does("vera", Reply("Looking"))
    assert [one.text for one in desk.channels[SLACK].messages("T1/C9#1.0")] == ["Looking"]
    desk.forget()
    await desk.channels[SLACK].says("T1/C9#5.0", "Invoices", sender="T2/U9", name="Lena", external_id="C9:5.0")
    await desk.settle()
    ticket = await desk.ticket()
    assert (ticket.client, ticket.is_verified) == ("acme", True)
    desk.forget()
    desk.expect_quiet()

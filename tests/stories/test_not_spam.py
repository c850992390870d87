"""Marked as spam by mistake: the ticket comes back from every desk, and its client has not waited for nothing."""

from datetime import timedelta

import pytest

from adapters.message import Channel
from bot.tickets.command import AskDetails, GiveEta, MarkSpam, Merge, NotSpam, Reply, WaitThirdParty
from bot.tickets.ticket import Status, TicketId
from sla.clock import State
from sla.duration import later
from tests.harness import NOON, Story
from tests.stories.conftest import MakeStory


async def marked(desk: Story, minutes: int = 10) -> None:
    """Lena writes, and so many minutes later Mira takes it for spam."""
    await desk.receives(sender="lena", text="You have won a refund")
    await desk.fast_forward(minutes=minutes)
    await desk.does("mira", MarkSpam())
    desk.forget()


async def test_it_goes_on_with_the_promise_it_had(desk: Story) -> None:
    await marked(desk)
    await desk.fast_forward(minutes=20)
    desk.expect_quiet()
    assert (await desk.presses("vera", "ticket.not_spam")).text == "Done."
    ticket, clock = await desk.ticket(), await desk.clock("first_response")
    assert (ticket.status, ticket.assignee) == (Status.OPEN, "vera")
    assert (clock.state, clock.due_at) == (State.RUNNING, ticket.opened_at + 3_600_000)
    assert (await desk.events())[-1] == "not_spam"
    desk.expect_quiet()
    await desk.receives(sender="lena", text="Hello? It is about our invoice")
    desk.expect_ping("vera", containing="Lena wrote on T-1")
    await desk.fast_forward(minutes=24)
    desk.expect_ping("vera", containing="12 min left")
    await desk.does("vera", Reply("Here I am"))
    desk.expect_message("lena", containing="Here I am")
    assert (await desk.clock("first_response")).state is State.MET
    desk.expect_quiet()


async def test_whoever_has_it_hears_who_brought_it_back_and_a_second_press_changes_nothing(desk: Story) -> None:
    await marked(desk)
    await desk.does("mira", NotSpam(), key="once")
    desk.expect_ping("vera", containing="T-1 (Acme) is no spam after all, says Mira Solano")
    await desk.does("mira", NotSpam(), key="once")
    assert not (await desk.does("oleg", NotSpam())).is_refused
    assert (await desk.events()).count("not_spam") == 1
    desk.expect_quiet()


async def test_a_promise_that_passed_meanwhile_is_broken_and_its_lead_hears_it_once(desk: Story) -> None:
    await marked(desk)
    await desk.fast_forward(minutes=90)
    desk.expect_quiet()
    await desk.does("vera", NotSpam())
    assert (await desk.clock("first_response")).breached_at == (await desk.ticket()).opened_at + 3_600_000
    await desk.fast_forward(minutes=1)
    desk.expect_alert("dana", containing="T-1 (Acme): first response is overdue")
    desk.forget()  # Vera hears it as well
    await desk.fast_forward(minutes=30)
    desk.expect_quiet()


@pytest.mark.parametrize(
    ("command", "status"),
    [
        pytest.param(AskDetails("Which one?"), Status.WAITING_CLIENT, id="the client is asked"),
        pytest.param(WaitThirdParty("bank"), Status.WAITING_THIRD_PARTY, id="a third party has to act"),
    ],
)
async def test_what_was_paused_is_paused_still(make_desk: MakeStory, command: AskDetails, status: Status) -> None:
    story = await make_desk()
    await story.receives(sender="taras", text="Payroll failed")
    await story.does("oleg", command)
    await story.does("mira", MarkSpam())
    await story.fast_forward(minutes=90)
    await story.does("oleg", NotSpam())
    assert (await story.ticket()).status is status
    assert (await story.clock("first_response")).state is State.PAUSED
    story.forget()
    await story.fast_forward(days=1)
    story.expect_quiet()


async def test_a_moment_that_was_promised_is_promised_again(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", GiveEta(later(desk.time.at, timedelta(hours=3))))
    await desk.does("mira", MarkSpam())
    await desk.does("vera", NotSpam())
    assert (await desk.clock("eta")).state is State.RUNNING
    desk.forget()
    await desk.fast_forward(hours=4)
    desk.expect_alert("dana", containing="promised time is overdue")
    desk.forget()
    desk.expect_quiet()


async def test_what_was_said_meanwhile_stays_a_ticket_of_its_own(desk: Story) -> None:
    await marked(desk)
    await desk.receives(sender="lena", text="Where is my invoice?")
    assert (await desk.ticket(2)).status is Status.NEW
    await desk.does("vera", NotSpam())
    await desk.receives(sender="lena", text="The one of May")
    assert [line.text for line in await desk.lines(2)][-1] == "The one of May"
    assert ((await desk.ticket(1)).status, (await desk.ticket(2)).status) == (Status.OPEN, Status.NEW)
    desk.forget()
    desk.expect_quiet()


async def test_out_of_hours_it_waits_for_whoever_comes_first(desk: Story) -> None:
    await desk.go_to(NOON + timedelta(hours=6, minutes=40))
    await marked(desk)
    await desk.go_to(NOON + timedelta(hours=10))
    await desk.does("dana", NotSpam())
    desk.forget()
    await desk.go_to(NOON + timedelta(hours=21, minutes=59))
    desk.expect_quiet()
    await desk.fast_forward(minutes=1)
    desk.expect_ping("vera", containing="T-1")
    desk.expect_quiet()
    assert (await desk.clock("first_response")).due_at == (await desk.ticket()).opened_at + 16 * 3_600_000


async def test_only_what_is_spam_can_be_none(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.receives(Channel.EMAIL, sender="bill", text="Another matter")
    assert not (await desk.does("vera", NotSpam())).is_refused
    assert "not_spam" not in await desk.events()
    await desk.does("vera", Merge(TicketId(2)), ticket=1)
    await desk.does("dana", Merge(TicketId(2)), ticket=1)
    assert (await desk.does("ines", NotSpam())).is_refused
    desk.forget()
    desk.expect_quiet()

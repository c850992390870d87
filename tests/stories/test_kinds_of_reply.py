"""Where only an answer counts, the card asks privately what a reply was; it counts from when it was written."""

from datetime import timedelta

import pytest

from adapters.message import Channel
from bot.tickets.command import Reply
from sla.clock import State
from sla.duration import instant
from sla.promise import ReplyKind
from tests.harness import NOON, Story

QUESTION = "What was your reply on T-1: an answer, a question, or an ETA?"


async def replied(desk: Story) -> None:
    """Oleg has written to Taras of Globex, and nobody knows what it was."""
    await desk.receives(sender="taras", text="Payroll failed")
    await desk.go_to(NOON + timedelta(minutes=10))
    desk.forget()
    await desk.does("oleg", Reply("Restart it, please"))
    desk.expect_message("taras", containing="Restart it, please")


async def test_the_card_asks_its_author_and_nobody_else_hears_of_it(desk: Story) -> None:
    await replied(desk)
    desk.expect_edit("oleg", containing=QUESTION)
    assert (await desk.clock("first_response")).state is State.RUNNING
    desk.expect_quiet()


async def test_an_answer_is_an_answer_by_one_press(desk: Story) -> None:
    await replied(desk)
    await desk.presses("oleg", "It was an answer")
    assert (await desk.clock("first_response")).satisfied_at == instant(NOON + timedelta(minutes=10))
    assert QUESTION not in desk.expect_edit("oleg", containing="T-1")
    desk.expect_quiet()


@pytest.mark.parametrize(
    ("goes_on", "counted_from"),
    [
        pytest.param(False, 10, id="the first reply"),
        pytest.param(True, 40, id="the first reply after what the client said since"),
    ],
)
async def test_of_several_replies_it_counts_from(desk: Story, *, goes_on: bool, counted_from: int) -> None:
    await replied(desk)
    await desk.go_to(NOON + timedelta(minutes=20))
    if goes_on:
        await desk.receives(sender="taras", text="And the export?")
    await desk.go_to(NOON + timedelta(minutes=40))
    await desk.does("oleg", Reply("And then log in anew"))
    await desk.presses("oleg", "It was an answer")
    assert (await desk.clock("first_response")).satisfied_at == instant(NOON + timedelta(minutes=counted_from))
    desk.forget()
    desk.expect_quiet()


async def test_a_question_pauses_from_when_it_was_asked(desk: Story) -> None:
    await replied(desk)
    await desk.go_to(NOON + timedelta(minutes=40))
    await desk.presses("oleg", "It was a question")
    clock = await desk.clock("first_response")
    assert (clock.state, clock.pauses[0].at) == (State.PAUSED, instant(NOON + timedelta(minutes=10)))
    assert (await desk.ticket()).status == "waiting_client"
    await desk.fast_forward(hours=20)
    desk.expect_quiet()


async def test_a_time_that_was_named_gets_its_clock_and_is_not_said_twice(desk: Story) -> None:
    await replied(desk)
    await desk.presses("oleg", "It named a time", eta="16:00")
    assert (await desk.clock("first_response")).state is State.MET
    assert (await desk.clock("eta")).due_at == instant(NOON + timedelta(hours=4))
    desk.expect_quiet()


async def test_nothing_is_asked_where_any_human_word_counts(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    await desk.does("vera", Reply("Looking"))
    desk.expect_message("lena", containing="Looking")
    assert "What was your reply" not in desk.expect_edit("vera", containing="T-1")
    desk.expect_quiet()


async def test_naming_a_reply_twice_changes_nothing(desk: Story) -> None:
    await replied(desk)
    await desk.presses("oleg", "It was an answer")
    version = (await desk.ticket()).version
    await desk.channels[Channel.SLACK].command("T1/U2", "ticket.kind_clarify", "T-1")
    assert (await desk.ticket()).version == version
    desk.expect_quiet()


async def test_a_fix_resolves_the_ticket(desk: Story) -> None:
    await desk.receives(sender="taras", text="Payroll failed")
    desk.forget()
    await desk.does("oleg", Reply("It runs again", ReplyKind.FIX))
    desk.expect_message("taras", containing="It runs again")
    desk.expect_message("taras", containing="T-1 вирішено")
    assert (await desk.ticket()).status == "resolved"
    assert (await desk.clock("first_response")).state is State.MET
    await desk.fast_forward(days=2)
    desk.expect_quiet()

"""Every transition of the response clocks, as the people concerned see them."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.tickets.command import (
    AskDetails,
    MarkSpam,
    NameReply,
    NeedsNoAnswer,
    Reply,
    Resolve,
    Resume,
    SetUrgency,
    WaitThirdParty,
)
from sla.clock import State
from sla.duration import instant
from sla.promise import ReplyKind
from tests.builders import document, story_desk
from tests.harness import NOON, Story
from tests.stories.conftest import MakeStory

HOUR = timedelta(hours=1)


async def state(desk: Story, metric: str = "first_response") -> State:
    return (await desk.clock(metric)).state


async def test_the_clock_starts_when_the_channel_had_the_message_not_when_we_did(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed", at=NOON - timedelta(minutes=50))
    clock = await desk.clock("first_response")
    assert (clock.started_at, clock.due_at) == (instant(NOON) - 3_000_000, instant(NOON) + 600_000)
    desk.forget()
    await desk.does("vera", Reply("Looking"))
    desk.expect_message("lena", containing="Looking")
    desk.expect_quiet()


async def test_a_channel_whose_clock_runs_ahead_gains_nobody_time(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed", at=NOON + timedelta(days=2))
    assert (await desk.clock("first_response")).started_at == instant(NOON)
    desk.forget()
    desk.expect_quiet()


@pytest.mark.parametrize(
    ("after", "kept"),
    [
        pytest.param(timedelta(minutes=59), State.MET, id="a minute early"),
        pytest.param(HOUR, State.MET, id="at the very moment"),
        pytest.param(HOUR + timedelta(seconds=1), State.MET_LATE, id="a second late"),
    ],
)
async def test_the_due_moment_itself_is_in_time(desk: Story, after: timedelta, kept: State) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.go_to(NOON + after)
    desk.forget()
    await desk.does("vera", Reply("Done"))
    desk.expect_message("lena", containing="Done")
    assert await state(desk) is kept
    await desk.fast_forward(days=2)
    desk.expect_quiet()


async def test_a_question_pauses_where_only_an_answer_counts(desk: Story) -> None:
    await desk.receives(sender="taras", text="Payroll failed")
    await desk.go_to(NOON + timedelta(minutes=20))
    desk.forget()
    await desk.does("oleg", AskDetails("Which file?"))
    desk.expect_message("taras", containing="Which file?")
    desk.expect_message("taras", containing="Чекаємо на Вашу відповідь")
    assert await state(desk) is State.PAUSED
    await desk.fast_forward(hours=24)
    desk.expect_quiet()


async def test_the_clients_answer_lets_the_clock_run_on_with_what_was_left(desk: Story) -> None:
    await desk.receives(sender="taras", text="Payroll failed")
    await desk.go_to(NOON + timedelta(minutes=20))
    await desk.does("oleg", AskDetails("Which file?"))
    await desk.fast_forward(hours=3)
    desk.forget()
    answered_at = desk.time.at
    await desk.receives(sender="taras", text="The March one")
    desk.expect_ping("oleg", containing="Taras wrote on T-1")
    clock = await desk.clock("first_response")
    assert (clock.state, clock.due_at) == (State.RUNNING, answered_at + 40 * 60_000)
    await desk.does("oleg", Reply("Fixed", ReplyKind.ANSWER))
    desk.expect_message("taras", containing="Fixed")
    assert await state(desk) is State.MET
    desk.expect_quiet()


async def test_a_question_at_the_very_due_moment_still_pauses(desk: Story) -> None:
    await desk.receives(sender="taras", text="Payroll failed")
    await desk.go_to(NOON + HOUR)
    desk.forget()
    await desk.does("oleg", AskDetails("Which file?"))
    desk.expect_message("taras", containing="Which file?")
    desk.expect_message("taras", containing="Чекаємо")
    assert await state(desk) is State.PAUSED
    await desk.fast_forward(hours=5)
    desk.expect_quiet()


async def test_a_question_answers_where_any_human_word_does(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", AskDetails("Which file?"))
    assert await state(desk) is State.MET
    assert (await desk.ticket()).status == "waiting_client"
    desk.forget()
    await desk.fast_forward(hours=5)
    desk.expect_quiet()


async def test_the_next_question_of_the_client_starts_the_next_clock(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", Reply("Fixed"))
    await desk.go_to(NOON + timedelta(minutes=10))
    desk.forget()
    await desk.receives(sender="lena", text="And the export?")
    desk.expect_ping("vera", containing="Lena wrote on T-1")
    clock = await desk.clock("next_response")
    assert (clock.state, clock.due_at) == (State.RUNNING, instant(NOON + timedelta(minutes=70)))
    await desk.fast_forward(minutes=30)
    await desk.does("vera", Reply("Fixed too"))
    desk.expect_message("lena", containing="Fixed too")
    assert await state(desk, "next_response") is State.MET
    await desk.fast_forward(days=1)
    desk.expect_quiet()


async def test_further_questions_do_not_push_the_next_clock_out(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", Reply("Fixed"))
    await desk.receives(sender="lena", text="And the export?")
    oldest = (await desk.clock("next_response")).started_at
    await desk.fast_forward(minutes=40)
    desk.forget()
    await desk.receives(sender="lena", text="Hello?")
    desk.expect_ping("vera", containing="Lena wrote")
    assert (await desk.clock("next_response")).started_at == oldest
    desk.expect_quiet()


async def test_a_next_response_that_breaks_is_told_like_the_first(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", Reply("Fixed"))
    await desk.receives(sender="lena", text="And the export?")
    await desk.fast_forward(minutes=58)
    desk.forget()
    await desk.fast_forward(minutes=3)
    desk.expect_ping("vera", containing="next response is overdue")
    desk.expect_alert("dana", containing="next response is overdue")
    await desk.does("vera", Reply("Fixed too"))
    desk.expect_message("lena", containing="Fixed too")
    assert await state(desk, "next_response") is State.MET_LATE
    desk.expect_quiet()


async def test_a_reply_named_late_counts_from_when_it_was_written_and_takes_the_alert_back(desk: Story) -> None:
    await desk.receives(sender="taras", text="Payroll failed")
    await desk.go_to(NOON + timedelta(minutes=50))
    await desk.does("oleg", Reply("Restart it, please"))
    await desk.go_to(NOON + timedelta(minutes=62))
    assert await state(desk) is State.BREACHED
    desk.forget()
    await desk.does("oleg", NameReply(ReplyKind.ANSWER))
    desk.expect_ping("oleg", containing="was in time after all; the alert of 13:00 is taken back")
    desk.expect_ping("dana", containing="was in time after all")
    assert await state(desk) is State.RETRACTED
    await desk.fast_forward(days=1)
    desk.expect_quiet()


async def test_a_question_named_late_takes_the_alert_back_and_waits_for_the_client(desk: Story) -> None:
    await desk.receives(sender="taras", text="Payroll failed")
    await desk.go_to(NOON + timedelta(minutes=50))
    await desk.does("oleg", Reply("Which file?"))
    await desk.go_to(NOON + timedelta(minutes=62))
    desk.forget()
    await desk.does("oleg", NameReply(ReplyKind.CLARIFY))
    desk.expect_ping("oleg", containing="in time after all")
    desk.expect_ping("dana", containing="in time after all")
    assert await state(desk) is State.PAUSED
    assert (await desk.ticket()).status == "waiting_client"
    await desk.fast_forward(hours=20)
    desk.expect_quiet()


async def test_what_the_client_said_before_a_reply_was_named_is_owed_an_answer_of_its_own(desk: Story) -> None:
    await desk.receives(sender="taras", text="Payroll failed")
    await desk.go_to(NOON + timedelta(minutes=10))
    await desk.does("oleg", Reply("Restart it, please"))
    await desk.go_to(NOON + timedelta(minutes=20))
    asked_at = desk.time.at
    await desk.receives(sender="taras", text="It fails again")
    await desk.go_to(NOON + timedelta(minutes=30))
    desk.forget()
    await desk.does("oleg", NameReply(ReplyKind.ANSWER))
    assert await state(desk) is State.MET
    clock = await desk.clock("next_response")
    assert (clock.state, clock.started_at) == (State.RUNNING, asked_at)
    desk.expect_quiet()


async def test_resolving_meets_the_first_response_and_ends_the_next(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.receives(sender="bill", text="Export failed")
    await desk.does("mira", Reply("Looking"), ticket=2)
    await desk.receives(sender="bill", text="Still?")
    desk.forget()
    await desk.does("vera", Resolve(), ticket=1)
    desk.expect_message("lena", containing="T-1 is resolved")
    await desk.does("mira", Resolve(), ticket=2)
    desk.expect_message("bill", containing="T-2 is resolved")
    assert (await desk.clock("first_response", 1)).state is State.MET
    assert (await desk.clock("next_response", 2)).state is State.CANCELLED
    await desk.fast_forward(days=1)
    desk.expect_quiet()


async def test_what_needs_no_answer_ends_the_next_clock_but_never_the_first(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", NeedsNoAnswer())
    assert await state(desk) is State.RUNNING
    await desk.does("vera", Reply("Fixed"))
    await desk.receives(sender="lena", text="I will look on Monday then")
    desk.forget()
    await desk.does("vera", NeedsNoAnswer())
    assert await state(desk, "next_response") is State.CANCELLED
    await desk.fast_forward(days=1)
    desk.expect_quiet()


async def test_spam_ends_every_clock_and_nobody_is_told(desk: Story) -> None:
    await desk.receives(sender="5001", text="Cheap watches")
    desk.forget()
    await desk.does("mira", MarkSpam())
    assert await state(desk) is State.CANCELLED
    await desk.fast_forward(days=9)
    desk.expect_quiet()


async def test_a_tighter_urgency_leaves_at_least_the_floor(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.go_to(NOON + timedelta(minutes=20))
    desk.forget()
    await desk.does("vera", SetUrgency("critical"))
    clock = await desk.clock("first_response")
    assert clock.due_at == instant(NOON + timedelta(minutes=35))
    desk.expect_ping("vera", containing="15 min left")
    await desk.does("vera", SetUrgency("critical"))
    assert (await desk.clock("first_response")).due_at == clock.due_at
    desk.expect_quiet()


async def test_a_looser_urgency_moves_the_moment_out_and_repeats_no_reminder(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.go_to(NOON + timedelta(minutes=50))
    desk.forget()
    await desk.does("vera", SetUrgency("low"))
    desk.expect_message("lena", containing="A change for T-1: we answer by 13:00 (your time).")
    assert (await desk.clock("first_response")).due_at == instant(NOON + timedelta(hours=4))
    await desk.go_to(NOON + timedelta(hours=3, minutes=40))
    desk.expect_quiet()


async def test_a_change_after_the_breach_changes_nothing_that_was_promised(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.go_to(NOON + timedelta(minutes=61))
    desk.forget()
    await desk.does("vera", SetUrgency("low"))
    clock = await desk.clock("first_response")
    assert (clock.state, clock.due_at) == (State.BREACHED, instant(NOON + HOUR))
    await desk.fast_forward(days=1)
    desk.expect_quiet()


async def test_a_reopened_ticket_has_no_first_response_again(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", Resolve("Fixed"))
    await desk.go_to(NOON + HOUR)
    desk.forget()
    await desk.receives(sender="lena", text="It fails again")
    desk.expect_message("lena", containing="We have reopened T-1. Vera looks after it.")
    desk.expect_ping("vera", containing="Lena wrote on T-1")
    assert await state(desk) is State.MET
    clock = await desk.clock("next_response")
    assert (clock.state, clock.started_at) == (State.RUNNING, instant(NOON + HOUR))
    desk.expect_quiet()


async def test_a_third_party_pauses_the_clock_until_somebody_goes_on(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.go_to(NOON + timedelta(minutes=20))
    desk.forget()
    await desk.does("vera", WaitThirdParty("bank 4711"))
    await desk.fast_forward(hours=2)
    assert await state(desk) is State.PAUSED
    desk.expect_quiet()
    await desk.does("vera", Resume())
    desk.expect_message("lena", containing="A change for T-1: we answer by 12:00 (your time).")
    clock = await desk.clock("first_response")
    assert (clock.state, clock.due_at) == (State.RUNNING, desk.time.at + 40 * 60_000)
    desk.expect_quiet()


async def test_a_weekend_costs_nobody_time_and_wakes_nobody(make_desk: MakeStory) -> None:
    desk = await make_desk(start=datetime(2026, 3, 6, 15, 30, tzinfo=UTC))
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    await desk.go_to(datetime(2026, 3, 6, 15, 59, tzinfo=UTC))
    desk.expect_quiet()
    assert (await desk.clock("first_response")).due_at == instant(datetime(2026, 3, 9, 7, 30, tzinfo=UTC))
    await desk.go_to(datetime(2026, 3, 9, 7, 17, tzinfo=UTC))
    desk.expect_quiet()
    await desk.go_to(datetime(2026, 3, 9, 7, 18, 30, tzinfo=UTC))
    desk.expect_ping("vera", containing="12 min left")
    desk.expect_quiet()


async def test_marks_missed_while_we_were_down_are_told_by_the_most_urgent_alone(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    await desk.sleep_until(NOON + timedelta(minutes=58))
    desk.expect_ping("vera", containing="Last call")
    desk.expect_alert("dana", containing="Last call")
    desk.expect_quiet()


async def test_a_ticket_keeps_the_promise_it_opened_under(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    text = story_desk(
        ('first_response = { within = "1h", quote = "within 1 hour" }', 'first_response = { within = "2h" }')
    )
    await desk.apply(document(text))
    await desk.receives(sender="bill", text="Export failed")
    assert (await desk.clock("first_response", 1)).due_at == instant(NOON + HOUR)
    second = await desk.clock("first_response", 2)
    assert second.due_at == second.started_at + 7_200_000
    desk.forget()
    desk.expect_quiet()

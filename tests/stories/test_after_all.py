"""A reply that did not arrive answers nothing; sent again by hand and delivered, it counts from when it was written."""

from datetime import timedelta

from adapters.errors import PermanentError, TemporaryError
from adapters.message import Channel
from bot.store.delivery import outbox
from bot.tickets.command import AskDetails, Command, GiveEta, NameReply, Reply
from sla.clock import State
from sla.duration import instant
from sla.promise import ReplyKind
from tests.harness import NOON, Story

DATABASES = ("sqlite", "postgresql")

TELEGRAM = Channel.TELEGRAM
QUESTION = "What was your reply on T-1"


async def test_a_reply_sent_again_in_time_keeps_the_promise(desk: Story) -> None:
    await _lost(desk, Reply("Looking"))
    assert (await desk.clock("first_response")).state is State.RUNNING
    await desk.go_to(NOON + timedelta(minutes=30))
    await _sent_again(desk)
    desk.expect_message("lena", containing="Looking")
    clock = await desk.clock("first_response")
    assert (clock.state, clock.satisfied_at) == (State.MET, instant(NOON + timedelta(minutes=5)))
    await desk.fast_forward(hours=3)
    desk.expect_quiet()


async def test_a_breach_told_meanwhile_is_taken_back(desk: Story) -> None:
    await _lost(desk, Reply("Looking"))
    await desk.go_to(NOON + timedelta(minutes=70))
    desk.expect_alert("dana", containing="overdue since 13:00")
    desk.forget()
    await _sent_again(desk)
    desk.expect_message("lena", containing="Looking")
    assert (await desk.clock("first_response")).state is State.RETRACTED
    assert "arrived_after_all" in await desk.events()
    for person in ("vera", "dana"):
        desk.expect_ping(
            person, containing="the first response was in time after all; the alert of 13:00 is taken back"
        )
    await desk.fast_forward(hours=3)
    desk.expect_quiet()


async def test_a_reply_that_fails_again_answers_nothing(desk: Story) -> None:
    await _lost(desk, Reply("Looking"))
    desk.channels[TELEGRAM].fail_next(PermanentError("blocked"))
    await _sent_again(desk)
    assert (await desk.clock("first_response")).state is State.RUNNING
    desk.expect_quiet()


async def test_a_question_is_waited_for_from_when_the_client_was_asked(desk: Story) -> None:
    await _lost(desk, AskDetails("Which month?"))
    assert (await desk.ticket()).status == "open"
    desk.forget()
    await desk.go_to(NOON + timedelta(minutes=30))
    await _sent_again(desk)
    desk.expect_message("lena", containing="Which month?")
    assert (await desk.ticket()).status == "waiting_client"
    assert (await desk.clock("first_response")).state is State.MET
    await desk.receives(sender="lena", text="In March")
    assert (await desk.ticket()).status == "open"
    desk.forget()
    desk.expect_quiet()


async def test_a_promised_moment_holds_again(desk: Story) -> None:
    due_at = instant(NOON + timedelta(hours=3))
    await _lost(desk, GiveEta(due_at))
    assert (await desk.clock("eta")).state is State.CANCELLED
    await _sent_again(desk)
    desk.expect_message("lena", containing="12:00 (your time)")
    clock = await desk.clock("eta")
    assert (clock.state, clock.due_at) == (State.RUNNING, due_at)
    desk.expect_quiet()


async def test_what_the_client_said_meanwhile_is_owed_an_answer_of_its_own(desk: Story) -> None:
    await _lost(desk, Reply("Looking"))
    await desk.go_to(NOON + timedelta(minutes=20))
    await desk.receives(sender="lena", text="Is anybody there?")
    desk.forget()
    await _sent_again(desk)
    desk.expect_message("lena", containing="Looking")
    assert (await desk.clock("first_response")).state is State.MET
    owed = await desk.clock("next_response")
    assert (owed.state, owed.started_at) == (State.RUNNING, instant(NOON + timedelta(minutes=20)))
    desk.expect_quiet()


async def test_a_reply_is_what_its_author_called_it_before_it_failed(desk: Story) -> None:
    await desk.receives(sender="taras", text="Payroll failed")
    telegram = desk.channels[TELEGRAM]
    telegram.fail_next(TemporaryError("busy", retry_after=timedelta(minutes=10)))
    await desk.does("oleg", Reply("It runs again"))
    await desk.does("oleg", NameReply(ReplyKind.ANSWER))
    assert (await desk.clock("first_response")).state is State.MET
    telegram.fail_next(PermanentError("blocked"))
    await desk.fast_forward(minutes=11)
    assert (await desk.clock("first_response")).state is State.RUNNING
    desk.forget()
    await _sent_again(desk)
    desk.expect_message("taras", containing="It runs again")
    clock = await desk.clock("first_response")
    assert (clock.state, clock.satisfied_at) == (State.MET, instant(NOON))
    await desk.fast_forward(hours=3)
    desk.expect_quiet()


async def test_a_reply_that_failed_is_not_to_be_named_until_it_arrives(desk: Story) -> None:
    await _unset_and_lost(desk)
    assert QUESTION not in desk.expect_edit("oleg", containing="T-1")
    await desk.does("oleg", NameReply(ReplyKind.ANSWER))
    assert (await desk.clock("first_response")).state is State.RUNNING
    await desk.go_to(NOON + timedelta(minutes=30))
    await _sent_again(desk)
    assert QUESTION in desk.expect_edit("oleg", containing="T-1")
    await desk.does("oleg", NameReply(ReplyKind.ANSWER))
    clock = await desk.clock("first_response")
    assert (clock.state, clock.satisfied_at) == (State.MET, instant(NOON + timedelta(minutes=5)))
    desk.expect_message("taras", containing="Looking")
    desk.expect_quiet()


async def test_of_two_replies_of_no_kind_the_one_that_arrived_counts(desk: Story) -> None:
    await desk.receives(sender="taras", text="Payroll failed")
    desk.channels[TELEGRAM].fail_next(TemporaryError("busy", retry_after=timedelta(minutes=10)))
    await desk.does("oleg", Reply("Looking"))
    first = (await desk.ticket()).unset_reply_at
    await desk.go_to(NOON + timedelta(minutes=5))
    await desk.does("oleg", Reply("Restart it"))
    desk.channels[TELEGRAM].fail_next(PermanentError("blocked"))
    await desk.go_to(NOON + timedelta(minutes=15))
    ticket = await desk.ticket()
    assert (first is not None, ticket.unset_reply_at) == (True, ticket.staff_spoke_at)
    await desk.does("oleg", NameReply(ReplyKind.ANSWER))
    assert (await desk.clock("first_response")).satisfied_at == instant(NOON + timedelta(minutes=5))


async def test_whoever_has_written_something_else_since_is_not_asked_again(desk: Story) -> None:
    await _unset_and_lost(desk)
    await desk.go_to(NOON + timedelta(minutes=10))
    await desk.does("oleg", Reply("It runs again", ReplyKind.ANSWER))
    desk.forget()
    await _sent_again(desk)
    desk.expect_message("taras", containing="Looking")
    assert (await desk.ticket()).unset_reply_at is None


async def _unset_and_lost(desk: Story) -> None:
    """Where only an answer counts, Oleg's words of no kind do not arrive, and he hears of it."""
    await desk.receives(sender="taras", text="Payroll failed")
    await desk.go_to(NOON + timedelta(minutes=5))
    desk.forget()
    desk.channels[TELEGRAM].fail_next(PermanentError("blocked"))
    await desk.does("oleg", Reply("Looking"))
    desk.expect_alert("oleg", containing="did not reach Globex: blocked")


async def _lost(desk: Story, command: Command) -> None:
    """Five minutes after the client wrote, Vera's words do not arrive, and she hears of it."""
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.go_to(NOON + timedelta(minutes=5))
    desk.forget()
    desk.channels[TELEGRAM].fail_next(PermanentError("blocked"))
    await desk.does("vera", command)
    desk.expect_alert("vera", containing="did not reach Acme: blocked")


async def _sent_again(desk: Story) -> None:
    """An admin: `maitred outbox retry`."""
    rows = [row.id for row in await desk.outbox("failed")]
    assert len(rows) == 1
    now = desk.time.at
    await desk.database.write(lambda conn: outbox.retry(conn, rows, now=now))
    await desk.settle()

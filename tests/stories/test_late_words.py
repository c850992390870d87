"""Words come after words that were said later, as after a gap: promises count from when they were said."""

from datetime import timedelta

from adapters.errors import TemporaryError
from bot.tickets.command import AskDetails, Reply, Resolve
from bot.tickets.texts import Texts
from bot.tickets.ticket import Status
from bot.web.history import history
from sla.clock import State
from sla.duration import instant
from sla.refold import mismatch
from tests.harness import NOON, Story

DATABASES = ("sqlite", "postgresql")
MINUTE = timedelta(minutes=1)


async def heard_late(desk: Story, text: str, minutes: float, name: str | None = None) -> None:
    """The client's words of so many minutes after noon, which come now."""
    await desk.receives(sender="lena", text=text, at=NOON + minutes * MINUTE, external_id=name)


async def kept(desk: Story, number: int = 1) -> list[tuple[str, float, float | None, str]]:
    """The promises of a ticket, each in minutes after noon; what an auditor would say of it is said here."""
    facts = (await desk.page(number)).facts
    noon = instant(NOON)
    for clock in facts.clocks:
        assert clock.ended_at is not None or not mismatch(clock, facts.calendars[clock.calendar or ""])
    return [
        (one.metric, (one.started_at - noon) / 60_000, (one.due_at - noon) / 60_000 if one.due_at else None, one.state)
        for one in facts.clocks
        if one.metric != "pick_up"
    ]


async def test_the_first_response_counts_from_what_was_said_first(desk: Story) -> None:
    await desk.receives(sender="lena", text="Anybody there?")
    desk.forget()
    await heard_late(desk, "Payroll stands still", -9)
    desk.expect_ping("vera", containing="Lena wrote on T-1")
    ticket = await desk.ticket()
    assert ticket.opened_at == instant(NOON - 9 * MINUTE)
    assert ticket.client_spoke_at == instant(NOON)
    assert await kept(desk) == [("first_response", -9, 51, "running")]
    assert ticket.next_due == instant(NOON + 51 * MINUTE)
    assert [line.text for line in await desk.lines() if line.direction == "in"] == [
        "Anybody there?",
        "Payroll stands still",
    ]
    said = " ".join(one.what for one in history(await desk.page(), Texts("en", "UTC", {})))
    assert "Lena had written before what was heard first: the first response counts from 08:51" in said
    assert not await desk.is_there(2)
    desk.expect_quiet()
    await desk.fast_forward(minutes=52)
    desk.expect_ping("vera", containing="12 min left")
    desk.expect_ping("vera", containing="Last call")
    desk.expect_alert("dana", containing="Last call")
    desk.expect_ping("vera", containing="overdue since 12:51")
    desk.expect_alert("dana", containing="overdue since 12:51")
    await desk.fast_forward(hours=3)
    desk.expect_quiet()


async def test_the_same_words_twice_change_nothing_the_second_time(desk: Story) -> None:
    await desk.receives(sender="lena", text="Anybody there?")
    for name in ("lost", "lost"):
        await heard_late(desk, "Payroll stands still", -9, name)
        await desk.dies()
    before = await kept(desk)
    await heard_late(desk, "Payroll stands still", -9, "by another name")
    assert await kept(desk) == before == [("first_response", -9, 51, "running")]
    assert (await desk.events()).count("began_earlier") == 1
    desk.forget()
    await desk.settle()
    desk.expect_quiet()


async def test_many_words_of_an_outage_are_one_promise_and_one_ping(desk: Story) -> None:
    await desk.receives(sender="lena", text="Anybody there?")
    desk.forget()
    for minute in range(-10, 0):
        await heard_late(desk, f"line {minute}", minute)
    desk.expect_ping("vera", containing="line -10")
    assert await kept(desk) == [("first_response", -10, 50, "running")]
    assert len([line for line in await desk.lines() if line.direction == "in"]) == 11
    desk.forget()
    await desk.settle()
    desk.expect_quiet()


async def test_whatever_order_they_come_in_it_is_the_first_that_counts(desk: Story) -> None:
    await desk.receives(sender="lena", text="Anybody there?")
    for minute in (-3, -9, -6):
        await heard_late(desk, f"line {minute}", minute)
    assert await kept(desk) == [("first_response", -9, 51, "running")]
    desk.forget()
    desk.expect_quiet()


async def test_what_is_overdue_by_that_is_told_once_and_says_when_it_broke(desk: Story) -> None:
    await desk.receives(sender="lena", text="Anybody there?")
    await desk.fast_forward(minutes=20)
    desk.forget()
    await heard_late(desk, "Payroll stands still", -45)
    desk.expect_ping("vera", containing="Lena wrote on T-1")
    desk.expect_ping("vera", containing="overdue since 12:15, noticed 12:20")
    desk.expect_alert("dana", containing="overdue since 12:15, noticed 12:20")
    desk.expect_quiet()
    assert await kept(desk) == [("first_response", -45, 15, "breached")]
    assert (await desk.events()).count("breached") == 1
    await desk.fast_forward(hours=2)
    desk.expect_quiet()


async def test_a_promise_that_broke_broke_earlier_and_is_told_of_no_second_time(desk: Story) -> None:
    await desk.receives(sender="lena", text="Anybody there?")
    await desk.fast_forward(minutes=62)
    desk.forget()
    await heard_late(desk, "Payroll stands still", -9)
    desk.expect_ping("vera", containing="Lena wrote on T-1")
    assert await kept(desk) == [("first_response", -9, 51, "breached")]
    clock = await desk.clock("first_response")
    assert clock.breached_at == clock.due_at
    ladder = (await desk.ticket()).ladder
    assert ladder is not None
    assert (ladder.started_at, ladder.broken_at) == (clock.started_at, clock.breached_at)
    assert (await desk.events()).count("breached") == 1
    await desk.fast_forward(hours=5)
    desk.expect_quiet()


async def test_an_alert_that_waits_to_leave_is_still_so(desk: Story) -> None:
    await desk.receives(sender="lena", text="Anybody there?")
    desk.forget()
    await desk.fast_forward(minutes=59)
    desk.forget()
    desk.own.fail_next(TemporaryError("down", retry_after=MINUTE / 3), times=2)
    await desk.fast_forward(seconds=65)
    desk.expect_quiet()
    await heard_late(desk, "Payroll stands still", -9)
    await desk.fast_forward(minutes=2)
    desk.expect_ping("vera", containing="Payroll stands still")
    desk.expect_ping("vera", containing="first response is overdue")
    desk.expect_alert("dana", containing="first response is overdue")
    await desk.fast_forward(hours=5)
    desk.expect_quiet()


async def test_the_next_response_counts_from_the_oldest_words_without_an_answer(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.fast_forward(minutes=10)
    await desk.does("vera", Reply("Mended"))
    await desk.fast_forward(minutes=20)
    await desk.receives(sender="lena", text="Hello?")
    desk.forget()
    await heard_late(desk, "It failed again", 21)
    desk.expect_ping("vera", containing="It failed again")
    assert (await kept(desk))[1:] == [("next_response", 21, 81, "running")]
    await heard_late(desk, "Before you answered", 4)
    assert [one[:3] for one in await kept(desk)] == [("first_response", 0, 60), ("next_response", 21, 81)]
    desk.expect_quiet()


async def test_a_promise_that_was_kept_stays_kept(desk: Story) -> None:
    await desk.receives(sender="lena", text="Anybody there?")
    await desk.fast_forward(minutes=5)
    await desk.does("vera", Reply("I am"))
    desk.forget()
    await heard_late(desk, "Payroll stands still", -9)
    clock = await desk.clock("first_response")
    assert clock.state is State.MET
    assert not [one for one in await kept(desk) if one[0] == "next_response"]
    desk.expect_ping("vera", containing="Payroll stands still")
    desk.expect_quiet()


async def test_more_urgent_words_of_earlier_leave_time_from_when_they_are_heard(desk: Story) -> None:
    await desk.receives(sender="lena", text="Anybody there?")
    desk.forget()
    await heard_late(desk, "Payroll is down", -9)
    assert await kept(desk) == [("first_response", -9, 15, "running")]
    desk.forget()
    await desk.settle()
    desk.expect_quiet()


async def test_what_was_said_before_we_asked_is_no_answer_to_it(desk: Story) -> None:
    await desk.receives(sender="taras", text="The import hangs")
    await desk.fast_forward(minutes=5)
    await desk.does("oleg", AskDetails("Which file?"))
    await desk.fast_forward(minutes=5)
    desk.forget()
    await desk.receives(sender="taras", text="Hello?", at=NOON + 3 * MINUTE)
    assert (await desk.ticket()).status is Status.WAITING_CLIENT
    assert (await desk.clock("first_response")).state is State.PAUSED
    desk.expect_ping("oleg", containing="Hello?")
    await desk.receives(sender="taras", text="March.csv")
    assert (await desk.ticket()).status is Status.OPEN
    assert (await desk.clock("first_response")).state is State.RUNNING
    desk.expect_ping("oleg", containing="March.csv")
    desk.expect_quiet()


async def test_words_that_a_resolution_overlooked_are_owed_an_answer_from_then_on(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.fast_forward(minutes=5)
    await desk.does("vera", Resolve("Mended"))
    await desk.fast_forward(minutes=5)
    desk.forget()
    await heard_late(desk, "And so did the export", 3)
    ticket = await desk.ticket()
    assert (ticket.status, ticket.client_spoke_at) == (Status.OPEN, instant(NOON + 3 * MINUTE))
    assert (await kept(desk))[1:] == [("next_response", 5, 65, "running")]
    desk.expect_ping("vera", containing="And so did the export")
    desk.expect_message("lena", containing="T-1")
    desk.expect_quiet()

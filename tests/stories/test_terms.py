"""One ticket is owed otherwise than its policy says: not covered by the agreement, or as agreed with the client."""

from datetime import datetime, timedelta

import pytest

from adapters.message import Channel
from bot.tickets.command import (
    Agree,
    AskDetails,
    Command,
    Covered,
    GiveEta,
    Merge,
    NotCovered,
    Reply,
    Resolve,
    SetUrgency,
)
from bot.tickets.ticket import TicketId
from sla.clock import State
from sla.duration import BusinessDays, Within, instant
from sla.explain import explain
from sla.policy import Metric
from sla.promise import ReplyKind, calendar_of
from tests.builders import story_desk
from tests.harness import NOON, Story
from tests.stories.conftest import MakeStory

DATABASES = ("sqlite", "postgresql")

CLAUSE = "6.2, software of others"
LEFT_OUT = NotCovered(CLAUSE)


async def opened(desk: Story, sender: str = "lena") -> None:
    await desk.receives(sender=sender, text="Payroll failed")
    await desk.fast_forward(minutes=10)
    desk.forget()


async def test_the_client_is_told_with_the_clause_and_nothing_is_promised_any_more(desk: Story) -> None:
    await opened(desk)
    assert not (await desk.does("vera", LEFT_OUT)).is_refused
    desk.expect_message("lena", containing=f"your support agreement does not cover it: {CLAUSE}.")
    ticket, clock = await desk.ticket(), await desk.clock("first_response")
    assert (ticket.status, ticket.not_covered, ticket.next_due) == ("open", CLAUSE, None)
    assert (clock.state, clock.end_reason) == (State.CANCELLED, f"not covered: {CLAUSE}")
    assert f"Not covered by the agreement: {CLAUSE}" in desk.expect_edit("vera", containing="T-1")
    await desk.fast_forward(hours=5)
    desk.expect_quiet()


async def test_what_the_client_still_writes_is_heard_and_starts_no_clock(desk: Story) -> None:
    await opened(desk)
    await desk.does("vera", LEFT_OUT)
    desk.forget()
    await desk.receives(sender="lena", text="We see it differently")
    desk.expect_ping("vera", containing="Lena wrote on T-1")
    await desk.does("vera", Reply("I ask the lead"))
    desk.expect_message("lena", containing="I ask the lead")
    await desk.receives(sender="lena", text="Please do, it matters")
    desk.forget()
    assert [one.state for one in (await desk.page()).facts.clocks] == [State.CANCELLED]
    await desk.fast_forward(hours=20)
    desk.expect_quiet()


async def test_nor_does_it_when_it_comes_back(desk: Story) -> None:
    await opened(desk)
    await desk.does("vera", LEFT_OUT)
    await desk.does("vera", Resolve("Sorry"))
    await desk.receives(sender="lena", text="Once more, please")
    desk.forget()
    assert (await desk.ticket()).status == "open"
    assert [one.state for one in (await desk.page()).facts.clocks] == [State.CANCELLED]
    await desk.fast_forward(hours=5)
    desk.expect_quiet()


async def test_nor_does_what_is_merged_into_it(desk: Story) -> None:
    await opened(desk)
    await desk.does("vera", LEFT_OUT)
    await desk.receives(Channel.EMAIL, sender="lena", text="Payroll, again")
    await desk.does("vera", Merge(TicketId(1)), ticket=2)
    desk.forget()
    assert [one.state for one in (await desk.page()).facts.clocks] == [State.CANCELLED]
    await desk.fast_forward(hours=5)
    desk.expect_quiet()


async def test_a_moment_that_is_promised_all_the_same_counts(desk: Story) -> None:
    await opened(desk)
    await desk.does("vera", LEFT_OUT)
    await desk.does("vera", GiveEta(instant(NOON + timedelta(hours=3))))
    assert (await desk.clock("eta")).state is State.RUNNING


async def test_a_promise_that_was_broken_before_stays_broken_and_nobody_is_told_further(desk: Story) -> None:
    await opened(desk)
    await desk.fast_forward(minutes=65)
    desk.forget()
    await desk.does("vera", LEFT_OUT)
    desk.expect_message("lena", containing=CLAUSE)
    clock = await desk.clock("first_response")
    assert (clock.state, clock.breached_at) == (State.CANCELLED, instant(NOON + timedelta(hours=1)))
    await desk.fast_forward(hours=5)
    desk.expect_quiet()


async def test_the_client_reads_it_in_their_own_language(desk: Story) -> None:
    await opened(desk, "taras")
    await desk.does("oleg", LEFT_OUT)
    desk.expect_message("taras", containing=f"угода про підтримку його не охоплює: {CLAUSE}.")


async def test_the_same_clause_twice_is_said_once_and_another_one_again(desk: Story) -> None:
    await opened(desk)
    await desk.does("vera", LEFT_OUT)
    desk.forget()
    await desk.does("vera", NotCovered(f" {CLAUSE} "))
    desk.expect_quiet()
    await desk.does("vera", NotCovered("7.1, changes by others"))
    desk.expect_message("lena", containing="7.1, changes by others")
    assert (await desk.ticket()).not_covered == "7.1, changes by others"
    desk.expect_quiet()


async def test_by_a_button_with_its_form(desk: Story) -> None:
    await opened(desk)
    slack = desk.channels[Channel.SLACK]
    asked = await slack.command("T1/U1", "ticket.not_covered", "T-1")
    assert asked.form is not None
    assert [one.name for one in asked.form.inputs] == ["clause"]
    answer = await slack.command("T1/U1", "ticket.not_covered", "T-1", fields={"clause": CLAUSE})
    assert not answer.is_refused
    await desk.settle()
    desk.expect_message("lena", containing=CLAUSE)
    desk.expect_quiet()


async def test_taken_back_it_is_promised_from_then_on_and_the_client_is_told(desk: Story) -> None:
    await opened(desk)
    await desk.does("vera", LEFT_OUT)
    await desk.fast_forward(hours=1)
    desk.forget()
    assert not (await desk.does("vera", Covered())).is_refused
    desk.expect_message("lena", containing="covers it after all. We answer by 11:10.")
    ticket, clock = await desk.ticket(), await desk.clock("next_response")
    assert (ticket.not_covered, ticket.next_due) == (None, clock.due_at)
    assert clock.due_at == instant(NOON + timedelta(hours=2, minutes=10))
    assert "Not covered by" not in desk.expect_edit("vera", containing="T-1")
    assert (await desk.events())[-1] == "covered"
    await desk.does("vera", Covered())
    desk.expect_quiet()


async def test_taken_back_after_our_answer_nothing_is_owed_until_the_client_writes(desk: Story) -> None:
    await opened(desk)
    await desk.does("vera", LEFT_OUT)
    await desk.does("vera", Reply("We help all the same"))
    desk.forget()
    await desk.does("vera", Covered())
    desk.expect_message("lena", containing="Our response times apply from now on.")
    assert (await desk.ticket()).next_due is None
    await desk.receives(sender="lena", text="Thank you, and the export?")
    clock = await desk.clock("next_response")
    assert (clock.due_at, clock.started_at > instant(NOON)) == (clock.started_at + 3_600_000, True)


async def test_the_card_has_a_button_for_either(desk: Story) -> None:
    await opened(desk)
    await desk.presses("vera", "Not covered", clause=CLAUSE)
    desk.expect_message("lena", containing=CLAUSE)
    assert "[Covered after all]" in desk.expect_edit("vera", containing="T-1")
    await desk.presses("vera", "Covered after all")
    desk.expect_message("lena", containing="covers it after all")
    assert "[Not covered]" in desk.expect_edit("vera", containing="T-1")
    desk.expect_quiet()


@pytest.mark.parametrize(
    ("metric", "within", "due"),
    [
        pytest.param(Metric.FIRST_RESPONSE, timedelta(hours=3), NOON + timedelta(hours=3), id="longer"),
        pytest.param(Metric.FIRST_RESPONSE, timedelta(minutes=40), NOON + timedelta(minutes=40), id="shorter"),
        pytest.param(
            Metric.FIRST_RESPONSE, timedelta(minutes=5), NOON + timedelta(minutes=15), id="shorter than what has passed"
        ),
        pytest.param(Metric.FIRST_RESPONSE, BusinessDays(1), NOON + timedelta(days=1), id="a working day"),
        pytest.param(Metric.RESOLUTION, timedelta(hours=4), NOON + timedelta(hours=4, minutes=10), id="from now on"),
    ],
)
async def test_what_was_agreed_counts(desk: Story, metric: Metric, within: Within, due: datetime) -> None:
    await opened(desk)
    assert not (await desk.does("vera", Agree(metric, within))).is_refused
    assert (await desk.clock(metric)).due_at == instant(due)
    assert "agreed" in await desk.events()


async def test_what_is_agreed_while_we_wait_counts_from_when_the_client_has_written(desk: Story) -> None:
    await opened(desk)
    await desk.does("vera", AskDetails("Which month?"))
    await desk.does("vera", Agree(Metric.RESOLUTION, timedelta(hours=4)))
    assert (await desk.clock("resolution")).state is State.PAUSED
    await desk.go_to(NOON + timedelta(hours=1))
    await desk.receives(sender="lena", text="March")
    assert (await desk.clock("resolution")).due_at == instant(NOON + timedelta(hours=5))


async def test_who_agreed_on_it_and_when_is_explained(desk: Story) -> None:
    await opened(desk)
    await desk.does("vera", Agree(Metric.FIRST_RESPONSE, timedelta(hours=3)))
    facts = (await desk.page()).facts
    clock = await desk.clock("first_response")
    told = explain(clock, facts.pinned.policies["premium"], calendar_of(clock, facts.calendars)).lines()
    assert "clause: agreed with the client on 2026-03-03 by Vera Kova" in told
    assert "agreed for this ticket alone, in place of what its policy promises" in told


async def test_no_later_change_takes_it_back(desk: Story) -> None:
    await opened(desk)
    await desk.does("vera", Agree(Metric.FIRST_RESPONSE, timedelta(hours=3)))
    await desk.does("vera", SetUrgency("critical"))
    assert (await desk.clock("first_response")).due_at == instant(NOON + timedelta(hours=3))
    desk.forget()
    await desk.go_to(NOON + timedelta(minutes=181))
    desk.expect_alert("dana", containing="T-1 (Acme): first response is overdue")


async def test_a_broken_promise_stays_broken_whatever_is_agreed_afterwards(desk: Story) -> None:
    await opened(desk)
    await desk.fast_forward(minutes=65)
    desk.forget()
    await desk.does("vera", Agree(Metric.FIRST_RESPONSE, timedelta(hours=3)))
    clock = await desk.clock("first_response")
    assert (clock.state, clock.due_at) == (State.BREACHED, instant(NOON + timedelta(hours=1)))
    desk.expect_quiet()


async def test_in_real_time_where_the_promise_was(make_desk: MakeStory) -> None:
    wall = 'first_response = { within = "1h", unit = "wall", quote = "within 1 hour" }'
    desk = await make_desk(story_desk(('first_response = { within = "1h", quote = "within 1 hour" }', wall)))
    await opened(desk)
    await desk.does("vera", Agree(Metric.FIRST_RESPONSE, timedelta(hours=12)))
    assert (await desk.clock("first_response")).due_at == instant(NOON + timedelta(hours=12))


async def test_pressed_twice_it_is_agreed_once(desk: Story) -> None:
    await opened(desk)
    command = Agree(Metric.FIRST_RESPONSE, timedelta(hours=3))
    first = await desk.does("vera", command, key="agree")
    await desk.dies()
    assert await desk.does("vera", command, key="agree") == first
    assert (await desk.events()).count("agreed") == 1
    desk.expect_quiet()


@pytest.mark.parametrize(
    ("command", "person", "why"),
    [
        pytest.param(NotCovered("  "), "vera", "Name the clause", id="no clause"),
        pytest.param(LEFT_OUT, "ines", "Only", id="left out by somebody who may not"),
        pytest.param(Agree(Metric.ETA, timedelta(hours=1)), "vera", "not agreed on like this", id="an ETA"),
        pytest.param(
            Agree(Metric.FIRST_RESPONSE, timedelta(days=4_000)), "vera", "a year at most", id="more than a year"
        ),
        pytest.param(Agree(Metric.FIRST_RESPONSE, BusinessDays(400)), "vera", "a year at most", id="so many days"),
        pytest.param(Agree(Metric.FIRST_RESPONSE, timedelta(hours=1)), "ines", "Only", id="by somebody who may not"),
    ],
)
async def test_refused_and_nothing_changes(desk: Story, command: Command, person: str, why: str) -> None:
    await opened(desk)
    before = await desk.page()
    answer = await desk.does(person, command)
    after = await desk.page()
    assert (answer.is_refused, why in answer.text) == (True, True)
    assert (after.ticket, after.facts.clocks) == (before.ticket, before.facts.clocks)
    desk.expect_quiet()


async def test_a_reply_after_it_keeps_what_was_agreed(desk: Story) -> None:
    await opened(desk)
    await desk.does("vera", Agree(Metric.FIRST_RESPONSE, timedelta(hours=3)))
    await desk.go_to(NOON + timedelta(hours=2))
    await desk.does("vera", Reply("Here", ReplyKind.ANSWER))
    assert (await desk.clock("first_response")).state is State.MET

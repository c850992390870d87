"""A length that was agreed for one ticket: it holds for the promises of the kind that begin later, and for no other."""

from datetime import timedelta

import pytest

from adapters.message import Channel
from bot.tickets.command import Agree, Command, HandOver, Merge, Reply, Resolve, SetUrgency, Split, Unmerge
from bot.tickets.ticket import TicketId
from routing.people import PersonId
from sla.duration import instant
from sla.explain import explain
from sla.policy import Metric
from sla.promise import ReplyKind, calendar_of
from tests.harness import NOON, Story

DATABASES = ("sqlite", "postgresql")

ANSWER = Reply("It runs again", ReplyKind.ANSWER)
FOUR_HOURS = Agree(Metric.NEXT_RESPONSE, timedelta(hours=4))


async def answered(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", ANSWER)
    desk.forget()


async def test_an_answer_that_nobody_waits_for_yet_is_owed_as_agreed_whenever_it_is(desk: Story) -> None:
    await answered(desk)
    assert not (await desk.does("vera", FOUR_HOURS)).is_refused
    assert (await desk.ticket()).next_due is None
    for hours in (1, 2):
        await desk.go_to(NOON + timedelta(hours=hours))
        await desk.receives(sender="lena", text="And now it fails again")
        clock = await desk.clock("next_response")
        assert (clock.started_at, clock.due_at) == (
            instant(NOON + timedelta(hours=hours)),
            instant(NOON + timedelta(hours=hours + 4)),
        )
        await desk.does("vera", ANSWER)
    desk.forget()
    await desk.fast_forward(hours=5)
    desk.expect_quiet()


async def test_so_is_the_next_one_after_the_one_that_ran(desk: Story) -> None:
    await answered(desk)
    await desk.receives(sender="lena", text="And the export?")
    await desk.does("vera", FOUR_HOURS)
    await desk.does("vera", ANSWER)
    await desk.go_to(NOON + timedelta(hours=1))
    await desk.receives(sender="lena", text="Still not there")
    facts = (await desk.page()).facts
    clock = await desk.clock("next_response")
    told = explain(clock, facts.pinned.policies["premium"], calendar_of(clock, facts.calendars)).lines()
    assert clock.due_at == instant(NOON + timedelta(hours=5))
    assert "clause: agreed with the client on 2026-03-03 by Vera Kova" in told
    desk.forget()
    await desk.go_to(NOON + timedelta(hours=2, minutes=30))
    desk.expect_quiet()


@pytest.mark.parametrize(
    "change",
    [pytest.param(SetUrgency("critical"), id="urgency"), pytest.param(HandOver(PersonId("oleg")), id="hands")],
)
async def test_no_change_of_the_ticket_takes_it_back(desk: Story, change: Command) -> None:
    await answered(desk)
    await desk.does("vera", FOUR_HOURS)
    await desk.does("vera", change)
    await desk.go_to(NOON + timedelta(minutes=30))
    await desk.receives(sender="lena", text="And now it fails again")
    assert (await desk.clock("next_response")).due_at == instant(NOON + timedelta(hours=4, minutes=30))


async def test_nor_does_a_reopening(desk: Story) -> None:
    await answered(desk)
    await desk.does("vera", FOUR_HOURS)
    await desk.does("vera", Resolve("Done"))
    await desk.go_to(NOON + timedelta(hours=1))
    await desk.receives(sender="lena", text="It is not done, sorry")
    assert (await desk.ticket()).next_due == instant(NOON + timedelta(hours=5))


async def test_what_is_agreed_anew_counts_from_then_on(desk: Story) -> None:
    await answered(desk)
    await desk.does("vera", FOUR_HOURS)
    await desk.does("vera", Agree(Metric.NEXT_RESPONSE, timedelta(hours=2)))
    await desk.go_to(NOON + timedelta(minutes=30))
    await desk.receives(sender="lena", text="And now it fails again")
    assert (await desk.clock("next_response")).due_at == instant(NOON + timedelta(hours=2, minutes=30))


async def test_another_ticket_of_the_client_is_owed_what_it_was(desk: Story) -> None:
    await answered(desk)
    await desk.does("vera", FOUR_HOURS)
    await desk.go_to(NOON + timedelta(minutes=30))
    await desk.receives(Channel.EMAIL, sender="lena", text="Something else")
    assert (await desk.clock("first_response", 2)).due_at == instant(NOON + timedelta(hours=1, minutes=30))
    assert (await desk.ticket(2)).agreed == ()


async def test_what_is_split_off_is_another_matter(desk: Story) -> None:
    await answered(desk)
    await desk.does("vera", FOUR_HOURS)
    await desk.go_to(NOON + timedelta(minutes=30))
    await desk.receives(sender="lena", text="An invoice is wrong, too")
    line = (await desk.lines())[-1]
    await desk.does("vera", Split(line.id))
    fresh = await desk.ticket(2)
    assert (fresh.agreed, fresh.next_due) == ((), instant(NOON + timedelta(hours=1, minutes=30)))
    assert len((await desk.ticket(1)).agreed) == 1


async def test_it_goes_with_a_ticket_that_is_merged_and_comes_back_with_it(desk: Story) -> None:
    await answered(desk)
    await desk.receives(Channel.EMAIL, sender="lena", text="Payroll failed, by mail")
    await desk.does("vera", ANSWER, ticket=2)
    await desk.does("vera", FOUR_HOURS, ticket=2)
    await desk.does("vera", Merge(TicketId(1)), ticket=2)
    await desk.go_to(NOON + timedelta(hours=1))
    await desk.receives(sender="lena", text="And now it fails again")
    assert (await desk.clock("next_response")).due_at == instant(NOON + timedelta(hours=5))
    await desk.does("vera", ANSWER)
    await desk.does("vera", Unmerge(), ticket=2)
    assert ((await desk.ticket(1)).agreed, len((await desk.ticket(2)).agreed)) == ((), 1)
    await desk.go_to(NOON + timedelta(hours=2))
    await desk.receives(sender="lena", text="Once more, sadly")
    assert (await desk.clock("next_response")).due_at == instant(NOON + timedelta(hours=3))


async def test_a_first_answer_that_was_given_cannot_be_agreed_on(desk: Story) -> None:
    await answered(desk)
    answer = await desk.does("vera", Agree(Metric.FIRST_RESPONSE, timedelta(hours=4)))
    assert (answer.is_refused, "Nothing of this kind is owed" in answer.text) == (True, True)
    assert (await desk.ticket()).agreed == ()


async def test_pressed_twice_and_killed_in_between_it_is_agreed_once(desk: Story) -> None:
    await answered(desk)
    await desk.does("vera", FOUR_HOURS, key="agree")
    await desk.dies()
    await desk.does("vera", FOUR_HOURS, key="agree")
    assert (len((await desk.ticket()).agreed), (await desk.events()).count("agreed")) == (1, 1)
    desk.expect_quiet()

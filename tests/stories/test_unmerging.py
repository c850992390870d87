"""Two tickets were merged and are two pieces of work after all: each has its own words and promises again."""

import asyncio
from datetime import timedelta

from adapters.message import Channel
from bot.desk.desk import Desk
from bot.now import Timekeeper
from bot.store.driver.engine import open_database
from bot.store.facts import load_of
from bot.tickets.command import AddNote, Merge, NotCovered, Reply, Resolve, SetUrgency, Unmerge
from bot.tickets.ticket import Status, TicketId
from routing.people import PersonId
from sla.clock import State
from sla.duration import instant
from tests.harness import NOON, Story

DATABASES = ("sqlite", "postgresql")

EMAIL = Channel.EMAIL
INTO_FIRST = Merge(TicketId(1))
TOLD = "We go on with T-2 as a ticket of its own again, apart from T-1."


async def merged(desk: Story) -> None:
    """Lena writes on Telegram, ten minutes later by mail; Vera merges the second into the first."""
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.go_to(NOON + timedelta(minutes=10))
    await desk.receives(EMAIL, sender="lena", text="The invoice is wrong")
    await desk.does("vera", AddNote("Ask accounting"), ticket=2)
    await desk.does("vera", INTO_FIRST, ticket=2)
    desk.forget()


async def said(desk: Story, number: int) -> list[str]:
    return [line.text for line in await desk.lines(number) if line.direction == "in"]


async def test_each_has_its_own_words_notes_and_promises_again(desk: Story) -> None:
    await merged(desk)
    await desk.fast_forward(minutes=5)
    assert not (await desk.does("vera", Unmerge(), ticket=2)).is_refused
    desk.expect_message("lena", EMAIL, containing=TOLD)
    assert (await said(desk, 1), await said(desk, 2)) == (["Payroll failed"], ["The invoice is wrong"])
    assert [note.text for note in (await desk.page(2)).notes] == ["Ask accounting"]
    back = await desk.ticket(2)
    assert (back.status, back.merged_into, back.assignee) == (Status.NEW, None, "vera")
    first, second = await desk.clock("first_response", 1), await desk.clock("first_response", 2)
    assert (first.state, first.due_at) == (State.RUNNING, instant(NOON + timedelta(hours=1)))
    assert (second.state, second.due_at) == (State.RUNNING, instant(NOON + timedelta(minutes=70)))
    assert await desk.database.read(load_of) == {"vera": 2}
    assert ("parted" in await desk.events(1), "unmerged" in await desk.events(2)) == (True, True)
    desk.expect_quiet()


async def test_what_the_agreement_leaves_out_is_left_out_when_it_stands_alone_again(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.receives(EMAIL, sender="lena", text="The invoice is wrong")
    await desk.does("vera", NotCovered("6.2, software of others"), ticket=2)
    await desk.does("vera", INTO_FIRST, ticket=2)
    await desk.does("vera", Reply("Payroll is fixed"))
    desk.forget()
    await desk.does("vera", Unmerge(), ticket=2)
    desk.expect_message("lena", EMAIL, containing=TOLD)
    page = await desk.page(2)
    assert page.ticket.not_covered == "6.2, software of others"
    assert {one.state for one in page.facts.clocks} <= {State.CANCELLED}
    await desk.fast_forward(minutes=90)
    desk.expect_quiet()


async def test_an_answer_given_while_they_were_one_counts_where_it_was_said(desk: Story) -> None:
    await merged(desk)
    await desk.does("vera", Reply("Payroll is fixed"))
    desk.forget()
    await desk.does("vera", Unmerge(), ticket=2)
    desk.expect_message("lena", EMAIL, containing=TOLD)
    assert (await desk.clock("first_response", 1)).state is State.MET
    assert (await desk.clock("first_response", 2)).due_at == instant(NOON + timedelta(minutes=70))
    await desk.go_to(NOON + timedelta(minutes=71))
    desk.expect_ping("vera", containing="T-2 (Acme): 12 min left")
    desk.expect_ping("vera", containing="Last call for T-2")
    desk.expect_ping("vera", containing="T-2 (Acme): first response is overdue")
    desk.expect_alert("dana", containing="Last call for T-2")
    desk.expect_alert("dana", containing="T-2 (Acme): first response is overdue")
    desk.expect_quiet()


async def test_what_was_said_since_in_its_own_place_goes_along(desk: Story) -> None:
    await merged(desk)
    await desk.receives(EMAIL, sender="lena", text="The invoice of May, I mean")
    await desk.receives(sender="lena", text="Payroll of May as well")
    assert len(await said(desk, 1)) == 4
    await desk.does("vera", Unmerge(), ticket=2)
    assert await said(desk, 1) == ["Payroll failed", "Payroll of May as well"]
    assert await said(desk, 2) == ["The invoice is wrong", "The invoice of May, I mean"]
    await desk.receives(EMAIL, sender="lena", text="Hello?")
    assert (await said(desk, 2))[-1] == "Hello?"


async def test_where_both_are_in_one_place_what_came_since_stays(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.receives(sender="lena", text="/new The invoice is wrong")
    await desk.does("vera", INTO_FIRST, ticket=2)
    await desk.receives(sender="lena", text="Any news?")
    await desk.does("vera", Unmerge(), ticket=2)
    assert await said(desk, 1) == ["Payroll failed", "Any news?"]
    assert await said(desk, 2) == ["The invoice is wrong"]


async def test_a_resolved_one_stays_resolved_and_the_other_is_open_again(desk: Story) -> None:
    await merged(desk)
    await desk.does("vera", Resolve("Both fixed"))
    desk.forget()
    await desk.does("vera", Unmerge(), ticket=2)
    assert ((await desk.ticket(1)).status, (await desk.ticket(2)).status) == (Status.RESOLVED, Status.NEW)
    desk.expect_message("lena", EMAIL, containing=TOLD)
    desk.expect_quiet()


async def test_merged_further_it_comes_out_of_where_the_work_is(desk: Story) -> None:
    await merged(desk)
    await desk.receives(Channel.INAPP, sender="lena", text="A third thing")
    await desk.does("vera", Merge(TicketId(3)), ticket=1)
    assert len(await said(desk, 3)) == 3
    await desk.does("vera", Unmerge(), ticket=2)
    assert (await said(desk, 2), len(await said(desk, 3))) == (["The invoice is wrong"], 2)
    await desk.does("vera", Unmerge(), ticket=1)
    assert (await said(desk, 1), await said(desk, 3)) == (["Payroll failed"], ["A third thing"])


async def test_by_the_button_on_its_card_and_twice_it_is_done_once(desk: Story) -> None:
    await merged(desk)
    assert not (await desk.presses("vera", "ticket.unmerge")).is_refused
    desk.expect_message("lena", EMAIL, containing=TOLD)
    again = await desk.does("vera", Unmerge(), ticket=2, key="again")
    assert again.text == "T-2 is not merged into another ticket."
    assert (await desk.events(2)).count("unmerged") == 1
    await desk.does("vera", INTO_FIRST, ticket=2, key="merge again")
    desk.expect_message("lena", EMAIL, containing="we go on with both as T-1")
    await desk.does("vera", Unmerge(), ticket=2, key="and apart again")
    assert (await said(desk, 1), await said(desk, 2)) == (["Payroll failed"], ["The invoice is wrong"])


async def merged_loudly(desk: Story) -> None:
    """What is merged into the first is critical, and so the first is."""
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.go_to(NOON + timedelta(minutes=5))
    await desk.receives(EMAIL, sender="lena", text="The shop is down")
    await desk.does("vera", INTO_FIRST, ticket=2)
    assert (await desk.ticket(1)).urgency == "critical"
    desk.forget()


async def test_what_was_urgent_goes_and_takes_its_urgency_along(desk: Story) -> None:
    await merged_loudly(desk)
    await desk.does("vera", Unmerge(), ticket=2)
    left, back = await desk.ticket(1), await desk.ticket(2)
    assert (left.urgency, left.judged, back.urgency) == ("medium", "", "critical")
    assert (await desk.clock("first_response", 1)).due_at == instant(NOON + timedelta(hours=1))
    assert (await desk.clock("first_response", 2)).due_at == instant(NOON + timedelta(minutes=20))
    assert (await desk.events(1))[-1] == "urgency_set"


async def test_what_was_said_of_its_urgency_since_holds(desk: Story) -> None:
    await merged_loudly(desk)
    await desk.does("vera", SetUrgency("high"))
    await desk.does("vera", Unmerge(), ticket=2)
    assert (await desk.ticket(1)).urgency == "high"
    assert "urgency_set" not in (await desk.events(1))[-1]


async def test_merged_and_parted_twice_it_is_as_urgent_as_at_first(desk: Story) -> None:
    await merged_loudly(desk)
    for turn in range(2):
        await desk.does("vera", Unmerge(), ticket=2, key=f"apart {turn}")
        assert (await desk.ticket(1)).urgency == "medium"
        await desk.does("vera", INTO_FIRST, ticket=2, key=f"together {turn}")
        assert (await desk.ticket(1)).urgency == "critical"


async def test_an_executive_parts_nothing(desk: Story) -> None:
    await merged(desk)
    answer = await desk.does("ines", Unmerge(), ticket=2)
    assert answer.is_refused
    assert (await desk.ticket(2)).status is Status.MERGED
    desk.expect_quiet()


async def test_killed_right_after_it_the_client_hears_it_once(desk: Story) -> None:
    await merged(desk)
    await desk.desk.commands.perform(PersonId("vera"), TicketId(2), Unmerge(), key="once")
    await desk.dies()
    await desk.does("vera", Unmerge(), ticket=2, key="once")
    desk.expect_message("lena", EMAIL, containing=TOLD)
    assert await said(desk, 2) == ["The invoice is wrong"]


async def test_of_two_processes_that_part_them_at_once_one_does(desk: Story) -> None:
    await merged(desk)
    other_database = await open_database(desk.database.url)
    other = Desk(other_database, desk.channels, Timekeeper(wall=desk.time.now))
    await other.prepare(is_alone=False)
    answers = await asyncio.gather(
        desk.desk.commands.perform(PersonId("vera"), TicketId(2), Unmerge(), key="here"),
        other.commands.perform(PersonId("oleg"), TicketId(2), Unmerge(), key="there"),
    )
    await other_database.close()
    await desk.settle()
    assert sorted(answer.is_refused for answer in answers) == [False, True]
    desk.expect_message("lena", EMAIL, containing=TOLD)
    assert (await desk.events(2)).count("unmerged") == 1

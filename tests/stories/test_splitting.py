"""From some message on it is another matter: a ticket of its own, promised from when that message came."""

import asyncio
from datetime import timedelta

import pytest

from adapters.message import Channel
from bot.tickets.command import AskDetails, GiveEta, HandOver, Merge, NotCovered, Reply, Split
from bot.tickets.ticket import MessageId, Status, TicketId
from routing.people import LineId, PersonId
from sla.clock import State
from sla.duration import instant
from tests.builders import story_desk
from tests.harness import NOON, Story
from tests.stories.conftest import MakeStory

DATABASES = ("sqlite", "postgresql")

TOLD = "“And the export is slow” now has a ticket of its own beside T-1: T-2."


async def two_matters(desk: Story) -> MessageId:
    """Lena writes about payroll at noon and about the export ten minutes later; gives the line about the export."""
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.go_to(NOON + timedelta(minutes=10))
    await desk.receives(sender="lena", text="And the export is slow")
    await desk.fast_forward(minutes=5)
    desk.forget()
    return await line_about(desk, "And the export is slow")


async def line_about(desk: Story, text: str, number: int = 1) -> MessageId:
    return next(line.id for line in await desk.lines(number) if line.text == text)


async def said(desk: Story, number: int) -> list[str]:
    """What the client and our people said on a ticket, without our own texts."""
    return [line.text for line in await desk.lines(number) if line.kind != "auto"]


async def test_what_was_said_from_there_on_is_a_ticket_of_its_own(desk: Story) -> None:
    export = await two_matters(desk)
    answer = await desk.does("vera", Split(export))
    assert (answer.is_refused, answer.text) == (False, "T-2 is a ticket of its own now.")
    desk.expect_message("lena", containing=TOLD)
    desk.expect_card("vera", containing="T-2 · Acme: And the export is slow")
    assert [await said(desk, number) for number in (1, 2)] == [["Payroll failed"], ["And the export is slow"]]
    fresh = await desk.ticket(2)
    assert (fresh.status, fresh.assignee, fresh.subject) == ("new", "vera", "And the export is slow")
    assert ("split" in await desk.events(1), "split_off" in await desk.events(2)) == (True, True)
    desk.expect_quiet()


async def test_each_is_promised_from_its_own_first_message(desk: Story) -> None:
    export = await two_matters(desk)
    await desk.does("vera", Split(export))
    assert (await desk.clock("first_response", 1)).due_at == instant(NOON + timedelta(minutes=60))
    assert (await desk.clock("first_response", 2)).due_at == instant(NOON + timedelta(minutes=70))
    await desk.does("vera", Reply("Payroll runs again"), ticket=1)
    desk.forget()
    await desk.go_to(NOON + timedelta(minutes=75))
    desk.expect_ping("vera", containing="T-2 (Acme): 12 min left")
    for person in ("vera", "dana"):
        desk.expect_ping(person, containing="Last call for T-2")
        desk.expect_ping(person, containing="T-2 (Acme): first response is overdue")
    desk.expect_quiet()


@pytest.mark.parametrize("is_over", [False, True], ids=["while it lasts", "after it"])
async def test_what_a_high_load_eased_is_no_tighter_for_being_split_off(make_desk: MakeStory, is_over: bool) -> None:  # noqa: FBT001 - parametrized
    medium = 'first_response = { within = "1h", quote = "within 1 hour" }'
    desk = await make_desk(story_desk((medium, medium.replace(", quote", ', high_load = "3h", quote'))))
    await desk.desk.declare_load(PersonId("dana"), [LineId("managers")], is_high=True)
    export = await two_matters(desk)
    if is_over:
        await desk.desk.declare_load(PersonId("dana"), [LineId("managers")], is_high=False)
    await desk.does("vera", Split(export))
    desk.expect_message("lena", containing=TOLD)
    desk.expect_card("vera", containing="T-2 · Acme")
    assert (await desk.clock("first_response", 1)).due_at == instant(NOON + timedelta(hours=3))
    assert (await desk.clock("first_response", 2)).due_at == instant(NOON + timedelta(hours=3, minutes=10))
    await desk.go_to(NOON + timedelta(hours=1, minutes=20))
    desk.expect_quiet()


async def test_the_newest_is_current_and_a_reply_leads_to_either(desk: Story) -> None:
    export = await two_matters(desk)
    first = desk.channels[Channel.TELEGRAM].messages("1001")[0].external_id
    await desk.does("vera", Split(export))
    told = desk.channels[Channel.TELEGRAM].messages("1001")[-1].external_id
    await desk.fast_forward(minutes=5)
    desk.forget()
    for text, reply_to, number in (("Twenty minutes", None, 2), ("March", first, 1), ("Of April", told, 2)):
        await desk.receives(sender="lena", text=text, reply_to=reply_to)
        desk.expect_ping("vera", containing=f"Lena wrote on T-{number}\n")
        await desk.fast_forward(minutes=5)
    assert await said(desk, 1) == ["Payroll failed", "March"]
    assert await said(desk, 2) == ["And the export is slow", "Twenty minutes", "Of April"]


async def test_what_is_overdue_already_stays_so_and_is_told_no_more(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", Reply("Payroll runs again"))
    await desk.go_to(NOON + timedelta(minutes=10))
    await desk.receives(sender="lena", text="The export is slow")
    await desk.go_to(NOON + timedelta(minutes=80))
    desk.forget()
    await desk.does("vera", Split(await line_about(desk, "The export is slow")))
    desk.expect_message("lena", containing="T-2")
    desk.expect_card("vera", containing="T-2")
    clock = await desk.clock("first_response", 2)
    assert (clock.state, clock.breached_at) == (State.BREACHED, instant(NOON + timedelta(minutes=70)))
    await desk.fast_forward(hours=2)
    desk.expect_quiet()


async def test_replies_that_came_after_it_count_there(desk: Story) -> None:
    export = await two_matters(desk)
    await desk.does("vera", Reply("Payroll runs again"))
    await desk.go_to(NOON + timedelta(minutes=30))
    await desk.receives(sender="lena", text="And the invoices?")
    await desk.does("vera", Reply("Here they are"))
    await desk.go_to(NOON + timedelta(minutes=180))
    desk.forget()
    await desk.does("vera", Split(export))
    assert (await desk.clock("first_response", 2)).state is State.MET
    desk.expect_message("lena", containing="now has a ticket of its own")
    desk.expect_card("vera", containing="T-2")
    await desk.fast_forward(hours=3)
    desk.expect_quiet()


async def test_what_was_said_since_is_gone_through_again(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.go_to(NOON + timedelta(minutes=5))
    await desk.does("vera", Reply("Payroll runs again"))
    await desk.go_to(NOON + timedelta(minutes=10))
    await desk.receives(sender="lena", text="The export is slow")
    await desk.go_to(NOON + timedelta(minutes=20))
    await desk.does("vera", Reply("It is quick here"))
    await desk.go_to(NOON + timedelta(minutes=30))
    await desk.receives(sender="lena", text="Not here")
    desk.forget()
    await desk.does("vera", Split(await line_about(desk, "The export is slow")))
    first, following = await desk.clock("first_response", 2), await desk.clock("next_response", 2)
    assert (first.started_at, first.satisfied_at) == (
        instant(NOON + timedelta(minutes=10)),
        instant(NOON + timedelta(minutes=20)),
    )
    assert (following.started_at, following.state) == (instant(NOON + timedelta(minutes=30)), State.RUNNING)
    owed = [one.state for one in (await desk.page(1)).facts.clocks if one.metric == "next_response"]
    assert owed == [State.CANCELLED, State.CANCELLED]
    assert ((await desk.ticket(1)).next_due, (await desk.ticket(2)).status) == (None, "open")


async def test_a_promised_moment_goes_with_the_words_that_promised_it(desk: Story) -> None:
    export = await two_matters(desk)
    await desk.does("vera", GiveEta(instant(NOON + timedelta(hours=2))))
    await desk.does("vera", Split(export))
    assert (await desk.clock("eta", 2)).due_at == instant(NOON + timedelta(hours=2))
    assert (await desk.clock("eta", 1)).state is State.CANCELLED


async def test_a_question_goes_along_and_only_there_we_wait(desk: Story) -> None:
    export = await two_matters(desk)
    await desk.does("vera", AskDetails("Which export?"))
    await desk.does("vera", Split(export))
    assert [(await desk.ticket(number)).status for number in (1, 2)] == ["open", "waiting_client"]
    desk.forget()
    await desk.fast_forward(days=2)
    desk.expect_message("lena", containing="T-2")


async def test_a_reply_whose_kind_nobody_named_goes_along(desk: Story) -> None:
    await desk.receives(sender="taras", text="Payroll failed")
    await desk.go_to(NOON + timedelta(minutes=10))
    await desk.receives(sender="taras", text="And the export is slow")
    await desk.does("oleg", Reply("Restart it"))
    await desk.does("oleg", Split(await line_about(desk, "And the export is slow")))
    first, fresh = await desk.ticket(1), await desk.ticket(2)
    assert (first.unset_reply_at, fresh.unset_reply_at) == (None, fresh.staff_spoke_at)
    await desk.presses("oleg", "It was an answer")
    assert (await desk.clock("first_response", 2)).state is State.MET


async def test_a_kind_that_was_named_afterwards_counts(desk: Story) -> None:
    await desk.receives(sender="taras", text="Payroll failed")
    await desk.go_to(NOON + timedelta(minutes=10))
    await desk.receives(sender="taras", text="And the export is slow")
    await desk.does("oleg", Reply("Restart it"))
    await desk.presses("oleg", "It was an answer")
    await desk.does("oleg", Split(await line_about(desk, "And the export is slow")))
    clock = await desk.clock("first_response", 2)
    assert (clock.state, clock.satisfied_at) == (State.MET, (await desk.ticket(2)).staff_spoke_at)


async def test_it_is_triaged_and_given_away_like_any_ticket(desk: Story) -> None:
    await desk.receives(sender="bill", text="Payroll failed")
    await desk.fast_forward(minutes=5)
    await desk.receives(sender="bill", text="And the website is down")
    down = await line_about(desk, "And the website is down")
    await desk.does("dana", HandOver(PersonId("tara")))
    desk.forget()
    await desk.does("dana", Split(down))
    fresh = await desk.ticket(2)
    assert (fresh.urgency, fresh.assignee) == ("critical", "tara")
    desk.expect_message("bill", containing="T-2")
    desk.expect_card("tara", containing="T-2 · Initech: And the website is down")
    desk.expect_quiet()


async def test_what_was_gathered_by_a_merge_is_split_off_where_it_was_said(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.receives(Channel.EMAIL, sender="lena", text="Payroll again")
    await desk.does("vera", Merge(TicketId(1)), ticket=2)
    await desk.fast_forward(minutes=5)
    await desk.receives(Channel.EMAIL, sender="lena", text="The export is slow")
    desk.forget()
    await desk.does("vera", Split(await line_about(desk, "The export is slow")))
    desk.expect_message("lena", Channel.EMAIL, containing="now has a ticket of its own beside T-1: T-3")
    desk.expect_card("vera", containing="T-3")
    await desk.does("vera", Reply("It is quick here"), ticket=3)
    desk.expect_message("lena", Channel.EMAIL, containing="It is quick here")
    await desk.receives(sender="lena", text="And payroll?")
    desk.expect_ping("vera", containing="Lena wrote on T-1")
    desk.expect_quiet()


async def test_what_is_split_off_something_left_out_is_promised_from_then_on_and_the_client_hears_it(
    desk: Story,
) -> None:
    export = await two_matters(desk)
    await desk.does("vera", NotCovered("6.2, software of others"))
    desk.forget()
    await desk.fast_forward(minutes=90)  # longer than a response may take
    desk.expect_quiet()
    now = desk.time.at
    await desk.does("vera", Split(export))
    (clock,) = (await desk.page(2)).facts.clocks
    assert (clock.metric, clock.state, clock.started_at) == ("first_response", State.RUNNING, now)
    fresh, old = (await desk.page(2)).ticket, (await desk.page(1)).ticket
    assert (fresh.not_covered, old.not_covered) == (None, "6.2, software of others")
    desk.expect_message("lena", containing="leaves T-1 out does not hold for T-2: we answer by 11:45")
    desk.expect_edit("vera", containing="T-1")
    desk.expect_card("vera", containing="T-2")
    desk.expect_quiet()
    await desk.fast_forward(minutes=61)
    assert [one.state for one in (await desk.page(1)).facts.clocks] == [State.CANCELLED]
    desk.expect_alert("dana", containing="T-2 (Acme): first response is overdue")


async def test_who_waits_for_a_client_counts_nothing_on_what_is_split_off_something_left_out(desk: Story) -> None:
    export = await two_matters(desk)
    await desk.does("vera", AskDetails("Which export?"))
    await desk.does("vera", NotCovered("6.2, software of others"))
    desk.forget()
    await desk.does("vera", Split(export))
    page = await desk.page(2)
    assert (page.ticket.status, [one.state for one in page.facts.clocks]) == (Status.WAITING_CLIENT, [])
    desk.expect_message("lena", containing="does not hold for T-2: our response times apply from now on")


@pytest.mark.parametrize(
    ("text", "person", "why"),
    [
        pytest.param("Payroll failed", "vera", "it is the whole ticket", id="the first message"),
        pytest.param("We look", "vera", "Choose a message of the client", id="a reply of ours"),
        pytest.param("Also payroll", "vera", "Choose a message of the client", id="another ticket's message"),
        pytest.param("And the export is slow", "ines", "Only", id="by somebody who may not"),
    ],
)
async def test_refused_and_nothing_changes(desk: Story, text: str, person: str, why: str) -> None:
    await two_matters(desk)
    await desk.receives(sender="bill", text="Also payroll")
    await desk.does("vera", Reply("We look"))
    desk.forget()
    before = await desk.ticket(1)
    lines = [line for number in (1, 2) for line in await desk.lines(number)]
    answer = await desk.does(person, Split(next(line.id for line in lines if line.text == text)))
    assert (answer.is_refused, why in answer.text, await desk.ticket(1)) == (True, True, before)
    assert not await desk.is_there(3)
    desk.expect_quiet()


async def test_pressed_twice_and_killed_in_between_it_is_done_once(desk: Story) -> None:
    export = await two_matters(desk)
    first = await desk.desk.commands.perform(PersonId("vera"), TicketId(1), Split(export), key="split")
    await desk.dies()
    again = await desk.desk.commands.perform(PersonId("vera"), TicketId(1), Split(export), key="split")
    await desk.settle()
    assert again == first
    desk.expect_message("lena", containing=TOLD)
    desk.expect_card("vera", containing="T-2")
    assert not await desk.is_there(3)
    desk.expect_quiet()


async def test_of_two_who_split_the_same_message_one_does(desk: Story) -> None:
    export = await two_matters(desk)
    perform = desk.desk.commands.perform
    answers = await asyncio.gather(
        perform(PersonId("vera"), TicketId(1), Split(export), key="a"),
        perform(PersonId("oleg"), TicketId(1), Split(export), key="b"),
    )
    await desk.settle()
    assert sorted(answer.is_refused for answer in answers) == [False, True]
    assert not await desk.is_there(3)

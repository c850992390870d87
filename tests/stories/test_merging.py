"""Two tickets turn out to be one piece of work: the one goes on as the other, and no promise is lost or told twice."""

import asyncio
from datetime import timedelta

import pytest

from adapters.errors import PermanentError, TemporaryError
from adapters.message import Channel
from adapters.port import Answer
from bot.desk.desk import Desk
from bot.now import Timekeeper
from bot.store.delivery import outbox
from bot.store.driver.engine import open_database
from bot.store.facts import load_of
from bot.tickets.command import AddNote, AskDetails, GiveEta, HandOver, Merge, NameReply, Reply, Resolve, Unmerge
from bot.tickets.ticket import Status, TicketId
from routing.people import PersonId
from sla.clock import State
from sla.duration import instant
from sla.promise import ReplyKind
from tests.builders import story_desk
from tests.harness import NOON, Story
from tests.stories.conftest import MakeStory

DATABASES = ("sqlite", "postgresql")

EMAIL, TELEGRAM = Channel.EMAIL, Channel.TELEGRAM
TOLD = "T-2 and T-1 are about the same thing, so we go on with both as T-1."
INTO_FIRST = Merge(TicketId(1))


async def twice(desk: Story) -> None:
    """Lena writes on Telegram, and ten minutes later by mail; both go to Vera."""
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.go_to(NOON + timedelta(minutes=10))
    await desk.receives(EMAIL, sender="lena", text="Payroll failed, see the file")
    desk.forget()


async def test_what_was_said_on_both_stands_on_the_one_that_stays(desk: Story) -> None:
    await twice(desk)
    assert not (await desk.does("vera", INTO_FIRST, ticket=2)).is_refused
    desk.expect_message("lena", EMAIL, containing=TOLD)
    said = [line.text for line in await desk.lines() if line.direction == "in"]
    assert said == ["Payroll failed", "Payroll failed, see the file"]
    gone = await desk.ticket(2)
    assert (gone.status, gone.merged_into, list(await desk.lines(2))) == (Status.MERGED, 1, [])
    assert ("merged" in await desk.events(1), "merged_into" in await desk.events(2)) == (True, True)
    assert "Merged" in desk.expect_edit("vera", containing="T-2")
    assert await desk.database.read(load_of) == {"vera": 1}
    desk.expect_quiet()


async def test_the_earliest_start_counts_and_is_told_once(desk: Story) -> None:
    await twice(desk)
    await desk.does("vera", INTO_FIRST, ticket=2)
    desk.forget()
    assert (await desk.clock("first_response", 1)).due_at == instant(NOON + timedelta(hours=1))
    assert (await desk.clock("first_response", 2)).state is State.CANCELLED
    await desk.go_to(NOON + timedelta(minutes=75))
    desk.expect_ping("vera", containing="T-1 (Acme): 12 min left")
    for person in ("vera", "dana"):
        desk.expect_ping(person, containing="Last call for T-1")
        desk.expect_ping(person, containing="T-1 (Acme): first response is overdue")
    desk.expect_quiet()


async def test_the_louder_of_the_two_says_how_urgent_the_one_that_stays_is(desk: Story) -> None:
    await desk.receives(sender="lena", text="Question about invoices")
    await desk.go_to(NOON + timedelta(minutes=1))
    await desk.receives(EMAIL, sender="lena", text="Payroll is down")
    told = (await desk.clock("first_response", 2)).due_at
    desk.forget()
    await desk.does("vera", INTO_FIRST, ticket=2)
    ticket, owed = await desk.ticket(), await desk.clock("first_response")
    assert (ticket.urgency, ticket.judged != "") == ("critical", True)
    assert owed.due_at is not None
    assert told is not None
    assert owed.due_at <= told
    assert (await desk.events())[-2:] == ["merged", "urgency_set"]
    desk.expect_message("lena", EMAIL, containing=TOLD)
    desk.expect_quiet()


async def test_what_goes_into_something_more_urgent_changes_nothing_of_it(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll is down")
    await desk.receives(EMAIL, sender="lena", text="Question about invoices")
    due_at = (await desk.clock("first_response")).due_at
    await desk.does("vera", INTO_FIRST, ticket=2)
    assert ((await desk.ticket()).urgency, (await desk.clock("first_response")).due_at) == ("critical", due_at)


async def test_an_older_ticket_brings_its_start_along(desk: Story) -> None:
    await twice(desk)
    await desk.does("vera", Merge(TicketId(2)), ticket=1)
    clocks = [one for one in (await desk.page(2)).facts.clocks if one.metric == "first_response"]
    assert [(one.started_at, one.state) for one in clocks] == [
        (instant(NOON), State.RUNNING),
        (instant(NOON + timedelta(minutes=10)), State.CANCELLED),
    ]
    assert (await desk.ticket(2)).next_due == instant(NOON + timedelta(hours=1))
    await desk.does("vera", Reply("Looking"), ticket=2)
    assert next(one.state for one in (await desk.page(2)).facts.clocks) is State.MET
    desk.forget()
    desk.expect_quiet()


async def test_an_answer_on_the_one_answers_the_other(desk: Story) -> None:
    await twice(desk)
    await desk.go_to(NOON + timedelta(minutes=20))
    await desk.does("vera", Reply("Looking"), ticket=2)
    await desk.does("vera", INTO_FIRST, ticket=2)
    clock = await desk.clock("first_response", 1)
    assert (clock.state, clock.satisfied_at) == (State.MET, instant(NOON + timedelta(minutes=20)))
    desk.forget()
    await desk.fast_forward(hours=3)
    desk.expect_quiet()


async def test_what_nobody_answered_is_owed_where_the_other_was_answered_before(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", Reply("Looking"), ticket=1)
    await desk.go_to(NOON + timedelta(minutes=10))
    await desk.receives(EMAIL, sender="lena", text="The file is attached")
    await desk.does("vera", INTO_FIRST, ticket=2)
    desk.forget()
    clock = await desk.clock("next_response", 1)
    assert (clock.started_at, clock.state) == (instant(NOON + timedelta(minutes=10)), State.RUNNING)
    desk.expect_quiet()


async def test_a_broken_promise_is_not_merged_away(desk: Story) -> None:
    await twice(desk)
    await desk.go_to(NOON + timedelta(minutes=65))
    desk.forget()
    await desk.does("vera", Merge(TicketId(2)), ticket=1)
    clock = min((await desk.page(2)).facts.clocks, key=lambda one: one.started_at)
    assert (clock.state, clock.breached_at) == (State.BREACHED, instant(NOON + timedelta(hours=1)))
    desk.expect_message("lena", containing="T-1 and T-2 are about the same thing")
    await desk.fast_forward(minutes=20)
    desk.expect_quiet()


async def test_a_promised_moment_holds_on_the_ticket_that_stays(desk: Story) -> None:
    await twice(desk)
    await desk.does("vera", GiveEta(instant(NOON + timedelta(hours=2))), ticket=2)
    await desk.does("vera", INTO_FIRST, ticket=2)
    desk.forget()
    assert (await desk.clock("eta", 1)).due_at == instant(NOON + timedelta(hours=2))
    await desk.go_to(NOON + timedelta(minutes=121))
    desk.expect_ping("vera", containing="T-1 (Acme): promised time is overdue")
    desk.expect_ping("dana", containing="T-1 (Acme): promised time is overdue")


async def test_the_place_of_the_one_that_went_goes_on_with_the_other(desk: Story) -> None:
    await twice(desk)
    await desk.does("vera", INTO_FIRST, ticket=2)
    await desk.fast_forward(minutes=5)
    desk.forget()
    await desk.receives(EMAIL, sender="lena", text="It is March")
    desk.expect_ping("vera", containing="Lena wrote on T-1\n")
    assert not await desk.is_there(3)
    await desk.does("vera", Reply("Thank you"))
    desk.expect_message("lena", EMAIL, containing="Thank you")
    desk.expect_quiet()


async def test_its_number_and_our_messages_about_it_lead_to_the_other(desk: Story) -> None:
    await twice(desk)
    receipt = desk.channels[EMAIL].messages("lena@acme.test")[-1].external_id
    await desk.does("vera", INTO_FIRST, ticket=2)
    await desk.receives(EMAIL, sender="lena", text="/new")
    await desk.receives(EMAIL, sender="lena", text="Something else")
    await desk.fast_forward(minutes=5)
    desk.forget()
    await desk.receives(sender="lena", text="About T-2: it was March")
    desk.expect_ping("vera", containing="Lena wrote on T-1\n")
    await desk.fast_forward(minutes=5)
    await desk.receives(EMAIL, sender="lena", text="And April", reply_to=receipt)
    desk.expect_ping("vera", containing="Lena wrote on T-1\n")
    desk.expect_quiet()


async def test_merged_once_more_it_still_leads_to_where_the_work_is(desk: Story) -> None:
    await twice(desk)
    await desk.receives(Channel.INAPP, sender="lena", text="Payroll, as I wrote")
    await desk.does("vera", Merge(TicketId(2)), ticket=3)
    await desk.does("vera", INTO_FIRST, ticket=2)
    await desk.fast_forward(minutes=5)
    desk.forget()
    await desk.receives(Channel.INAPP, sender="lena", text="Hello?")
    desk.expect_ping("vera", containing="Lena wrote on T-1\n")
    await desk.fast_forward(minutes=5)
    await desk.receives(sender="lena", text="T-3 is urgent")
    desk.expect_ping("vera", containing="Lena wrote on T-1\n")
    desk.expect_quiet()


async def test_two_in_one_conversation_become_its_current_one(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.receives(sender="lena", text="/new Payroll, again")
    await desk.does("vera", INTO_FIRST, ticket=2)
    await desk.fast_forward(minutes=5)
    desk.forget()
    await desk.receives(sender="lena", text="March")
    desk.expect_ping("vera", containing="Lena wrote on T-1\n")
    assert ((await desk.ticket(1)).is_current, (await desk.ticket(2)).is_current) == (True, False)
    desk.expect_quiet()


async def test_a_place_may_go_on_with_a_ticket_that_is_not_the_current_one_where_it_opened(desk: Story) -> None:
    await twice(desk)
    await desk.receives(sender="lena", text="/new The export is slow")
    await desk.does("vera", INTO_FIRST, ticket=2)
    await desk.fast_forward(minutes=5)
    desk.forget()
    await desk.receives(EMAIL, sender="lena", text="Payroll of March")
    desk.expect_ping("vera", containing="Lena wrote on T-1")
    await desk.fast_forward(minutes=5)
    await desk.receives(sender="lena", text="Twenty minutes")
    desk.expect_ping("vera", containing="Lena wrote on T-3")
    desk.expect_quiet()


async def test_what_waits_for_the_client_goes_on_when_the_client_has_written_elsewhere(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", AskDetails("Which month?"))
    await desk.fast_forward(minutes=10)
    await desk.receives(EMAIL, sender="lena", text="March")
    await desk.does("vera", INTO_FIRST, ticket=2)
    assert (await desk.ticket()).status == "open"
    assert (await desk.clock("next_response")).state is State.RUNNING
    await desk.does("vera", Reply("Thank you"))
    desk.forget()
    await desk.fast_forward(days=9)
    desk.expect_quiet()


async def test_whoever_had_one_of_them_hears_of_it(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.receives(EMAIL, sender="lena", text="Payroll, again")
    await desk.does("vera", HandOver(PersonId("tara")), ticket=2)
    desk.forget()
    await desk.does("dana", INTO_FIRST, ticket=2)
    desk.expect_message("lena", EMAIL, containing=TOLD)
    desk.expect_ping("vera", containing="Dana Orlyk merged T-2 into T-1 (Acme)")
    desk.expect_ping("tara", containing="Dana Orlyk merged T-2 into T-1 (Acme)")
    desk.expect_quiet()


async def test_nobody_is_called_for_a_merge_at_night(desk: Story) -> None:
    """They read it on their cards in the morning."""
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.receives(EMAIL, sender="lena", text="Payroll, again")
    await desk.does("vera", HandOver(PersonId("tara")), ticket=2)
    await desk.does("vera", Reply("Looking into it"))
    await desk.does("tara", Reply("Looking into it"), ticket=2)
    await desk.go_to(NOON + timedelta(hours=8))
    desk.forget()
    await desk.does("dana", INTO_FIRST, ticket=2)
    desk.expect_message("lena", EMAIL, containing=TOLD)
    await desk.does("dana", Unmerge(), ticket=2)
    desk.expect_message("lena", EMAIL, containing="We go on with T-2 as a ticket of its own again")
    assert [one.text for person in ("vera", "tara") for one in desk.seen(person) if not one.is_edit] == []


async def test_a_reply_that_fails_after_the_merge_is_told_by_the_number_that_stays(desk: Story) -> None:
    await twice(desk)
    desk.channels[EMAIL].fail_next(PermanentError("no such mailbox"))
    await desk.desk.commands.perform(PersonId("vera"), TicketId(2), Reply("Looking"), key="a")
    await desk.desk.commands.perform(PersonId("vera"), TicketId(2), INTO_FIRST, key="b")
    await desk.settle()
    desk.expect_alert("vera", containing="T-1")
    assert (await desk.clock("first_response", 1)).state is State.RUNNING


@pytest.mark.parametrize(
    ("gone", "into", "person", "why"),
    [
        pytest.param(2, 2, "vera", "cannot be merged into itself", id="itself"),
        pytest.param(2, 3, "vera", "belong to different clients", id="another client's"),
        pytest.param(2, 4, "vera", "T-4 is already closed", id="one that is done"),
        pytest.param(4, 2, "vera", "T-4 is already closed", id="one that is done, into another"),
        pytest.param(2, 9, "vera", "There is no ticket T-9", id="one that does not exist"),
        pytest.param(2, 1, "ines", "Only", id="by somebody who may not"),
    ],
)
async def test_refused_and_nothing_changes(desk: Story, gone: int, into: int, person: str, why: str) -> None:
    await twice(desk)
    await desk.receives(sender="bill", text="Also payroll")
    await desk.receives(Channel.INAPP, sender="lena", text="Solved already")
    await desk.does("vera", Resolve(), ticket=4)
    desk.forget()
    before = [await desk.ticket(number) for number in (1, 2, 3, 4)]
    answer = await desk.does(person, Merge(TicketId(into)), ticket=gone)
    assert (answer.is_refused, why in answer.text) == (True, True)
    assert [await desk.ticket(number) for number in (1, 2, 3, 4)] == before
    desk.expect_quiet()


async def test_whoever_still_works_on_the_one_that_went_is_told_where_it_goes_on(desk: Story) -> None:
    await twice(desk)
    await desk.does("vera", INTO_FIRST, ticket=2)
    desk.forget()
    for command in (Reply("Looking"), AddNote("March"), Resolve("Done"), INTO_FIRST):
        answer = await desk.does("vera", command, ticket=2)
        assert (answer.is_refused, "T-2 was merged and goes on as T-1" in answer.text) == (True, True)
    desk.expect_quiet()


@pytest.mark.parametrize("action", ["ticket.reply", "ticket.note", "ticket.eta", "ticket.call"])
async def test_an_old_button_opens_no_form_whose_words_would_be_refused(desk: Story, action: str) -> None:
    await twice(desk)
    await desk.does("vera", INTO_FIRST, ticket=2)
    desk.forget()
    answer = await desk.own.command(desk.identity("vera", desk.works_on).address, action, "T-2")
    assert (answer.form, answer.text) == (None, "T-2 was merged and goes on as T-1: do it there.")
    desk.expect_quiet()


async def test_a_reply_named_before_the_merge_keeps_its_kind(desk: Story) -> None:
    await desk.receives(sender="taras", text="Payroll failed")
    await desk.receives(EMAIL, sender="taras", text="Payroll, again")
    desk.channels[EMAIL].fail_next(TemporaryError("busy", retry_after=timedelta(minutes=10)))
    await desk.does("oleg", Reply("It runs again"), ticket=2)
    await desk.does("oleg", NameReply(ReplyKind.ANSWER), ticket=2)
    await desk.does("oleg", INTO_FIRST, ticket=2)
    assert (await desk.clock("first_response", 1)).state is State.MET
    desk.channels[EMAIL].fail_next(PermanentError("no such mailbox"))
    await desk.fast_forward(minutes=11)
    assert (await desk.clock("first_response", 1)).state is State.RUNNING
    rows = [row.id for row in await desk.outbox("failed") if row.what == "reply"]
    now = desk.time.at
    await desk.database.write(lambda conn: outbox.retry(conn, rows, now=now))
    await desk.settle()
    assert (await desk.clock("first_response", 1)).state is State.MET


async def test_a_stranger_is_not_merged_into_a_client(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.receives(EMAIL, sender="lena@private.test", text="It is me, Lena")
    desk.forget()
    assert (await desk.does("vera", INTO_FIRST, ticket=2)).is_refused
    desk.expect_quiet()


async def test_pressed_twice_it_is_done_once(desk: Story) -> None:
    await twice(desk)
    first = await desk.does("vera", INTO_FIRST, ticket=2, key="merge")
    again = await desk.does("vera", INTO_FIRST, ticket=2, key="merge")
    assert again == first
    desk.expect_message("lena", EMAIL, containing=TOLD)
    assert (await desk.does("vera", INTO_FIRST, ticket=2)).is_refused
    assert (await desk.events(1)).count("merged") == 1
    desk.expect_quiet()


async def test_killed_right_after_it_the_client_hears_it_once(desk: Story) -> None:
    await twice(desk)
    await desk.desk.commands.perform(PersonId("vera"), TicketId(2), INTO_FIRST, key="merge")
    await desk.dies()
    await desk.desk.commands.perform(PersonId("vera"), TicketId(2), INTO_FIRST, key="merge")
    await desk.settle()
    desk.expect_message("lena", EMAIL, containing=TOLD)
    await desk.go_to(NOON + timedelta(minutes=70))
    desk.expect_alert("dana", containing="T-1 (Acme): first response is overdue")
    assert [(await desk.ticket(number)).status for number in (1, 2)] == ["new", "merged"]


async def test_of_merges_in_two_processes_that_cross_each_other_one_wins(desk: Story) -> None:
    for sender in ("lena", "bill", "taras"):
        await desk.receives(sender=sender, text="Payroll failed")
        await desk.receives(EMAIL, sender=sender, text="Payroll, again")
    database = await open_database(desk.database.url)
    other = Desk(database, desk.channels, Timekeeper(wall=desk.time.now))
    await other.refresh()
    pairs = ((1, 2), (3, 4), (5, 6))
    answers = await asyncio.gather(
        *(merging(desk.desk, one, into) for one, into in pairs), *(merging(other, one, into) for into, one in pairs)
    )
    await other.drain()
    await database.close()
    await desk.settle()
    assert [first.is_refused for first in answers[:3]] == [not second.is_refused for second in answers[3:]]
    for pair in pairs:
        assert sorted([(await desk.ticket(number)).status for number in pair]) == ["merged", "new"]


async def merging(desk: Desk, one: int, into: int) -> Answer:
    return await desk.commands.perform(PersonId("dana"), TicketId(one), Merge(TicketId(into)), key=f"{one}>{into}")


async def test_the_client_goes_on_writing_while_it_is_merged(desk: Story) -> None:
    await twice(desk)
    await desk.arrives(EMAIL, sender="lena", text="One more thing")
    await asyncio.gather(
        desk.desk.commands.perform(PersonId("vera"), TicketId(2), INTO_FIRST, key="a"), desk.desk.intake.once()
    )
    await desk.settle()
    texts = [line.text for line in await desk.lines() if line.direction == "in"]
    assert texts == ["Payroll failed", "Payroll failed, see the file", "One more thing"]
    assert not await desk.is_there(3)


async def test_a_ticket_under_another_promise_takes_over_the_start_and_keeps_its_own_length(
    make_desk: MakeStory,
) -> None:
    desk = await make_desk(story_desk())
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.go_to(NOON + timedelta(minutes=10))
    await desk.receives(EMAIL, sender="lena", text="The website is down")
    await desk.does("vera", Merge(TicketId(2)), ticket=1)
    clock = next(one for one in (await desk.page(2)).facts.clocks if one.started_at == instant(NOON))
    # A critical ticket has 15 minutes: 5 are left of its own start, and a change leaves 15 (semantics 1.6).
    assert clock.due_at == instant(NOON + timedelta(minutes=25))

"""What a call is about has changed meanwhile: other tickets, other people, other rules. It is held, or off, once."""

from datetime import UTC, datetime, timedelta

import pytest

from adapters.card import OutboundCard
from adapters.message import Channel, Invite, OutboundMessage
from bot.tickets.calls.call import CallState
from bot.tickets.calls.command import BookCall, CallDone, CancelCall, ConfirmCall, DeclineCall
from bot.tickets.command import HandOver, Merge, Reply, Resolve
from bot.tickets.ticket import TicketId
from routing.people import PersonId
from sla.duration import instant
from tests.builders import document, story_desk
from tests.harness import NOON, Story
from tests.stories.conftest import MakeStory
from tests.stories.test_calls import CALLS, below, called, calls
from tests.stories.test_calls_life import ACCEPTED, WITH_TIME, booked, state

BY_MAIL = ('identities = { slack = "T1/U1", telegram = 2001 }', 'identities = { email = "vera@desk.test" }')
OTHER_KINDS = CALLS + '[calls.kinds.education]\nlength = "60m"\n'


async def booked_twice(make_desk: MakeStory) -> Story:
    """Lena has a call at 12:00 about T-1 and one at 13:30 about T-2."""
    desk = await booked(make_desk)
    await desk.receives(sender="lena", text="/new")
    await desk.receives(sender="lena", text="/call tomorrow 13:30")
    await desk.receives(sender="lena", text="1")
    desk.forget()
    return desk


async def states(desk: Story, *tickets: int) -> list[CallState]:
    return [one.state for ticket in tickets for one in await calls(desk, ticket)]


def invited(desk: Story, address: str = "lena@acme.test") -> list[Invite]:
    sent = [one.message for one in desk.channels[Channel.EMAIL].sent]
    found = [one.invite for one in sent if isinstance(one, OutboundMessage | OutboundCard)]
    return [one for one in found if one is not None and one.attendee[1] == address]


# Other tickets


async def test_a_button_below_a_call_cancels_that_call_and_not_the_next_tickets(make_desk: MakeStory) -> None:
    desk = await booked(make_desk)
    cancel = next(one for one in below(desk) if one.action == "client.call_cancel")
    await desk.receives(sender="lena", text="/new")
    await desk.receives(sender="lena", text="/call tomorrow 13:30")
    await desk.receives(sender="lena", text="1")
    desk.forget()
    answer = await desk.channels[Channel.TELEGRAM].command("1001", cancel.action, cancel.value)
    assert answer.text == "Cancelled: Troubleshooting with Vera, tomorrow 12:00 (15:00 for Vera)."
    await desk.settle()
    desk.expect_message("lena", containing="Cancelled: Troubleshooting with Vera, tomorrow 12:00")
    desk.expect_ping("vera", containing="T-1 (Acme): the call tomorrow 15:00 (12:00 for Lena) is cancelled")
    assert await states(desk, 1, 2) == [CallState.CANCELLED, CallState.CONFIRMED]
    again = await desk.channels[Channel.TELEGRAM].command("1001", cancel.action, cancel.value)
    assert again.is_refused
    assert await states(desk, 2) == [CallState.CONFIRMED]
    await desk.settle()
    said = desk.expect_message("lena", containing="There is no such call any more.")
    assert said.endswith("\n1. Troubleshooting with Vera, tomorrow 13:30 (16:30 for Vera)")
    desk.expect_quiet()


@pytest.mark.parametrize("parting", [pytest.param("/new", id="something new"), pytest.param("", id="resolved")])
async def test_a_call_is_found_by_words_also_when_its_ticket_is_not_talked_about(
    make_desk: MakeStory, parting: str
) -> None:
    desk = await booked(make_desk)
    if parting:
        await desk.receives(sender="lena", text=parting)
    else:
        await desk.does("vera", Resolve("All done"))
    desk.forget()
    await desk.receives(sender="lena", text="/call move")
    desk.expect_message("lena", containing="Which time shall it be instead?")
    await desk.receives(sender="lena", text="2")
    desk.expect_message("lena", containing="Moved: Troubleshooting with Vera is now tomorrow 09:30")
    desk.expect_ping("vera", containing="the call is now tomorrow 12:30")
    await desk.receives(sender="lena", text="/call cancel")
    desk.expect_message("lena", containing="Cancelled: Troubleshooting with Vera")
    desk.expect_ping("vera", containing="is cancelled")
    assert await states(desk, 1) == [CallState.CANCELLED]
    assert not await desk.is_there(2)
    await desk.receives(sender="lena", text="/call cancel")
    desk.expect_message("lena", containing="You have no call booked")
    desk.expect_quiet()


async def test_who_has_a_call_about_a_resolved_ticket_books_no_second_one_by_mistake(make_desk: MakeStory) -> None:
    desk = await booked(make_desk)
    await desk.does("vera", Resolve("All done"))
    desk.forget()
    await desk.receives(sender="lena", text="/call")
    desk.expect_message("lena", containing="You have a call: Troubleshooting with Vera, tomorrow 12:00")
    desk.expect_quiet()


async def test_a_calendars_no_counts_for_the_call_it_names_whatever_is_talked_about(make_desk: MakeStory) -> None:
    desk = await booked_twice(make_desk)
    (call,) = await calls(desk, 1)
    await desk.channels[Channel.EMAIL].attends("lena@acme.test", call.uid, "declined")
    await desk.settle()
    assert await states(desk, 1, 2) == [CallState.CANCELLED, CallState.CONFIRMED]
    desk.expect_message("lena", containing="Cancelled: Troubleshooting with Vera, tomorrow 12:00")
    desk.expect_ping("vera", containing="T-1 (Acme): the call tomorrow 15:00")
    desk.expect_quiet()


async def test_of_two_calls_of_merged_tickets_the_second_is_there_when_the_first_is_over(make_desk: MakeStory) -> None:
    desk = await booked_twice(make_desk)
    await desk.does("vera", Merge(TicketId(1)), ticket=2)
    await desk.go_to(WITH_TIME + timedelta(minutes=45))
    desk.forget()
    await desk.receives(sender="lena", text="/call")
    desk.expect_message("lena", containing="You have a call: Troubleshooting with Vera, 13:30")
    assert len(await calls(desk, 1)) == 2
    desk.expect_quiet()


async def test_a_call_goes_on_with_its_ticket_however_often_that_is_merged(make_desk: MakeStory) -> None:
    desk = await booked(make_desk)
    for text in ("Two", "Three"):
        await desk.receives(sender="lena", text="/new")
        await desk.receives(sender="lena", text=text)
    await desk.does("vera", Merge(TicketId(2)), ticket=1)
    await desk.does("vera", Merge(TicketId(3)), ticket=2)
    desk.expect_edit("vera", containing="Call with Vera: Troubleshooting, tomorrow 15:00 (12:00 for Lena)")
    desk.forget()
    await desk.receives(sender="lena", text="/call")
    desk.expect_message("lena", containing="You have a call: Troubleshooting with Vera, tomorrow 12:00")
    assert not (await desk.does("vera", CancelCall(), ticket=3)).is_refused
    desk.expect_message("lena", containing="We have to call off Troubleshooting with Vera, tomorrow 12:00")
    assert await states(desk, 1) == [CallState.CANCELLED]
    desk.expect_quiet()


async def test_what_was_merged_is_booked_for_no_more_and_its_call_is_told_where_the_work_is(
    make_desk: MakeStory,
) -> None:
    desk = await booked_twice(make_desk)
    await desk.does("vera", Merge(TicketId(1)), ticket=2)
    desk.forget()
    (own,) = [one for one in await calls(desk, 1) if one.ticket == TicketId(2)]
    answer = await desk.does("vera", BookCall(instant(WITH_TIME + timedelta(days=1))), ticket=2)
    assert (answer.text, answer.is_refused) == ("T-2 was merged and goes on as T-1: do it there.", True)
    assert len(await calls(desk, 1)) == 2
    await desk.go_to(WITH_TIME + timedelta(hours=2))
    desk.forget()
    # A button below what was said of it still names the ticket that it was about.
    done = CallDone("They want a report", instant(WITH_TIME + timedelta(hours=3)))
    assert not (await desk.does("vera", done, ticket=2)).is_refused
    assert [one.state for one in await calls(desk, 1) if one.key == own.key] == [CallState.DONE]
    assert [one.text for one in (await desk.page(1)).notes] == ["They want a report"]
    assert (await desk.clock("eta", 1)).due_at == done.follow_up_at
    desk.expect_message("lena", containing="Vera expects to have this done by 15:00")
    desk.expect_quiet()


# Other people


async def test_who_had_the_call_reads_that_somebody_else_has_it_now(make_desk: MakeStory) -> None:
    desk = await called(make_desk, BY_MAIL)
    await desk.receives(sender="lena", text="/call tomorrow 12:00")
    await desk.receives(sender="lena", text="1")
    await desk.does("vera", HandOver(PersonId("oleg"), "I am moving"))
    desk.forget()
    await desk.receives(sender="lena", text="1")
    desk.expect_message("lena", containing="Moved: Troubleshooting with Oleg")
    desk.expect_ping("oleg", containing="the call is now tomorrow 15:00")
    mail = [one.message for one in desk.channels[Channel.EMAIL].sent if isinstance(one.message, OutboundCard)]
    assert "Oleg has the call with Lena now, tomorrow 15:00 (12:00 for Lena)" in mail[-1].card.title
    assert [(one.method, one.sequence) for one in invited(desk, "vera@desk.test")] == [("REQUEST", 0), ("CANCEL", 1)]


async def test_whoever_goes_away_reads_which_call_is_off(make_desk: MakeStory) -> None:
    desk = await booked(make_desk)
    await desk.channels[Channel.SLACK].command("T1/U1", "desk", "away from tomorrow until friday", by="T1/U1")
    await desk.settle()
    desk.expect_message("lena", containing="so this call is off")
    desk.expect_message("lena", containing="Choose another time or another person")
    desk.expect_ping("vera", containing="T-1 (Acme): the call tomorrow 15:00 (12:00 for Lena) is cancelled")
    desk.expect_quiet()


async def test_an_exception_that_waits_for_a_lead_is_not_asked_of_the_manager(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    await desk.receives(sender="lena", text="/call 12:00")
    await desk.receives(sender="lena", text="/call lead")
    desk.forget()
    await desk.go_to(NOON + timedelta(hours=2))
    desk.expect_alert("dana", containing="still waits for a lead")
    desk.expect_quiet()
    await desk.go_to(NOON + timedelta(hours=3, minutes=1))
    desk.expect_message("lena", containing="12:00 (15:00 for Vera) was not accepted in time")
    desk.expect_quiet()


@pytest.mark.parametrize(
    ("start", "more"),
    [
        pytest.param(NOON - timedelta(minutes=10), ACCEPTED, id="because she accepts it herself"),
        pytest.param(datetime(2026, 3, 3, 20, 0, tzinfo=UTC), CALLS, id="when her shift begins"),
    ],
)
async def test_a_manager_who_works_by_mail_has_every_call_in_her_calendar(
    make_desk: MakeStory, start: datetime, more: str
) -> None:
    desk = await called(make_desk, BY_MAIL, start=start, more=more)
    await desk.receives(sender="lena", text="/call friday 12:00")
    await desk.receives(sender="lena", text="1")
    asked = invited(desk, "vera@desk.test")
    if more == ACCEPTED:
        assert [(one.method, one.sequence, one.is_tentative) for one in asked] == [("REQUEST", 0, True)]
        await desk.does("vera", ConfirmCall())
    else:
        assert asked == []
        await desk.go_to(datetime(2026, 3, 4, 8, 0, tzinfo=UTC))
    (invite,) = invited(desk, "vera@desk.test")[len(asked) :]
    assert (invite.method, invite.sequence, invite.is_tentative) == ("REQUEST", len(asked), False)
    assert invite.is_accepted is (more == ACCEPTED)


@pytest.mark.parametrize("end", ["declined", "cancelled", "lapsed"])
async def test_a_call_that_was_to_be_moved_and_is_off_leaves_the_clients_calendar(
    make_desk: MakeStory, end: str
) -> None:
    desk = await called(make_desk, more=ACCEPTED)
    await desk.receives(Channel.EMAIL, sender="lena", text="/call tomorrow 12:00")
    await desk.receives(Channel.EMAIL, sender="lena", text="1")
    await desk.does("vera", ConfirmCall())
    await desk.receives(Channel.EMAIL, sender="lena", text="/call move")
    await desk.receives(Channel.EMAIL, sender="lena", text="3")
    assert await state(desk) is CallState.REQUESTED
    if end == "declined":
        await desk.does("vera", DeclineCall())
    elif end == "cancelled":
        await desk.receives(Channel.EMAIL, sender="lena", text="/call cancel")
    else:
        await desk.go_to(WITH_TIME)
    assert await state(desk) is CallState(end)
    said = invited(desk)
    assert [(one.method, one.sequence, one.is_tentative) for one in said] == [
        ("REQUEST", 0, True),
        ("REQUEST", 1, False),
        ("REQUEST", 2, True),
        ("CANCEL", 3, False),
    ]
    assert len({one.uid for one in said}) == 1
    assert (await calls(desk))[0].sequence == 3


# Other rules


async def test_a_kind_that_is_offered_no_more_leaves_the_calls_that_were_booked(make_desk: MakeStory) -> None:
    desk = await booked(make_desk)
    await desk.apply(document(story_desk(more=OTHER_KINDS)))
    desk.forget()
    await desk.receives(sender="lena", text="/call move")
    desk.expect_message("lena", containing="Which time shall it be instead?")
    await desk.receives(sender="lena", text="2")
    desk.expect_message("lena", containing="Moved: Troubleshooting with Vera is now tomorrow 09:30")
    desk.expect_ping("vera", containing="the call is now tomorrow 12:30")
    (call,) = await calls(desk)
    assert call.ends_at - call.begins_at == timedelta(minutes=30) / timedelta(milliseconds=1)
    await desk.channels[Channel.SLACK].command("T1/U1", "desk", "away from tomorrow until friday", by="T1/U1")
    await desk.settle()
    assert await state(desk) is CallState.LAPSED
    desk.expect_message("lena", containing="so this call is off")
    desk.expect_message("lena", containing="Choose another time")
    desk.expect_ping("vera", containing="is cancelled")
    desk.expect_quiet()


async def test_an_offer_of_a_kind_that_is_gone_is_answered_with_what_there_is(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    await desk.receives(sender="lena", text="/call")
    await desk.apply(document(story_desk(more=OTHER_KINDS)))
    desk.forget()
    await desk.receives(sender="lena", text="1")
    desk.expect_message("lena", containing="1. tomorrow 09:00")
    assert not await desk.is_there(1)
    desk.expect_quiet()


async def test_time_that_was_taken_stays_so_when_calls_need_more_of_it(make_desk: MakeStory) -> None:
    desk = await booked(make_desk)
    await desk.receives(sender="bill", text="Exports are slow")
    await desk.does("oleg", Reply("Looking into it"), ticket=2)
    next_one = BookCall(instant(WITH_TIME + timedelta(minutes=30)))
    assert (await desk.does("vera", next_one, ticket=2)).text == "Done."
    await desk.apply(document(story_desk(more=f'{CALLS}buffer = "15m"\n')))
    desk.forget()
    await desk.go_to(NOON + timedelta(hours=3))
    desk.expect_message("lena", containing="A reminder of your call: Troubleshooting with Vera, tomorrow 12:00")
    desk.expect_ping("vera", containing="a reminder of the call with Lena")
    # A move that cannot be leaves it where it was, and the time is still nobody else's.
    assert (await desk.does("dana", next_one, ticket=1)).is_refused
    await desk.receives(sender="taras", text="/call tomorrow 14:00")
    assert await states(desk, 1, 2) == [CallState.CONFIRMED, CallState.CONFIRMED]
    assert (await desk.does("vera", BookCall(instant(WITH_TIME)), ticket=2)).is_refused


async def test_a_client_may_have_kinds_that_their_plan_has_not(make_desk: MakeStory) -> None:
    agreed = '[plans.premium.calls]\nkinds = ["education"]\n[clients.acme.calls]\nkinds = ["review"]\n'
    desk = await called(make_desk, more=CALLS + agreed)
    await desk.receives(sender="lena", text="/call")
    assert "Training" not in desk.expect_message("lena", containing="Review, 30 min, with Vera")
    desk.expect_quiet()


# Afterwards, and by mail


async def test_a_follow_up_that_cannot_be_promised_leaves_the_call_to_be_asked_about(make_desk: MakeStory) -> None:
    desk = await booked(make_desk)
    await desk.go_to(WITH_TIME + timedelta(minutes=31))
    desk.forget()
    answer = await desk.does("vera", CallDone("The tracker was set twice.", instant(NOON)))
    assert answer.is_refused
    assert "has passed" in answer.text
    assert await state(desk) is CallState.CONFIRMED
    assert [one.text for one in (await desk.page()).notes] == []
    desk.expect_quiet()


@pytest.mark.parametrize(
    ("text", "is_booked"),
    [
        pytest.param("2\n\nBest regards,\nLena Costa\nT: +351 912 345 678", True, id="regards and a name"),
        pytest.param("2\n-- \nLena", True, id="a name"),
        pytest.param("2\n\nAlso, since this morning the payroll export fails for us.", False, id="something else too"),
    ],
)
async def test_a_number_by_mail_is_understood_above_a_name(make_desk: MakeStory, text: str, is_booked: bool) -> None:  # noqa: FBT001
    desk = await called(make_desk)
    await desk.receives(Channel.EMAIL, sender="lena", text="/call")
    desk.forget()
    await desk.receives(Channel.EMAIL, sender="lena", text=text)
    said = "Booked: Troubleshooting with Vera, tomorrow 09:30" if is_booked else "Thank you, we have it (T-1)"
    desk.expect_message("lena", Channel.EMAIL, containing=said)
    assert len(await calls(desk)) == int(is_booked)


async def test_a_call_is_not_offered_the_time_that_it_has(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    await desk.receives(sender="lena", text="/call")
    await desk.receives(sender="lena", text="3")
    desk.forget()
    await desk.receives(sender="lena", text="/call move")
    said = desk.expect_message("lena", containing="Which time shall it be instead?")
    assert "\n2. tomorrow 09:30 (12:30 for Vera)\n3. tomorrow 10:30 (13:30 for Vera)" in said
    desk.expect_quiet()


@pytest.mark.parametrize(
    ("until", "begins", "whose"),
    [
        pytest.param("2026-03-16", "Vera has no free time just now; these are the times of Oleg.", "Oleg", id="long"),
        pytest.param("thursday", "Troubleshooting, 30 min, with Vera.", "Vera", id="short"),
    ],
)
async def test_who_is_on_leave_for_more_than_a_week_is_stood_in_for(
    make_desk: MakeStory, until: str, begins: str, whose: str
) -> None:
    desk = await called(make_desk)
    await desk.channels[Channel.SLACK].command("T1/U1", "desk", f"away until {until}", by="T1/U1")
    await desk.settle()
    desk.forget()
    await desk.receives(sender="lena", text="/call")
    said = desk.expect_message("lena", containing=begins)
    assert f" for {whose})" in said
    await desk.receives(sender="lena", text="1")
    desk.expect_message("lena", containing=f"Booked: Troubleshooting with {whose}")

"""One contact has one call at a time, about whatever, with whomever, whichever process serves them."""

import asyncio
from datetime import timedelta

from adapters.message import Channel
from bot.store.calls.call_offers import Asker
from bot.tickets.calls.call import CallState
from bot.tickets.calls.command import BookCall, CancelCall, MoveCall
from bot.tickets.command import HandOver
from bot.tickets.ticket import TicketId
from routing.people import PersonId
from sla.duration import instant
from tests.harness import Story
from tests.stories.conftest import MakeStory
from tests.stories.test_calls import called, calls
from tests.stories.test_calls_at_once import askers
from tests.stories.test_calls_changed import states
from tests.stories.test_calls_life import WITH_TIME

DATABASES = ("sqlite", "postgresql")
AT = instant(WITH_TIME)
LATER = instant(WITH_TIME + timedelta(hours=1))


async def two_tickets(make_desk: MakeStory) -> Story:
    """Lena has asked two things, on Telegram and by mail."""
    desk = await called(make_desk)
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.receives(Channel.EMAIL, sender="lena", text="Exports are slow")
    await desk.does("vera", BookCall(AT), ticket=1)
    desk.forget()
    return desk


async def test_a_second_call_at_that_time_is_refused_with_others_that_are_free(make_desk: MakeStory) -> None:
    desk = await two_tickets(make_desk)
    refused = await desk.does("oleg", BookCall(AT), ticket=2)
    assert refused.is_refused
    assert refused.text.startswith("tomorrow 15:00 (12:00 for Lena) overlaps another booked call.")
    assert "tomorrow 15:00 " not in refused.text.partition("\n")[2]
    half = BookCall(instant(WITH_TIME + timedelta(minutes=30)))
    assert (await desk.does("oleg", half, ticket=2)).text == "Done."
    desk.expect_message("lena", Channel.EMAIL, containing="Oleg and you have a call: Troubleshooting, tomorrow 12:30")
    assert (await desk.does("oleg", MoveCall(AT), ticket=2)).is_refused
    # Nor may a lead allow it: nobody can be in two calls.
    assert (await desk.does("dana", MoveCall(AT), ticket=2)).is_refused
    # Somebody else may of course, and so may she when the first is off.
    await desk.receives(sender="bill", text="Reports are empty")
    assert (await desk.does("dana", CancelCall(), ticket=1)).text == "Done."
    assert (await desk.does("oleg", MoveCall(AT), ticket=2)).text == "Done."
    assert await states(desk, 1, 2) == [CallState.CANCELLED, CallState.RESCHEDULED]
    desk.forget()
    desk.expect_quiet()


async def test_what_is_offered_leaves_the_other_call_out(make_desk: MakeStory) -> None:
    desk = await two_tickets(make_desk)
    # Vera's own time is taken by it; Oleg's is not, and is offered to everybody but her.
    assert (await desk.does("vera", CancelCall(), ticket=1)).text == "Done."
    assert (await desk.does("oleg", BookCall(AT), ticket=1)).text == "Done."
    desk.forget()
    await desk.receives(Channel.EMAIL, sender="lena", text="/call tomorrow 12:00")
    said = desk.expect_message("lena", Channel.EMAIL, containing="tomorrow 12:00 (15:00 for Vera) overlaps another")
    assert "1. tomorrow 09:00" in said
    wanting = await askers(desk)
    hers = await desk.desk.calls.offered(wanting[1])
    assert hers.person == "vera"
    assert AT not in hers.slots
    assert {instant(WITH_TIME - timedelta(minutes=30)), instant(WITH_TIME + timedelta(minutes=30))} <= {*hers.slots}
    desk.expect_quiet()


async def test_of_two_tickets_in_two_processes_one_has_the_time(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.receives(Channel.EMAIL, sender="lena", text="Exports are slow")
    one, other = await askers(desk)
    assert isinstance(one, Asker)
    assert one.contact == other.contact
    first = desk.desk.calls
    await desk.dies()
    second = desk.desk.calls
    found = await asyncio.gather(
        first.book(one, kind="troubleshooting", person=PersonId("vera"), begins_at=AT, key="a"),
        second.book(other, kind="troubleshooting", person=PersonId("oleg"), begins_at=AT, key="b"),
    )
    assert sorted(one.is_refused for one in found) == [False, True]
    (lost,) = [one for one in found if one.is_refused]
    assert "overlaps another booked call. The next free times:" in lost.text
    assert lost.slots
    assert AT not in [one.begins_at for one in lost.slots]
    kept = [call for ticket in (1, 2) for call in await calls(desk, ticket)]
    assert [(one.begins_at, one.state) for one in kept] == [(AT, CallState.CONFIRMED)]
    await desk.settle()
    desk.forget()
    desk.expect_quiet()


async def test_the_same_call_gives_way_to_itself(make_desk: MakeStory) -> None:
    desk = await two_tickets(make_desk)
    before = instant(WITH_TIME + timedelta(minutes=30))
    assert (await desk.does("vera", MoveCall(before), ticket=1)).text == "Done."
    assert (await desk.does("oleg", BookCall(LATER), ticket=2)).text == "Done."
    assert [one.begins_at for one in await calls(desk, TicketId(1))] == [before]
    desk.forget()
    desk.expect_quiet()


async def test_who_moves_a_call_is_offered_other_times_of_whoever_it_is_with(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("oleg", BookCall(AT))  # who is not her own manager
    desk.forget()
    await desk.receives(sender="lena", text="/call move")
    said = desk.expect_message("lena", containing="1. tomorrow 09:00 (12:00 for Oleg)")
    assert "for Vera" not in said
    assert "no free time" not in said
    await desk.receives(sender="lena", text="1")
    (call,) = await calls(desk)
    assert (call.person, call.state) == ("oleg", CallState.RESCHEDULED)


async def test_whoever_stands_in_for_whom_a_call_is_with_is_named_so(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", BookCall(AT))
    desk.forget()
    assert (await desk.does("vera", HandOver(PersonId("oleg")))).text == "Done."
    said = desk.expect_message("lena", containing="Oleg looks after your ticket now and can have the call with you.")
    assert "1. tomorrow 12:00 (15:00 for Oleg)\n2. tomorrow 09:00 (12:00 for Oleg)" in said
    assert "for Vera" not in said

"""Calls that a manager accepts first, asked for at any hour; exceptions that nobody needs; what is told of both."""

from datetime import UTC, datetime

import pytest

from adapters.message import Channel
from bot.tickets.calls.call import CallState
from bot.tickets.calls.command import ConfirmCall
from sla.duration import instant
from tests.stories.conftest import MakeStory
from tests.stories.test_calls import CALLS, called, calls
from tests.stories.test_calls_life import ACCEPTED

SATURDAY = datetime(2026, 3, 7, 9, 0, tzinfo=UTC)
EVENING = datetime(2026, 3, 3, 17, 0, tzinfo=UTC)
#: Vera works from 10 to 19 at +03:00.
MONDAY_OPENING = datetime(2026, 3, 9, 7, 0, tzinfo=UTC)


async def test_whoever_accepts_has_an_hour_of_their_own_after_a_weekend(make_desk: MakeStory) -> None:
    desk = await called(make_desk, more=ACCEPTED, start=SATURDAY)
    await desk.receives(sender="lena", text="/call")
    desk.expect_message("lena", containing="1. Tuesday 08:00 (11:00 for Vera)")
    await desk.receives(sender="lena", text="1")
    desk.expect_message("lena", containing="You asked for: Troubleshooting with Vera, Tuesday 08:00")
    (call,) = await calls(desk)
    assert call.accept_by == instant(MONDAY_OPENING.replace(hour=8))
    desk.forget()
    await desk.go_to(MONDAY_OPENING)
    desk.expect_ping("vera", containing="Lena asks for a call: Troubleshooting")
    await desk.go_to(MONDAY_OPENING.replace(minute=59))
    assert (await calls(desk))[0].state is CallState.REQUESTED
    assert (await desk.does("vera", ConfirmCall())).text == "Done."
    assert (await calls(desk))[0].state is CallState.CONFIRMED
    desk.forget()
    await desk.go_to(MONDAY_OPENING.replace(hour=8, minute=1))
    desk.expect_message("lena", containing="A reminder of your call")
    desk.expect_ping("vera", containing="a reminder of the call with Lena")
    desk.expect_quiet()


async def test_a_request_of_a_weekend_is_called_out_and_lapses_in_working_time(make_desk: MakeStory) -> None:
    desk = await called(make_desk, more=ACCEPTED, start=SATURDAY)
    await desk.receives(sender="lena", text="/call")
    await desk.receives(sender="lena", text="1")
    desk.forget()
    await desk.go_to(MONDAY_OPENING)
    desk.expect_ping("vera", containing="Lena asks for a call: Troubleshooting")
    desk.expect_quiet()
    await desk.go_to(MONDAY_OPENING.replace(minute=30))
    desk.expect_ping("vera", containing="is not accepted yet; it lapses 11:00")
    desk.expect_quiet()
    await desk.go_to(MONDAY_OPENING.replace(minute=57))
    desk.expect_alert("dana", containing="nobody has accepted the call")
    desk.forget()
    await desk.go_to(MONDAY_OPENING.replace(hour=8, minute=1))
    desk.expect_message("lena", containing="was not accepted in time, we are sorry. The next times:")
    desk.forget()
    desk.expect_quiet()


async def test_what_could_not_be_accepted_in_time_is_too_soon_and_a_lead_is_asked_for_it(make_desk: MakeStory) -> None:
    desk = await called(make_desk, more=ACCEPTED, start=EVENING)
    await desk.receives(sender="lena", text="/call thu 07:30")
    said = desk.expect_message("lena", containing="Thursday 07:30 (10:30 for Vera) is too soon")
    assert "1. Thursday 08:00 (11:00 for Vera)" in said
    await desk.receives(sender="lena", text="/call lead")
    desk.expect_message("lena", containing="We have asked the team lead for Thursday 07:30")
    (call,) = await calls(desk)
    assert (call.state, call.waits_for) == (CallState.REQUESTED, "lead")
    desk.forget()
    desk.expect_quiet()


async def test_leave_is_no_time_to_accept_anything_in(make_desk: MakeStory) -> None:
    desk = await called(make_desk, more=ACCEPTED)
    await desk.channels[Channel.SLACK].command("T1/U1", "desk", "away from today until thursday", by="T1/U1")
    await desk.settle()
    desk.forget()
    await desk.receives(sender="lena", text="/call")
    desk.expect_message("lena", containing="1. Friday 08:00 (11:00 for Vera)")
    desk.expect_quiet()


# Exceptions that nobody needs


@pytest.mark.parametrize("more", [pytest.param(CALLS, id="at once"), pytest.param(ACCEPTED, id="accepted first")])
async def test_no_lead_is_asked_for_what_needs_no_exception(make_desk: MakeStory, more: str) -> None:
    desk = await called(make_desk, more=more)
    await desk.receives(sender="lena", text="/call fri 12:00")
    desk.forget()
    for _ in range(2):
        await desk.receives(sender="lena", text="/call lead")
        said = desk.expect_message("lena", containing="The first of these needs no exception.")
        assert "\n1. Friday 12:00 (15:00 for Vera)\n" in said
    assert not await desk.is_there(1)
    desk.expect_quiet()
    await desk.receives(sender="lena", text="1")
    (call,) = await calls(desk)
    assert call.begins_at == instant(datetime(2026, 3, 6, 12, 0, tzinfo=UTC))
    assert call.waits_for == ("vera" if more == ACCEPTED else "")
    desk.forget()
    desk.expect_quiet()


async def test_a_call_that_made_room_for_the_next_one_stands_in_the_history(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    await desk.receives(sender="lena", text="/call tomorrow 12:00")
    await desk.receives(sender="lena", text="1")
    await desk.go_to(datetime(2026, 3, 4, 12, 40, tzinfo=UTC))
    await desk.receives(sender="lena", text="/call")
    await desk.receives(sender="lena", text="1")
    assert [one.state for one in await calls(desk)] == [CallState.DONE, CallState.CONFIRMED]
    told = [one for one in await desk.events() if one.startswith("call_")]
    assert told[0] == "call_booked"
    assert told[-2:] == ["call_assumed_done", "call_booked"]
    desk.forget()
    await desk.go_to(datetime(2026, 3, 5, 10, 0, tzinfo=UTC))
    assert (await desk.events()).count("call_assumed_done") == 1
    desk.forget()
    desk.expect_quiet()

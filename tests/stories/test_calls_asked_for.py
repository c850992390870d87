"""A call that is only asked for: what its client reads meanwhile, and what becomes of it while a lead says nothing."""

from datetime import UTC, datetime

import pytest

from adapters.message import Channel
from bot.tickets.calls.call import CallState
from bot.tickets.calls.command import AllowCall
from tests.stories.conftest import MakeStory
from tests.stories.test_calls import called, calls
from tests.stories.test_calls_life import ACCEPTED, state

#: Ten to nine in Lisbon, ten to twelve where Vera and Dana are.
ASKED = datetime(2026, 3, 3, 8, 50, tzinfo=UTC)
WANTED = datetime(2026, 3, 3, 11, 0, tzinfo=UTC)


@pytest.mark.parametrize("words", ["/call", "/call 2026-03-05 10:00", "/call education"])
async def test_nobody_is_told_to_have_a_call_that_is_not_accepted_yet(make_desk: MakeStory, words: str) -> None:
    desk = await called(make_desk, more=ACCEPTED)
    await desk.receives(sender="lena", text="/call")
    await desk.receives(sender="lena", text="1")
    desk.expect_message("lena", containing="You asked for: Troubleshooting with Vera")
    desk.forget()
    await desk.receives(sender="lena", text=words)
    said = desk.expect_message("lena", containing="You have asked for a call: Troubleshooting with Vera, tomorrow")
    assert "Nobody has accepted it yet" in said
    assert "You have a call" not in said
    assert (await desk.chooses("vera", "Accept")).text == "Done."
    desk.forget()
    await desk.receives(sender="lena", text=words)
    desk.expect_message("lena", containing="You have a call: Troubleshooting with Vera")
    desk.expect_quiet()


async def test_whoever_asks_a_lead_again_reads_that_it_is_asked(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    await desk.receives(sender="lena", text="/call 11:00")
    await desk.receives(sender="lena", text="/call lead")
    desk.forget()
    await desk.receives(sender="lena", text="/call lead")
    desk.expect_message("lena", containing="You have asked for a call: Troubleshooting with Vera, 11:00")
    desk.expect_quiet()


async def test_a_lead_who_says_nothing_is_asked_once_more_and_the_client_hears_before_it_would_begin(
    make_desk: MakeStory,
) -> None:
    desk = await called(make_desk, start=ASKED)
    await desk.receives(sender="lena", text="/call 11:00")
    desk.forget()
    await desk.receives(sender="lena", text="/call lead")
    said = desk.expect_message("lena", containing="We have asked the team lead for 11:00 (14:00 for Vera) with Vera")
    assert "by 10:45 at the latest" in said
    desk.expect_alert("dana", containing="that only a lead may allow")
    desk.forget()
    await desk.go_to(ASKED.replace(hour=9, minute=47))
    desk.expect_quiet()
    await desk.go_to(ASKED.replace(hour=9, minute=48))
    desk.expect_alert(
        "dana", containing="still waits for a lead: Troubleshooting, 14:00 (11:00 for Lena). It lapses 13:45."
    )
    desk.expect_quiet()
    await desk.go_to(WANTED.replace(hour=10, minute=44))
    desk.expect_quiet()
    await desk.go_to(WANTED.replace(hour=10, minute=45))
    desk.expect_message("lena", containing="11:00 (14:00 for Vera) was not accepted in time")
    assert [one.state for one in await calls(desk)] == [CallState.LAPSED]
    assert (await desk.does("dana", AllowCall())).is_refused
    await desk.go_to(WANTED.replace(hour=12))
    desk.expect_quiet()


async def test_a_lead_allows_it_when_asked_once_more(make_desk: MakeStory) -> None:
    desk = await called(make_desk, start=ASKED)
    await desk.receives(sender="lena", text="/call 11:00")
    await desk.receives(sender="lena", text="/call lead")
    await desk.go_to(ASKED.replace(hour=9, minute=48))
    desk.forget()
    assert not (await desk.chooses("dana", "Allow")).is_refused
    desk.expect_message("lena", containing="Booked: Troubleshooting with Vera, 11:00 (14:00 for Vera).")
    desk.expect_ping("vera", containing="call")
    desk.forget()
    await desk.go_to(WANTED.replace(hour=10, minute=44))
    desk.expect_quiet()


async def test_after_a_downtime_a_lead_is_not_asked_for_what_has_lapsed(make_desk: MakeStory) -> None:
    desk = await called(make_desk, start=ASKED)
    await desk.receives(sender="lena", text="/call 11:00")
    await desk.receives(sender="lena", text="/call lead")
    desk.forget()
    await desk.sleep_until(WANTED)
    desk.expect_message("lena", containing="was not accepted in time")
    desk.expect_nothing("dana", Channel.SLACK)
    desk.expect_quiet()


async def test_a_manager_asks_the_lead_for_a_time_in_words(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    slack = desk.channels[Channel.SLACK]

    async def says(text: str) -> str:
        answer = await slack.command("T1/U1", "desk", text, by="T1/U1")
        await desk.settle()
        return answer.text

    refused = await says("call T-1 today 16:00 education")
    assert refused.splitlines()[-1] == ("To ask the team lead for it: /desk call T-1 2026-03-03 16:00 education lead")
    assert await calls(desk) == []
    desk.expect_quiet()
    asked = await says("call T-1 2026-03-03 16:00 education lead")
    assert asked.startswith("T-1: the lead is asked for 16:00 (13:00 for Lena)")
    (call,) = await calls(desk)
    assert (call.state, call.waits_for) == (CallState.REQUESTED, "lead")
    desk.expect_alert("dana", containing="asks for a call with Vera that only a lead may allow")
    assert not (await desk.presses("dana", "Allow")).is_refused
    assert await state(desk) is CallState.CONFIRMED
    desk.expect_message("lena", containing="Booked: Training with Vera, 13:00")


async def test_a_time_that_needs_nobodys_leave_is_booked_though_the_lead_is_named(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    slack = desk.channels[Channel.SLACK]
    assert (await slack.command("T1/U1", "desk", "call T-1 tomorrow 15:00 lead", by="T1/U1")).text == "Done."
    await desk.settle()
    assert await state(desk) is CallState.CONFIRMED
    desk.expect_nothing("dana")

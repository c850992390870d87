"""Another time for a call that somebody has, named at once: after `/call move`, or by their calendar."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from adapters.message import Channel
from bot.tickets.calls.call import CallState
from tests.harness import Story
from tests.stories.conftest import MakeStory
from tests.stories.test_calls import calls
from tests.stories.test_calls_life import ACCEPTED, WITH_TIME, booked, state

DATABASES = ("sqlite", "postgres")


async def proposes(
    desk: Story, at: datetime | None, *, address: str = "lena@acme.test", sequence: int = 0, times: int = 1
) -> None:
    (call,) = await calls(desk)
    mail = desk.channels[Channel.EMAIL]
    for _ in range(times):
        await mail.attends(address, call.uid, "countered", sequence=sequence, proposed_at=at)
    await desk.settle()


@pytest.mark.parametrize("deed", ["move", "reschedule", "verschieben"])
async def test_who_moves_a_call_may_name_the_time_at_once(make_desk: MakeStory, deed: str) -> None:
    desk = await booked(make_desk)
    await desk.receives(sender="lena", text=f"/call {deed} tomorrow 13:00")
    said = desk.expect_message("lena", containing="Did you mean the first of these?")
    assert "\n1. tomorrow 13:00 (16:00 for Vera)" in said
    assert [one.begins_at for one in await calls(desk)] == [int(WITH_TIME.timestamp() * 1000)]
    await desk.receives(sender="lena", text="1")
    desk.expect_message("lena", containing="Moved: Troubleshooting with Vera is now tomorrow 13:00")
    desk.expect_ping("vera", containing="the call is now tomorrow 16:00")
    desk.expect_quiet()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param("/call move thursday 03:00", "Vera", id="at night"),
        pytest.param("/call move today 14:00", "too soon", id="too soon"),
        pytest.param("/call move whenever you like", "Which time shall it be instead?", id="no time"),
        pytest.param("/call move tomorrow 12:00", "Which time shall it be instead?", id="the time that it has"),
    ],
)
async def test_a_time_that_cannot_be_had_is_answered_by_those_that_can(
    make_desk: MakeStory, words: str, said: str
) -> None:
    desk = await booked(make_desk)
    await desk.receives(sender="lena", text=words)
    found = desk.expect_message("lena", containing=said)
    assert "\n1. " in found
    assert "You have a call" not in found
    assert await state(desk) is CallState.CONFIRMED
    desk.expect_quiet()


async def test_a_time_that_a_calendar_proposes_is_offered_and_moves_nothing_by_itself(make_desk: MakeStory) -> None:
    desk = await booked(make_desk)
    await proposes(desk, WITH_TIME + timedelta(hours=1))
    said = desk.expect_message("lena", containing="Did you mean the first of these?")
    assert "\n1. tomorrow 13:00 (16:00 for Vera)" in said
    desk.expect_quiet()
    await desk.receives(sender="lena", text="1")
    desk.expect_message("lena", containing="Moved: Troubleshooting with Vera is now tomorrow 13:00")
    desk.expect_ping("vera", containing="the call is now tomorrow 16:00")
    (call,) = await calls(desk)
    assert call.sequence == 1
    await proposes(desk, WITH_TIME, sequence=0)  # an answer to the time before
    desk.expect_message("lena", containing="You have a call: Troubleshooting with Vera, tomorrow 13:00")
    desk.expect_quiet()


async def test_a_time_that_a_calendar_proposes_and_nobody_has_is_answered_by_those_that_are(
    make_desk: MakeStory,
) -> None:
    desk = await booked(make_desk)
    await proposes(desk, WITH_TIME + timedelta(hours=12))
    found = desk.expect_message("lena", containing="Vera")
    assert "\n1. " in found
    await proposes(desk, WITH_TIME)  # what it has
    desk.expect_quiet()


@pytest.mark.parametrize(
    "at",
    [
        pytest.param(None, id="a day, or a time of no zone"),
        pytest.param(datetime(9999, 12, 31, 23, 30, tzinfo=timezone(-timedelta(hours=12))), id="after all time"),
        pytest.param(datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))), id="before all time"),
        pytest.param(datetime(2150, 3, 3, 12, 0, tzinfo=UTC), id="in a hundred years"),
        pytest.param(WITH_TIME - timedelta(days=300), id="long ago"),
    ],
)
async def test_a_calendar_that_is_out_of_its_mind_reads_which_times_there_are(
    make_desk: MakeStory, at: datetime
) -> None:
    desk = await booked(make_desk)
    await proposes(desk, at)
    assert "\n1. " in desk.expect_message("lena", containing="(12:00 for Vera)")
    assert await desk.inbox("dead") == []
    assert await state(desk) is CallState.CONFIRMED
    desk.expect_quiet()


async def test_what_is_asked_for_is_proposed_anew_and_asked_for_again(make_desk: MakeStory) -> None:
    desk = await booked(make_desk, more=ACCEPTED)
    await proposes(desk, WITH_TIME + timedelta(days=1))
    desk.expect_message("lena", containing="Did you mean the first of these?")
    await desk.receives(sender="lena", text="1")
    assert await state(desk) is CallState.REQUESTED


async def test_nobody_else_proposes_a_time(make_desk: MakeStory) -> None:
    desk = await booked(make_desk)
    for address in ("taras@globex.test", "nobody@else.test"):
        await proposes(desk, WITH_TIME + timedelta(hours=1), address=address)
    assert len(await desk.inbox("parked")) == 2
    assert await state(desk) is CallState.CONFIRMED
    desk.expect_quiet()

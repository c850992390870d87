"""A call waits to be accepted, and the hours of whoever accepts it change: until when it waits is counted anew."""

from datetime import UTC, datetime, timedelta

import pytest

from adapters.message import Channel
from bot.tickets.calls.call import CallState
from bot.tickets.calls.command import ConfirmCall
from sla.duration import instant
from tests.builders import document, story_desk
from tests.harness import Story
from tests.stories.conftest import MakeStory
from tests.stories.test_calls import called, calls
from tests.stories.test_calls_life import ACCEPTED, state

DATABASES = ("sqlite", "postgresql")
SATURDAY = datetime(2026, 3, 7, 9, 0, tzinfo=UTC)
#: Vera works from 10 to 19 at +03:00.
MONDAY_OPENING = datetime(2026, 3, 9, 7, 0, tzinfo=UTC)
TUESDAY_OPENING = MONDAY_OPENING + timedelta(days=1)
_AFTER = '[calendars.long]\nzone = "fixed:+03:00"'


def holiday(day: str, hours: str = "[]") -> tuple[str, str]:
    return (_AFTER, f'days."{day}" = {hours}\n\n{_AFTER}')


MONDAY, TUESDAY = holiday("2026-03-09"), holiday("2026-03-10")


async def asked_for(make_desk: MakeStory, words: str, *changes: tuple[str, str]) -> Story:
    """On Saturday Lena asks for a time that Vera accepts first."""
    desk = await called(make_desk, *changes, more=ACCEPTED, start=SATURDAY)
    await desk.receives(sender="lena", text=words)
    await desk.receives(sender="lena", text="1")
    assert await state(desk) is CallState.REQUESTED
    desk.forget()
    return desk


async def with_desk(desk: Story, *changes: tuple[str, str]) -> None:
    """The same desk directory comes twice, and the process dies in between."""
    for _ in range(2):
        await desk.apply(document(story_desk(*changes, more=ACCEPTED)))
        await desk.dies()
        await desk.settle()


async def away(desk: Story, words: str) -> None:
    for _ in range(2):
        await desk.channels[Channel.SLACK].command("T1/U1", "desk", f"away {words}", by="T1/U1")
        await desk.dies()
        await desk.settle()


async def accept_by(desk: Story) -> datetime:
    (call,) = await calls(desk)
    assert call.accept_by is not None
    return datetime.fromtimestamp(call.accept_by / 1000, UTC)


@pytest.mark.parametrize("what", ["holiday", "leave"])
async def test_an_hour_that_is_gone_lets_the_client_choose_again_at_once(make_desk: MakeStory, what: str) -> None:
    desk = await asked_for(make_desk, "/call tue 08:00")
    assert await accept_by(desk) == MONDAY_OPENING + timedelta(hours=1)
    if what == "holiday":
        await with_desk(desk, MONDAY)
    else:
        await away(desk, "monday until tuesday")
    said = desk.expect_message("lena", containing="The hours of Vera have changed, so Tuesday 08:00")
    assert "cannot be confirmed in time any more. We are sorry. The next times:\n1. Wednesday 08:00" in said
    assert await state(desk) is CallState.LAPSED
    assert (await desk.does("vera", ConfirmCall())).is_refused
    desk.expect_nothing("lena")
    # Vera reads of it when she is back, if there is anything to read by then.
    await desk.receives(sender="lena", text="1")
    desk.expect_message("lena", containing="You asked for: Troubleshooting with Vera, Wednesday 08:00")
    desk.forget()
    await desk.go_to(MONDAY_OPENING + timedelta(hours=2))
    if what == "leave":
        desk.expect_message("lena", containing="Oleg looks after T-1 from now on.")
    desk.expect_nothing("lena")


async def test_whoever_knows_of_it_reads_at_once_that_there_is_less_time(make_desk: MakeStory) -> None:
    desk = await called(make_desk, more=ACCEPTED, start=MONDAY_OPENING)
    for words in ("/call wed 12:00", "1"):
        await desk.receives(sender="lena", text=words)
    desk.forget()
    await with_desk(desk, TUESDAY)
    desk.expect_ping("vera", containing="the call asked for Wednesday 15:00 (12:00 for Lena) is not accepted yet")
    desk.expect_quiet()
    assert await accept_by(desk) == MONDAY_OPENING + timedelta(hours=5)
    await desk.go_to(MONDAY_OPENING + timedelta(hours=4))
    desk.expect_quiet()
    assert (await desk.does("vera", ConfirmCall())).text == "Done."
    desk.expect_message("lena", containing="Booked: Troubleshooting with Vera")
    desk.expect_quiet()


async def test_a_holiday_that_moves_the_notice_point_makes_it_earlier_and_the_person_reads_so(
    make_desk: MakeStory,
) -> None:
    desk = await asked_for(make_desk, "/call wed 08:00")
    assert await accept_by(desk) == TUESDAY_OPENING + timedelta(hours=1)
    await with_desk(desk, TUESDAY)
    assert await accept_by(desk) == MONDAY_OPENING + timedelta(hours=1)
    desk.expect_nothing("lena")
    await desk.go_to(MONDAY_OPENING)
    desk.expect_ping("vera", containing="Lena asks for a call: Troubleshooting, Wednesday 11:00")
    desk.expect_quiet()
    await desk.go_to(MONDAY_OPENING + timedelta(minutes=57))
    desk.expect_alert("dana", containing="nobody has accepted the call with Vera")
    desk.forget()
    await desk.go_to(MONDAY_OPENING + timedelta(hours=1, minutes=1))
    desk.expect_message("lena", containing="Wednesday 08:00 (11:00 for Vera) was not accepted in time, we are sorry.")
    assert await state(desk) is CallState.LAPSED
    desk.forget()
    desk.expect_quiet()


async def test_a_holiday_that_is_taken_back_leaves_more_time_and_the_client_is_told_when(make_desk: MakeStory) -> None:
    desk = await asked_for(make_desk, "/call wed 08:00", TUESDAY)
    assert await accept_by(desk) == MONDAY_OPENING + timedelta(hours=1)
    await desk.go_to(MONDAY_OPENING + timedelta(minutes=59))
    desk.forget()
    await with_desk(desk)
    assert await accept_by(desk) == TUESDAY_OPENING + timedelta(hours=1)
    desk.expect_message(
        "lena",
        containing="the answer to your request for Troubleshooting, Wednesday 08:00 (11:00 for Vera), comes by "
        "tomorrow 08:00",
    )
    desk.expect_quiet()
    await desk.go_to(MONDAY_OPENING + timedelta(hours=2))
    desk.expect_quiet()
    # What is said before the end of it is said before the new one.
    await desk.go_to(TUESDAY_OPENING + timedelta(minutes=58))
    desk.expect_alert("dana", containing="nobody has accepted the call with Vera")
    assert (await desk.does("vera", ConfirmCall())).text == "Done."
    desk.expect_message("lena", containing="Booked: Troubleshooting with Vera")
    desk.forget()
    await desk.fast_forward(hours=1)
    desk.forget()
    desk.expect_quiet()


async def test_what_leaves_some_of_the_time_changes_nothing(make_desk: MakeStory) -> None:
    desk = await asked_for(make_desk, "/call wed 08:00")
    await with_desk(desk, MONDAY)
    await away(desk, "monday until monday 15:00")
    assert await accept_by(desk) == TUESDAY_OPENING + timedelta(hours=1)
    assert await state(desk) is CallState.REQUESTED
    desk.expect_nothing("lena")
    desk.forget()
    await desk.go_to(TUESDAY_OPENING)
    assert (await desk.does("vera", ConfirmCall())).text == "Done."
    desk.expect_message("lena", containing="Booked: Troubleshooting with Vera")


async def test_an_exception_that_waits_for_a_lead_is_counted_in_nobodys_hours(make_desk: MakeStory) -> None:
    desk = await called(make_desk, more=ACCEPTED, start=SATURDAY)
    for words in ("/call mon 08:00", "/call lead"):
        await desk.receives(sender="lena", text=words)
    desk.forget()
    await with_desk(desk, holiday("2026-03-09", '["10:30-19:00"]'))
    (call,) = await calls(desk)
    assert (call.waits_for, call.accept_by) == ("lead", instant(MONDAY_OPENING + timedelta(minutes=45)))
    desk.forget()
    desk.expect_quiet()

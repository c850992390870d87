"""Two contacts with calls at one time turn out to be one person: they are asked about one call, and it is told once."""

from datetime import timedelta

import pytest

from adapters.message import Channel
from bot.tickets.calls.call import CallState
from bot.tickets.calls.command import BookCall
from bot.tickets.command import SamePerson, TwoPeople
from bot.tickets.ticket import TicketId
from sla.duration import instant
from tests.harness import Story
from tests.stories.conftest import MakeStory
from tests.stories.test_calls import called
from tests.stories.test_calls_changed import states
from tests.stories.test_calls_found_elsewhere import NINA
from tests.stories.test_calls_life import WITH_TIME

DATABASES = ("sqlite", "postgresql")
ASKED = "You have another call at the same time as the one with Oleg, tomorrow 12:00 (15:00 for Oleg)."


async def both(make_desk: MakeStory, *, apart: timedelta = timedelta()) -> Story:
    """Lena has a call with Vera, and Nina one with Oleg."""
    desk = await called(make_desk, NINA)
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.receives(Channel.EMAIL, sender="nina", text="Exports are slow")
    assert (await desk.does("vera", BookCall(instant(WITH_TIME)), ticket=1)).text == "Done."
    await desk.fast_forward(seconds=1)
    assert (await desk.does("oleg", BookCall(instant(WITH_TIME + apart)), ticket=2)).text == "Done."
    desk.forget()
    return desk


async def joined(desk: Story) -> None:
    """A lead says that they are one, and the process dies right after."""
    assert not (await desk.does("dana", SamePerson(TicketId(2)), ticket=1)).is_refused
    await desk.dies()
    await desk.settle()
    await desk.fast_forward(seconds=2)


async def test_the_later_one_is_asked_about_once_and_moved_by_a_number(make_desk: MakeStory) -> None:
    desk = await both(make_desk)
    await joined(desk)
    said = desk.expect_message("nina", Channel.EMAIL, containing=ASKED)
    assert "12:00 (15:00" not in said.partition("\n")[2]
    desk.expect_ping("oleg", containing="turned out to have another call at the same time as the one tomorrow 15:00")
    desk.expect_quiet()
    assert await states(desk, 1, 2) == [CallState.CONFIRMED, CallState.CONFIRMED]
    await desk.dies()
    await desk.settle()
    await desk.fast_forward(minutes=5)
    desk.expect_quiet()
    await desk.receives(Channel.EMAIL, sender="nina", text="2")
    desk.expect_message("nina", Channel.EMAIL, containing="Moved: Troubleshooting with Oleg is now tomorrow 09:30")
    desk.expect_ping("oleg", containing="the call is now tomorrow 12:30")
    assert await states(desk, 1, 2) == [CallState.CONFIRMED, CallState.RESCHEDULED]
    desk.forget()
    desk.expect_quiet()


async def test_one_of_them_is_called_off_from_anywhere(make_desk: MakeStory) -> None:
    desk = await both(make_desk)
    await joined(desk)
    desk.forget()
    await desk.receives(sender="lena", text="/call cancel")
    desk.expect_message("lena", containing="1. Troubleshooting with Vera, tomorrow 12:00 (15:00 for Vera)\n2. ")
    await desk.receives(sender="lena", text="2")
    assert await states(desk, 1, 2) == [CallState.CONFIRMED, CallState.CANCELLED]
    desk.forget()
    desk.expect_quiet()


async def test_after_the_notice_point_the_team_decides(make_desk: MakeStory) -> None:
    desk = await both(make_desk)
    await desk.go_to(WITH_TIME - timedelta(hours=5))
    desk.forget()
    await joined(desk)
    desk.expect_message("nina", Channel.EMAIL, containing="Write here which one you want to keep")
    desk.expect_ping("oleg", containing="turned out to have another call at the same time")
    desk.expect_quiet()


@pytest.mark.parametrize("apart", [timedelta(minutes=30), timedelta(days=2)])
async def test_calls_one_after_the_other_are_nobodys_concern(make_desk: MakeStory, apart: timedelta) -> None:
    desk = await both(make_desk, apart=apart)
    await joined(desk)
    desk.expect_nothing("nina", Channel.EMAIL)
    desk.expect_nothing("lena")
    assert await states(desk, 1, 2) == [CallState.CONFIRMED, CallState.CONFIRMED]
    desk.forget()
    desk.expect_quiet()


async def test_two_people_after_all_keep_their_calls(make_desk: MakeStory) -> None:
    desk = await both(make_desk)
    await joined(desk)
    assert not (await desk.does("dana", TwoPeople(), ticket=1)).is_refused
    desk.forget()
    await desk.receives(sender="lena", text="/call cancel")
    desk.expect_message("lena", containing="Cancelled: Troubleshooting with Vera")
    assert await states(desk, 1, 2) == [CallState.CANCELLED, CallState.CONFIRMED]
    desk.forget()
    desk.expect_quiet()

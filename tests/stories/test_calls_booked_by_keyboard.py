"""Our people in Telegram book and move a call for a client by days and times, in one message that changes in place."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from adapters.message import Button, Channel, OutboundMessage
from adapters.port import Answer
from bot.tickets.calls.call import CallState
from sla.duration import instant
from tests.builders import ON_TELEGRAM
from tests.harness import Story
from tests.stories.conftest import MakeStory
from tests.stories.test_calls import CALLS, WEDNESDAY_NOON, called, calls

DATABASES = ("sqlite", "postgresql")
TELEGRAM = Channel.TELEGRAM
VERA = "2001"


@pytest.fixture
async def desk(make_desk: MakeStory) -> Story:
    """Our people work in Telegram; Lena wrote by mail, and Vera has the ticket."""
    return await opened(make_desk)


async def opened(make_desk: MakeStory, *, more: str = CALLS) -> Story:
    desk = await called(make_desk, *ON_TELEGRAM, more=more)
    desk.works_on = TELEGRAM
    await desk.receives(Channel.EMAIL, sender="lena", text="Payroll failed")
    desk.forget()
    return desk


def shown(desk: Story, address: str = VERA) -> OutboundMessage:
    """The newest message of ours there that is no card, as it reads now."""
    said = (one.message for one in desk.channels[TELEGRAM].messages(address))
    return [one for one in said if isinstance(one, OutboundMessage)][-1]


def labels(buttons: Sequence[Button], action: str) -> list[str]:
    return [one.label for one in buttons if one.action == action]


async def pressed(desk: Story, label: str, *, by: str = VERA, address: str = VERA) -> Answer:
    answer = await desk.channels[TELEGRAM].press(address, label, by=by)
    await desk.settle()
    return answer


async def test_a_day_and_a_time_book_a_call_that_the_client_agreed_to(desk: Story) -> None:
    assert (await desk.chooses("vera", "ticket.call")).text == "Please answer below."
    text = desk.expect_message("vera", TELEGRAM, containing="T-1 (Acme): Troubleshooting, 30 min, with Vera.")
    assert "\n1. tomorrow 12:00 (09:00 for Lena)\n2. tomorrow 12:30" in text
    first = shown(desk).buttons
    assert labels(first, "book.slot") == ["1. tomorrow 12:00", "2. tomorrow 12:30", "3. tomorrow 13:00"]
    assert labels(first, "book.day")[:3] == ["Wed, Mar 4", "Thu, Mar 5", "Fri, Mar 6"]
    count = len(desk.channels[TELEGRAM].messages(VERA))
    assert await pressed(desk, "Training") == Answer()
    assert "Training" in shown(desk).text
    assert await pressed(desk, "Thu, Mar 5") == Answer()
    assert "Thursday, March 5, 2026\n1. Thursday 10:00 (07:00 for Lena)" in shown(desk).text
    await pressed(desk, "‹ Other days")
    await pressed(desk, "Thu, Mar 5")
    day = shown(desk).buttons
    done = await pressed(desk, "11:30")
    assert done.text == "T-1: the call is Thursday 11:30 (08:30 for Lena). Done."
    assert len(desk.channels[TELEGRAM].messages(VERA)) == count, "it is one message all along"
    assert (shown(desk).text, shown(desk).buttons) == (done.text, ())
    (call,) = await calls(desk)
    assert (call.kind, call.person, call.by, call.state) == ("education", "vera", "vera", CallState.CONFIRMED)
    said = desk.expect_message("lena", Channel.EMAIL, containing="Vera and you have a call: Training, Thursday 08:30")
    assert "/call move" in said
    # Pressed once more, as it stood before: nothing more is booked.
    again = next(one for one in day if one.label == "12:00")
    for _ in range(2):
        answer = await desk.channels[TELEGRAM].command(VERA, again.action, again.value)
        assert answer.is_refused
        assert answer.text.startswith("Call with Vera: Training, Thursday 11:30")
    assert len(await calls(desk)) == 1
    desk.forget()
    desk.expect_quiet()


async def test_a_call_is_moved_to_another_day(desk: Story) -> None:
    await desk.chooses("vera", "ticket.call")
    await pressed(desk, "1. tomorrow 12:00")
    desk.forget()
    card = desk.card("vera")
    await desk.channels[TELEGRAM].command(VERA, "ticket.call_move", "T-1", under=card)
    await desk.settle()
    assert "1. tomorrow 12:30" in "\n".join(labels(shown(desk).buttons, "book.slot")), "not the time that it has"
    assert labels(shown(desk).buttons, "book.kind") == []
    await desk.dies()
    await desk.settle()
    await pressed(desk, "Fri, Mar 6")
    assert (await pressed(desk, "15:00")).text == "T-1: the call is Friday 15:00 (12:00 for Lena). Done."
    assert [one.state for one in await calls(desk)] == [CallState.RESCHEDULED]
    desk.expect_message("lena", Channel.EMAIL, containing="Moved: Troubleshooting with Vera is now Friday 12:00")
    desk.forget()
    desk.expect_quiet()


async def test_what_became_too_late_is_told_with_three_others_and_the_lead_can_be_asked(desk: Story) -> None:
    await desk.chooses("vera", "ticket.call")
    await desk.fast_forward(minutes=30)
    desk.forget()
    answer = await pressed(desk, "1. tomorrow 12:00")
    assert answer.is_refused
    assert answer.text.startswith("tomorrow 12:00 (09:00 for Lena) is too soon: a call has to be agreed at least")
    assert len(labels(shown(desk).buttons, "book.slot")) == 3
    assert await calls(desk) == []
    asked = await pressed(desk, "Ask the team lead")
    assert asked.text.startswith("T-1: the lead is asked for tomorrow 12:00 (09:00 for Lena)")
    (call,) = await calls(desk)
    assert (call.state, call.waits_for, call.by) == (CallState.REQUESTED, "lead", "vera")
    desk.expect_message("lena", Channel.EMAIL, containing="We have asked the team lead for tomorrow 09:00")
    assert desk.mentions("dana", containing="Lena") or desk.seen("dana")
    desk.forget()
    desk.expect_quiet()


async def test_another_time_in_words_that_is_too_soon_leads_back_to_times(desk: Story) -> None:
    await desk.chooses("vera", "ticket.call")
    await pressed(desk, "Another time…")
    await desk.replies("vera", "14:00")
    await desk.chooses("vera", "Troubleshooting")
    await desk.chooses("vera", "Skip")
    assert shown(desk).text.startswith("14:00 (11:00 for Lena) is too soon")
    assert labels(shown(desk).buttons, "book.lead") == ["Ask the team lead"]
    await pressed(desk, "2. tomorrow 12:30")
    (call,) = await calls(desk)
    assert call.begins_at == instant(WEDNESDAY_NOON + timedelta(minutes=30))
    desk.forget()
    desk.expect_quiet()


async def test_words_below_the_times_reach_nobody_and_whoever_wrote_them_reads_how_it_is_done(desk: Story) -> None:
    await desk.chooses("vera", "ticket.call")
    keyboard = desk.channels[TELEGRAM].messages(VERA)[-1].external_id
    desk.forget()
    await desk.writes("vera", "tomorrow 15:00", under=keyboard)
    told = desk.expect_message("vera", TELEGRAM, containing="Nothing was done: these times are chosen with the buttons")
    assert "/desk call T-1 tomorrow 15:00" in told
    desk.expect_quiet()
    assert await calls(desk) == []
    await desk.writes("vera", "/desk call T-1 tomorrow 15:00", under=keyboard)
    desk.expect_message("lena", Channel.EMAIL, containing="Vera and you have a call: Troubleshooting, tomorrow 12:00")


async def test_an_old_keyboard_shows_what_is_free_now_and_a_closed_one_does_nothing(desk: Story) -> None:
    await desk.chooses("vera", "ticket.call")
    await desk.fast_forward(days=8)
    desk.forget()
    answer = await pressed(desk, "1. tomorrow 12:00")
    assert answer == Answer("These times were offered a while ago. Now these are free:", is_refused=True)
    assert labels(shown(desk).buttons, "book.day")[0] == "Thu, Mar 12"
    stop = await pressed(desk, "Cancel")
    assert (stop.text, shown(desk).buttons) == ("Cancelled: nothing was done.", ())
    for value in ("rubbish", "T-1~x~vera~~~", "T-99~1~vera~~~-", "T-1~1~mira~~~-"):
        answer = await desk.channels[TELEGRAM].command(VERA, "book.days", value)
        assert answer.is_refused
        assert answer.text
    assert await calls(desk) == []
    desk.forget()
    desk.expect_quiet()


async def test_a_client_presses_none_of_it(desk: Story) -> None:
    await desk.chooses("vera", "ticket.call")
    button = next(one for one in shown(desk).buttons if one.action == "book.slot")
    answer = await desk.channels[TELEGRAM].command("1001", button.action, button.value, by="1001")
    assert answer.is_refused
    assert await calls(desk) == []
    desk.forget()
    desk.expect_quiet()


async def test_who_may_book_with_nobody_is_told_why(make_desk: MakeStory) -> None:
    desk = await called(make_desk, *ON_TELEGRAM)
    desk.works_on = TELEGRAM
    await desk.receives(Channel.EMAIL, sender="nobody@else.test", text="Payroll failed")
    desk.forget()
    answer = await desk.channels[TELEGRAM].command(VERA, "ticket.call", "T-1")
    assert answer.is_refused
    assert await calls(desk) == []
    desk.expect_quiet()

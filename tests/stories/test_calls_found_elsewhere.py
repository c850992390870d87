"""A contact's own call is found from any of their channels, and nobody else's is; of several nobody guesses which."""

from datetime import timedelta

import pytest

from adapters.message import Channel, OutboundMessage
from bot.tickets.calls.call import Call, CallState
from bot.tickets.calls.command import BookCall
from bot.tickets.command import Merge, SamePerson, TwoPeople
from bot.tickets.ticket import TicketId
from sla.duration import instant
from tests.harness import Story
from tests.stories.conftest import MakeStory
from tests.stories.test_calls import CALLS, below, called, calls
from tests.stories.test_calls_changed import invited, states
from tests.stories.test_calls_life import WITH_TIME

DATABASES = ("sqlite", "postgresql")
GROUP = "-1001234"
NINA = (
    'contacts = [{ name = "Lena", telegram = 1001,',
    'contacts = [{ name = "Nina", telegram = 1009, email = "nina@acme.test" }, { name = "Lena", telegram = 1001,',
)
NOON_CALL = "Troubleshooting with Vera, tomorrow 12:00 (15:00 for Vera)"
FRIDAY_CALL = "Troubleshooting with Vera, Friday 12:00 (15:00 for Vera)"
NONE = "You have no call booked"


async def in_the_chat(make_desk: MakeStory, *, more: str = CALLS) -> Story:
    """Lena has booked a call with Vera on Telegram, tomorrow at noon of her own."""
    desk = await called(make_desk, NINA, more=more)
    await desk.receives(sender="lena", text="/call tomorrow 12:00")
    await desk.receives(sender="lena", text="1")
    desk.forget()
    return desk


async def two(make_desk: MakeStory) -> Story:
    """And another one by mail, about something else, on Friday."""
    desk = await in_the_chat(make_desk)
    await desk.receives(Channel.EMAIL, sender="lena", text="Exports are slow")
    await desk.does("vera", BookCall(instant(WITH_TIME + timedelta(days=2))), ticket=2)
    desk.forget()
    return desk


async def one(desk: Story, ticket: int = 1) -> Call:
    (call,) = await calls(desk, ticket)
    return call


async def test_it_is_moved_by_mail_and_all_of_it_is_said_there(make_desk: MakeStory) -> None:
    desk = await in_the_chat(make_desk)
    await desk.receives(Channel.EMAIL, sender="lena", text="/call move")
    said = desk.expect_message("lena", Channel.EMAIL, containing="Which time shall it be instead?")
    assert "1. tomorrow 09:00 (12:00 for Vera)" in said
    desk.expect_nothing("lena", Channel.TELEGRAM)
    await desk.receives(Channel.EMAIL, sender="lena", text="2")
    await desk.dies()
    await desk.settle()
    desk.expect_message(
        "lena", Channel.EMAIL, containing="Moved: Troubleshooting with Vera is now tomorrow 09:30 (12:30 for Vera)."
    )
    desk.expect_ping("vera", containing="the call is now tomorrow 12:30 (09:30 for Lena)")
    assert (await one(desk)).state is CallState.RESCHEDULED
    assert (await desk.ticket()).channel == Channel.TELEGRAM
    assert not await desk.is_there(2)
    desk.expect_nothing("lena", Channel.TELEGRAM)
    # The reminder comes where the call's own ticket is talked about.
    desk.forget()
    await desk.go_to(WITH_TIME - timedelta(hours=3))
    desk.expect_message("lena", Channel.TELEGRAM, containing="A reminder of your call")
    desk.forget()
    desk.expect_quiet()


@pytest.mark.parametrize("words", ["/call cancel", "/call CANCEL"])
async def test_it_is_cancelled_by_mail(make_desk: MakeStory, words: str) -> None:
    desk = await in_the_chat(make_desk)
    await desk.receives(Channel.EMAIL, sender="lena", text=words)
    desk.expect_message("lena", Channel.EMAIL, containing=f"Cancelled: {NOON_CALL}.")
    desk.expect_ping("vera", containing="is cancelled")
    desk.expect_nothing("lena", Channel.TELEGRAM)
    assert await states(desk, 1) == [CallState.CANCELLED]
    await desk.receives(Channel.EMAIL, sender="lena", text=words)
    desk.expect_message("lena", Channel.EMAIL, containing=NONE)
    desk.expect_quiet()


async def test_a_suggestion_for_it_in_words_is_about_it(make_desk: MakeStory) -> None:
    desk = await in_the_chat(make_desk)
    await desk.receives(Channel.EMAIL, sender="lena", text="/call move")
    desk.forget()
    await desk.receives(Channel.EMAIL, sender="lena", text="tomorrow 13:30")
    desk.expect_message("lena", Channel.EMAIL, containing="1. tomorrow 13:30 (16:30 for Vera)")
    await desk.receives(Channel.EMAIL, sender="lena", text="1")
    desk.expect_message("lena", Channel.EMAIL, containing="is now tomorrow 13:30")
    assert len(await calls(desk)) == 1
    desk.forget()
    desk.expect_quiet()


async def test_before_a_second_one_is_offered_the_first_is_named_in_the_same_text(make_desk: MakeStory) -> None:
    desk = await in_the_chat(make_desk)
    await desk.receives(Channel.EMAIL, sender="lena", text="/call")
    said = desk.expect_message("lena", Channel.EMAIL, containing="Troubleshooting, 30 min, with Vera.")
    assert said.startswith(f"You have a call: {NOON_CALL}. To move it write /call move, to cancel it /call cancel.\n")
    await desk.receives(Channel.EMAIL, sender="lena", text="/call fri 12:00")
    said = desk.expect_message("lena", Channel.EMAIL, containing="Did you mean the first of these?")
    assert said.startswith(f"You have a call: {NOON_CALL}.")
    # It may be had all the same, about something else.
    await desk.receives(Channel.EMAIL, sender="lena", text="1")
    desk.expect_message("lena", Channel.EMAIL, containing=f"Booked: {FRIDAY_CALL}")
    desk.expect_ping("vera", containing="Lena booked a call with Vera")
    desk.expect_card("vera", containing="Call: Troubleshooting")
    assert await states(desk, 1, 2) == [CallState.CONFIRMED, CallState.CONFIRMED]
    desk.expect_quiet()


async def test_several_are_listed_and_the_one_of_the_number_is_cancelled(make_desk: MakeStory) -> None:
    desk = await two(make_desk)
    await desk.receives(sender="lena", text="/call cancel")
    said = desk.expect_message("lena", containing="Which call shall be cancelled?")
    assert said.endswith(f"\n1. {NOON_CALL}\n2. {FRIDAY_CALL}")
    await desk.dies()
    await desk.settle()
    await desk.receives(sender="lena", text="3")
    assert "Which call shall be cancelled?" in desk.expect_message("lena", containing="There is no such call any more.")
    assert await states(desk, 1, 2) == [CallState.CONFIRMED, CallState.CONFIRMED]
    await desk.receives(sender="lena", text="2")
    desk.expect_message("lena", containing=f"Cancelled: {FRIDAY_CALL}.")
    # The calendar that was invited by mail is told there.
    desk.expect_message("lena", Channel.EMAIL, containing="Cancelled: Troubleshooting")
    assert [(it.method, it.sequence) for it in invited(desk)][-1] == ("CANCEL", 1)
    desk.expect_ping("vera", containing="is cancelled")
    assert await states(desk, 1, 2) == [CallState.CONFIRMED, CallState.CANCELLED]
    desk.expect_quiet()


async def test_one_of_several_is_moved_by_its_number(make_desk: MakeStory) -> None:
    desk = await two(make_desk)
    await desk.receives(sender="lena", text="/call move")
    desk.expect_message("lena", containing="Which call shall be moved?")
    await desk.receives(sender="lena", text="/call move 2")
    desk.expect_message("lena", containing="Which time shall it be instead?")
    await desk.receives(sender="lena", text="fri 13:00")
    desk.expect_message("lena", containing="1. Friday 13:00 (16:00 for Vera)")
    await desk.receives(sender="lena", text="1")
    desk.expect_message("lena", containing="is now Friday 13:00 (16:00 for Vera)")
    desk.expect_message("lena", Channel.EMAIL, containing="is now Friday 13:00 (16:00 for Vera)")
    desk.expect_ping("vera", containing="the call is now Friday 16:00")
    assert await states(desk, 1, 2) == [CallState.CONFIRMED, CallState.RESCHEDULED]
    desk.expect_quiet()


async def test_one_of_several_that_went_meanwhile_is_none_and_the_other_is_not_taken_for_it(
    make_desk: MakeStory,
) -> None:
    desk = await two(make_desk)
    await desk.receives(sender="lena", text="/call cancel")
    await desk.receives(Channel.EMAIL, sender="lena", text="/call cancel")
    await desk.receives(Channel.EMAIL, sender="lena", text="1")
    desk.forget()
    await desk.receives(sender="lena", text="1")
    said = desk.expect_message("lena", containing="There is no such call any more.")
    assert said.endswith(f"\n1. {FRIDAY_CALL}")
    assert await states(desk, 1, 2) == [CallState.CANCELLED, CallState.CONFIRMED]
    desk.expect_quiet()


async def test_who_asks_which_calls_they_have_reads_all_of_them(make_desk: MakeStory) -> None:
    desk = await two(make_desk)
    await desk.receives(sender="lena", text="/call")
    said = desk.expect_message("lena", containing="Your calls:")
    assert f"\n1. {NOON_CALL}\n2. {FRIDAY_CALL}\n" in said
    await desk.receives(sender="lena", text="/call cancel 1")
    desk.expect_message("lena", containing=f"Cancelled: {NOON_CALL}.")
    desk.expect_ping("vera", containing="is cancelled")
    desk.expect_quiet()


@pytest.mark.parametrize("words", ["/call move", "/call cancel", "/call"])
async def test_in_a_group_nobody_reads_of_anothers_call(make_desk: MakeStory, words: str) -> None:
    desk = await in_the_chat(make_desk)
    await desk.receives(sender="nina", text=words, address=GROUP)
    said = desk.channels[Channel.TELEGRAM].messages(GROUP)[-1].message
    assert isinstance(said, OutboundMessage)
    assert said.text.startswith(NONE if words != "/call" else "Troubleshooting, 30 min, with Vera.")
    assert await states(desk, 1) == [CallState.CONFIRMED]
    desk.expect_message(GROUP, containing=said.text)
    desk.expect_quiet()


async def test_in_a_group_ones_own_call_is_moved_and_nobody_else_answers_for_it(make_desk: MakeStory) -> None:
    desk = await in_the_chat(make_desk)
    await desk.receives(sender="lena", text="/call move", address=GROUP)
    desk.expect_message(GROUP, containing="Which time shall it be instead?")
    await desk.receives(sender="nina", text="/call 1", address=GROUP)
    desk.expect_message(GROUP, containing="somebody else")
    telegram = desk.channels[Channel.TELEGRAM]
    answer = await telegram.press(GROUP, "1. tomorrow 09:00 (12:00 for Vera)", by="1009")
    await desk.settle()
    assert answer.is_refused
    assert await states(desk, 1) == [CallState.CONFIRMED]
    desk.expect_nothing("lena", Channel.TELEGRAM)
    await telegram.press(GROUP, "1. tomorrow 09:00 (12:00 for Vera)", by="1001")
    await desk.settle()
    assert await states(desk, 1) == [CallState.RESCHEDULED]
    desk.expect_message(GROUP, containing="is now tomorrow 09:00")
    desk.expect_ping("vera", containing="the call is now")
    desk.forget()
    desk.expect_quiet()


async def test_what_was_booked_in_the_group_is_everybodys_there(make_desk: MakeStory) -> None:
    desk = await called(make_desk, NINA)
    await desk.receives(sender="lena", text="/call tomorrow 12:00", address=GROUP)
    await desk.receives(sender="lena", text="1", address=GROUP)
    desk.forget()
    await desk.receives(sender="nina", text="/call", address=GROUP)
    desk.expect_message(GROUP, containing=f"You have a call: {NOON_CALL}")
    # Alone with us Nina has none, and Lena has.
    await desk.receives(sender="nina", text="/call cancel")
    desk.expect_message("nina", containing=NONE)
    await desk.receives(Channel.EMAIL, sender="lena", text="/call move")
    desk.expect_message("lena", Channel.EMAIL, containing="Which time shall it be instead?")
    await desk.receives(Channel.EMAIL, sender="lena", text="1")
    desk.expect_message("lena", Channel.EMAIL, containing="is now tomorrow 09:00")
    # Whoever writes in the group relies on it as well.
    desk.expect_message(GROUP, containing="Moved: Troubleshooting with Vera is now tomorrow 09:00")
    desk.expect_ping("vera", containing="the call is now tomorrow 12:00")
    await desk.receives(sender="lena", text="/call cancel")
    desk.expect_message("lena", containing="Cancelled: Troubleshooting with Vera, tomorrow 09:00")
    desk.expect_message("lena", Channel.EMAIL, containing="Cancelled: Troubleshooting with Vera, tomorrow 09:00")
    desk.expect_message(GROUP, containing="Cancelled: Troubleshooting with Vera, tomorrow 09:00")
    desk.expect_ping("vera", containing="is cancelled")
    desk.expect_quiet()


async def test_a_call_that_a_merge_brought_into_the_group_stays_its_bookers_alone(make_desk: MakeStory) -> None:
    desk = await in_the_chat(make_desk)
    await desk.receives(sender="nina", text="Payroll failed", address=GROUP)
    assert (await desk.does("vera", Merge(TicketId(2)), ticket=1)).text == "Done."
    desk.forget()
    for words in ("/call", "/call move", "/call cancel", "/call tomorrow 13:00"):
        await desk.receives(sender="nina", text=words, address=GROUP)
        said = desk.channels[Channel.TELEGRAM].messages(GROUP)[-1].message
        assert isinstance(said, OutboundMessage)
        assert "12:00" not in said.text, words
    assert (await one(desk, 1)).state is CallState.CONFIRMED
    desk.forget()
    await desk.receives(sender="lena", text="/call cancel", address=GROUP)
    desk.expect_message(GROUP, containing=f"Cancelled: {NOON_CALL}.")
    desk.forget()
    desk.expect_quiet()


async def test_who_is_in_the_way_of_a_call_that_a_merge_brought_begins_something_new(make_desk: MakeStory) -> None:
    desk = await in_the_chat(make_desk)
    await desk.receives(sender="nina", text="Payroll failed", address=GROUP)
    await desk.does("vera", Merge(TicketId(2)), ticket=1)
    desk.forget()
    await desk.receives(sender="nina", text="/call tomorrow 13:00", address=GROUP)
    desk.expect_message(GROUP, containing="begin something new with /new and ask again")
    for words in ("/new", "/call tomorrow 13:00", "1"):
        await desk.receives(sender="nina", text=words, address=GROUP)
    desk.expect_message(GROUP, containing="Booked: Troubleshooting with Vera, tomorrow 13:00 (16:00 for Vera).")
    assert (await one(desk, 1)).state is CallState.CONFIRMED
    assert [call.contact != (await one(desk, 1)).contact for call in await calls(desk, 3)] == [True]


async def test_a_member_of_the_group_whom_nobody_knows_reads_of_no_call_by_pressing(make_desk: MakeStory) -> None:
    desk = await in_the_chat(make_desk)
    await desk.receives(sender="lena", text="Payroll failed", address=GROUP)
    telegram = desk.channels[Channel.TELEGRAM]
    await telegram.press(GROUP, "client.call", by="777")
    await desk.settle()
    said = telegram.messages(GROUP)[-1].message
    assert isinstance(said, OutboundMessage)
    assert said.text.startswith("Troubleshooting, 30 min, with Vera.")
    await telegram.press(GROUP, "client.call", by="1001")
    await desk.settle()
    said = telegram.messages(GROUP)[-1].message
    assert isinstance(said, OutboundMessage)
    assert said.text.startswith(f"You have a call: {NOON_CALL}.")
    desk.forget()
    desk.expect_quiet()


async def test_who_booked_on_anothers_ticket_changes_it_by_their_own_button_and_from_elsewhere(
    make_desk: MakeStory,
) -> None:
    desk = await called(make_desk, NINA)
    await desk.receives(sender="lena", text="Payroll failed", address=GROUP)
    await desk.receives(sender="nina", text="/call tomorrow 12:00", address=GROUP)
    await desk.receives(sender="nina", text="1", address=GROUP)
    desk.forget()
    assert (await desk.ticket()).contact != (await one(desk)).contact
    await desk.receives(Channel.EMAIL, sender="nina", text="/call move")
    desk.expect_message("nina", Channel.EMAIL, containing="Which time shall it be instead?")
    await desk.receives(Channel.EMAIL, sender="nina", text="2")
    desk.expect_message("nina", Channel.EMAIL, containing="is now tomorrow 09:30")
    desk.expect_ping("vera", containing="the call is now tomorrow 12:30")
    await desk.receives(sender="lena", text="/call cancel")
    desk.expect_message("lena", containing=NONE)
    telegram = desk.channels[Channel.TELEGRAM]
    assert (await telegram.press(GROUP, "client.call_cancel", by="1009")).text.startswith("Cancelled:")
    await desk.settle()
    desk.forget()
    desk.expect_quiet()


async def test_of_a_list_each_call_has_its_button_and_a_second_press_cancels_nothing_more(make_desk: MakeStory) -> None:
    desk = await two(make_desk)
    await desk.receives(sender="lena", text="/call cancel")
    desk.forget()
    buttons = below(desk)
    assert [it.label for it in buttons] == ["1. tomorrow 12:00 (15:00 for Vera)", "2. Friday 12:00 (15:00 for Vera)"]
    telegram = desk.channels[Channel.TELEGRAM]
    for turn in (1, 2):
        answer = await telegram.command("1001", buttons[1].action, buttons[1].value)
        await desk.settle()
        assert (answer.text.startswith("Cancelled:"), answer.is_refused) == (turn == 1, turn == 2)
    assert await states(desk, 1, 2) == [CallState.CONFIRMED, CallState.CANCELLED]
    desk.expect_message("lena", containing=f"Cancelled: {FRIDAY_CALL}.")
    desk.expect_message("lena", Channel.EMAIL, containing=f"Cancelled: {FRIDAY_CALL}.")
    desk.expect_message("lena", containing="There is no such call any more.")
    desk.expect_ping("vera", containing="is cancelled")
    desk.expect_quiet()


async def test_two_contacts_who_are_one_person_have_the_calls_of_both_until_they_are_two_again(
    make_desk: MakeStory,
) -> None:
    desk = await called(make_desk, NINA)
    await desk.receives(sender="nina", text="/call fri 12:00")
    await desk.receives(sender="nina", text="1")
    await desk.receives(sender="lena", text="Payroll failed")
    assert not (await desk.does("dana", SamePerson(TicketId(2)), ticket=1)).is_refused
    desk.forget()
    await desk.receives(Channel.EMAIL, sender="lena", text="/call")
    desk.expect_message("lena", Channel.EMAIL, containing=f"You have a call: {FRIDAY_CALL}")
    assert not (await desk.does("dana", TwoPeople(), ticket=1)).is_refused
    desk.forget()
    await desk.receives(Channel.EMAIL, sender="lena", text="/call cancel")
    desk.expect_message("lena", Channel.EMAIL, containing=NONE)
    await desk.receives(Channel.EMAIL, sender="nina", text="/call cancel")
    desk.expect_message("nina", Channel.EMAIL, containing=f"Cancelled: {FRIDAY_CALL}")
    desk.forget()
    desk.expect_quiet()

"""What a bare number or moment of a client means: the times that we offered last, or that the message answers."""

from datetime import timedelta

import pytest

from adapters.message import Channel
from bot.store.calls.call_list import EVER
from bot.store.calls.calls import between
from bot.tickets.calls.call import CallState
from bot.tickets.command import Reply, Resolve
from sla.duration import instant, moment
from tests.harness import NOON, Story
from tests.stories.conftest import MakeStory
from tests.stories.test_calls import CALLS, called, presses
from tests.stories.test_csat import ASKED, ASKING

DATABASES = ("sqlite", "postgresql")
MAIL = "lena@acme.test"
OVER = "These times were offered a while ago. Now these are free:"


async def asked(make_desk: MakeStory, channel: Channel = Channel.TELEGRAM, *, question: str) -> Story:
    """Lena was offered times about her ticket, and Vera asked her something else after that."""
    desk = await called(make_desk)
    await desk.receives(channel, sender="lena", text="Payroll failed")
    await desk.receives(channel, sender="lena", text="/call")
    await desk.does("vera", Reply(question))
    desk.forget()
    return desk


def name(desk: Story, place: int, channel: Channel = Channel.EMAIL, address: str = MAIL) -> str:
    """What the channel calls a message of ours."""
    return desk.channels[channel].messages(address)[place].external_id


async def booked(desk: Story) -> list[CallState]:
    """Every call there is, whichever ticket it is about."""
    found = await desk.database.read(lambda conn: between(conn, since=instant(NOON), until=EVER))
    return [one.state for one in found]


async def words(desk: Story) -> list[str]:
    return [one.text for one in await desk.lines() if one.direction == "in"]


@pytest.mark.parametrize("days", [pytest.param(0, id="at once"), pytest.param(6, id="days later")])
async def test_a_number_answers_our_question_and_books_nothing(make_desk: MakeStory, days: int) -> None:
    desk = await asked(make_desk, question="How many payrolls failed?")
    await desk.fast_forward(days=days)
    desk.forget()
    await desk.receives(sender="lena", text="3")
    assert await booked(desk) == []
    assert (await words(desk))[-1] == "3"
    desk.expect_ping("vera", containing="Lena wrote on T-1")
    desk.expect_quiet()


async def test_a_moment_answers_our_question_and_suggests_nothing(make_desk: MakeStory) -> None:
    desk = await asked(make_desk, question="When will you switch over?")
    await desk.receives(sender="lena", text="tomorrow 15:00")
    assert (await words(desk))[-1] == "tomorrow 15:00"
    desk.expect_ping("vera", containing="> tomorrow 15:00")
    desk.expect_quiet()


async def test_a_number_above_a_signature_answers_our_mail_and_books_nothing(make_desk: MakeStory) -> None:
    desk = await asked(make_desk, Channel.EMAIL, question="How many payrolls failed?")
    await desk.receives(Channel.EMAIL, sender="lena", text="3\n\nBest regards,\nLena")
    assert await booked(desk) == []
    assert (await words(desk))[-1].startswith("3")
    desk.forget()
    desk.expect_quiet()


async def test_call_with_a_number_books_whatever_was_said_since(make_desk: MakeStory) -> None:
    desk = await asked(make_desk, question="How many payrolls failed?")
    await desk.receives(sender="lena", text="/call 3")
    desk.expect_message("lena", containing="Booked: Troubleshooting with Vera, tomorrow 10:00 (13:00 for Vera).")
    desk.forget()
    desk.expect_quiet()


async def test_a_reply_to_the_offer_books_whatever_was_said_since(make_desk: MakeStory) -> None:
    desk = await asked(make_desk, question="How many payrolls failed?")
    offer = name(desk, -2, Channel.TELEGRAM, "1001")
    await desk.receives(sender="lena", text="3", reply_to=offer)
    desk.expect_message("lena", containing="Booked: Troubleshooting with Vera, tomorrow 10:00 (13:00 for Vera).")
    desk.forget()
    desk.expect_quiet()


async def test_a_day_that_is_turned_to_is_the_newest_thing_again(make_desk: MakeStory) -> None:
    desk = await asked(make_desk, question="How many payrolls failed?")
    offer = desk.channels[Channel.TELEGRAM].messages("1001")[-2]
    friday = next(one for one in offer.message.buttons if one.label == "Fri, Mar 6")  # type: ignore[union-attr]
    telegram = desk.channels[Channel.TELEGRAM]
    await telegram.command("1001", friday.action, friday.value, under=offer.external_id)
    await desk.settle()
    await desk.receives(sender="lena", text="2")
    desk.expect_message("lena", containing="Booked: Troubleshooting with Vera, Friday 07:30 (10:30 for Vera).")
    desk.forget()
    desk.expect_quiet()


async def test_a_reply_to_another_message_of_ours_answers_that_one(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", Reply("How many payrolls failed?"))
    question = name(desk, -1, Channel.TELEGRAM, "1001")
    await desk.receives(sender="lena", text="/call")
    desk.forget()
    await desk.receives(sender="lena", text="3", reply_to=question)
    assert await booked(desk) == []
    desk.expect_ping("vera", containing="Lena wrote on T-1")
    desk.expect_quiet()


async def test_our_receipt_for_what_they_say_in_between_ends_no_offer(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    await desk.receives(Channel.EMAIL, sender="lena", text="/call")
    await desk.fast_forward(minutes=1)
    await desk.receives(Channel.EMAIL, sender="lena", text="Payroll failed")
    desk.expect_message("lena", Channel.EMAIL, containing="Thank you, we have it (T-1)")
    receipt = name(desk, -1)
    await desk.fast_forward(minutes=1)
    await desk.receives(Channel.EMAIL, sender="lena", text="2", reply_to=receipt)
    desk.expect_message("lena", Channel.EMAIL, containing="Booked: Troubleshooting with Vera, tomorrow 09:30")
    desk.forget()
    desk.expect_quiet()


async def test_a_score_is_no_time_of_an_offer_before_it(make_desk: MakeStory) -> None:
    desk = await called(make_desk, more=f"{CALLS}{ASKING}")
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.receives(sender="lena", text="/call")
    await desk.does("vera", Resolve("It is mended."))
    await desk.go_to(NOON + ASKED)
    desk.forget()
    await desk.receives(sender="lena", text="5")
    desk.expect_message("lena", containing="Thank you for the 5.")
    assert await booked(desk) == []
    desk.forget()
    desk.expect_quiet()


# Answers to older offers


async def twice(make_desk: MakeStory) -> tuple[Story, str, str]:
    """By mail Lena was offered times, then others; the names of both mails."""
    desk = await called(make_desk)
    await desk.receives(Channel.EMAIL, sender="lena", text="/call")
    await desk.receives(Channel.EMAIL, sender="lena", text="fri 15:00")
    desk.forget()
    return desk, name(desk, -2), name(desk, -1)


@pytest.mark.parametrize("said", ["2", "/call 2", "2\n\nBest regards,\nLena"])
async def test_a_number_that_answers_an_older_mail_is_told_what_is_free_now(make_desk: MakeStory, said: str) -> None:
    desk, old, _ = await twice(make_desk)
    await desk.receives(Channel.EMAIL, sender="lena", text=said, reply_to=old)
    desk.expect_message("lena", Channel.EMAIL, containing=f"{OVER}\n1. tomorrow 09:00 (12:00 for Vera)")
    assert await booked(desk) == []
    await desk.receives(Channel.EMAIL, sender="lena", text="2", reply_to=name(desk, -1))
    desk.expect_message("lena", Channel.EMAIL, containing="Booked: Troubleshooting with Vera, tomorrow 09:30")
    desk.forget()
    desk.expect_quiet()


async def test_a_number_that_answers_the_newest_mail_books_what_stands_there(make_desk: MakeStory) -> None:
    desk, _, new = await twice(make_desk)
    await desk.receives(Channel.EMAIL, sender="lena", text="1", reply_to=new)
    desk.expect_message("lena", Channel.EMAIL, containing="Booked: Troubleshooting with Vera, Friday 15:00")
    desk.forget()
    desk.expect_quiet()


async def test_a_number_that_answers_an_offer_which_was_taken_books_no_second_call(make_desk: MakeStory) -> None:
    desk, old, new = await twice(make_desk)
    await desk.receives(Channel.EMAIL, sender="lena", text="1", reply_to=new)
    desk.forget()
    for late in (old, new):
        await desk.receives(Channel.EMAIL, sender="lena", text="2", reply_to=late)
        desk.expect_message(
            "lena", Channel.EMAIL, containing="You have a call: Troubleshooting with Vera, Friday 15:00"
        )
    assert await booked(desk) == [CallState.CONFIRMED]
    desk.expect_quiet()


async def test_a_number_that_answers_an_offer_of_last_week_is_told_what_is_free_now(make_desk: MakeStory) -> None:
    desk, _, new = await twice(make_desk)
    await desk.fast_forward(days=8)
    desk.forget()
    await desk.receives(Channel.EMAIL, sender="lena", text="2", reply_to=new)
    desk.expect_message("lena", Channel.EMAIL, containing=OVER)
    assert await booked(desk) == []
    desk.expect_quiet()


async def test_a_moment_that_answers_an_older_mail_is_said_back_like_any_other(make_desk: MakeStory) -> None:
    desk, old, _ = await twice(make_desk)
    await desk.receives(Channel.EMAIL, sender="lena", text="fri 12:00", reply_to=old)
    desk.expect_message("lena", Channel.EMAIL, containing="Did you mean the first of these?")
    assert await booked(desk) == []
    desk.expect_quiet()


async def test_a_keyboard_of_telegram_that_is_answered_late_is_told_what_is_free_now(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    await desk.receives(sender="lena", text="/call")
    old = name(desk, -1, Channel.TELEGRAM, "1001")
    await desk.fast_forward(minutes=1)
    await desk.receives(sender="lena", text="/call fri 15:00")
    desk.forget()
    await desk.receives(sender="lena", text="1", reply_to=old)
    desk.expect_message("lena", containing=OVER)
    assert await booked(desk) == []
    await presses(desk, "1. tomorrow 09:00 (12:00 for Vera)")
    desk.expect_message("lena", containing="Booked: Troubleshooting with Vera, tomorrow 09:00")
    desk.forget()
    desk.expect_quiet()


async def test_a_number_of_somebody_else_in_the_group_books_nothing(make_desk: MakeStory) -> None:
    nina = 'contacts = [{ name = "Nina", telegram = 1009 }, { name = "Lena", telegram = 1001,'
    desk = await called(make_desk, ('contacts = [{ name = "Lena", telegram = 1001,', nina))
    await desk.receives(sender="lena", text="/call", address="-1001234")
    await desk.receives(sender="lena", text="Nina, how many payrolls failed?", address="-1001234")
    desk.forget()
    await desk.receives(sender="nina", text="3", address="-1001234")
    assert await booked(desk) == []
    assert (await words(desk))[-1] == "3"
    desk.forget()
    await desk.receives(sender="nina", text="/call 3", address="-1001234")
    assert await booked(desk) == [CallState.CONFIRMED]
    desk.forget()
    desk.expect_quiet()


async def test_a_number_that_names_our_question_books_nothing_though_its_clock_is_behind(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    await desk.receives(Channel.EMAIL, sender="lena", text="Payroll failed")
    await desk.receives(Channel.EMAIL, sender="lena", text="/call")
    behind = moment(desk.time.at) + timedelta(minutes=5)
    await desk.fast_forward(minutes=10)
    await desk.does("vera", Reply("How many payrolls failed?"))
    await desk.receives(Channel.EMAIL, sender="lena", text="3", reply_to=name(desk, -1), at=behind)
    assert await booked(desk) == []
    desk.forget()
    desk.expect_quiet()

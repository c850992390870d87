"""A client changes channels in the middle of it: the ticket goes along, and what came twice is seen to be one."""

from datetime import timedelta

import pytest

from adapters.message import Channel
from bot.tickets.command import Reply, Same
from bot.tickets.texts import Texts
from bot.tickets.ticket import Status
from bot.web.history import history
from sla.duration import instant
from tests.builders import story_desk
from tests.harness import NOON, Story
from tests.stories.conftest import MakeStory

DATABASES = ("sqlite", "postgresql")
EMAIL, INAPP, TELEGRAM = Channel.EMAIL, Channel.INAPP, Channel.TELEGRAM
GROUP = "-1001234"
NORA = (
    'slack = "T2/U9", inapp = "user-17" }]',
    'slack = "T2/U9", inapp = "user-17" }, { name = "Nora", email = "nora@acme.test", telegram = 1007 }]',
)


async def test_the_answer_goes_where_the_client_wrote_last(desk: Story) -> None:
    await desk.receives(EMAIL, sender="lena", text="Payroll failed")
    await desk.fast_forward(minutes=30)
    desk.forget()
    await desk.receives(sender="lena", text="About T-1: it was March")
    desk.expect_ping("vera", containing="Lena wrote on T-1")
    await desk.does("vera", Reply("Looking"))
    desk.expect_message("lena", TELEGRAM, containing="Looking")
    await desk.fast_forward(minutes=5)
    await desk.receives(sender="lena", text="And April")
    desk.expect_ping("vera", containing="Lena wrote on T-1")
    await desk.fast_forward(minutes=5)
    await desk.receives(EMAIL, sender="lena", text="And May, by mail again")
    desk.expect_ping("vera", containing="Lena wrote on T-1")
    await desk.does("vera", Reply("Thank you"))
    desk.expect_message("lena", EMAIL, containing="Thank you")
    assert not await desk.is_there(2)
    said = " ".join(one.what for one in history(await desk.page(), Texts("en", "fixed:+03:00", {})))
    assert "Lena went on with it on telegram" in said
    desk.expect_quiet()


async def test_it_is_one_move_however_often_the_channel_repeats_the_message(desk: Story) -> None:
    await desk.receives(EMAIL, sender="lena", text="Payroll failed")
    telegram = desk.channels[TELEGRAM]
    raw = await telegram.says("1001", "T-1 was March", sender="1001", external_id="1001:9")
    await desk.settle()
    await desk.dies()
    await telegram.receives(raw.payload, external_id="another name", address="1001")
    await desk.settle()
    assert (await desk.events()).count("follows") == 1
    assert [line.channel for line in await desk.lines() if line.direction == "in"] == [EMAIL, TELEGRAM]
    desk.forget()
    desk.expect_quiet()


async def test_a_conversation_that_is_about_something_else_stays_about_that(desk: Story) -> None:
    await desk.receives(EMAIL, sender="lena", text="Payroll failed")
    await desk.fast_forward(minutes=30)
    await desk.receives(sender="lena", text="The export is slow")
    await desk.receives(sender="lena", text="T-1 was March")
    await desk.fast_forward(minutes=5)
    desk.forget()
    await desk.receives(sender="lena", text="Twenty minutes now")
    desk.expect_ping("vera", containing="Lena wrote on T-2")
    await desk.does("vera", Reply("March, thank you"), ticket=1)
    desk.expect_message("lena", TELEGRAM, containing="March, thank you")
    assert ((await desk.ticket(1)).is_current, (await desk.ticket(2)).is_current) == (False, True)
    desk.expect_quiet()


async def test_what_began_after_a_new_word_gives_way_to_what_is_named(desk: Story) -> None:
    await desk.receives(EMAIL, sender="lena", text="Payroll failed")
    await desk.fast_forward(minutes=30)
    await desk.receives(sender="lena", text="The export is slow")
    await desk.receives(sender="lena", text="/new")
    await desk.receives(sender="lena", text="T-1 was March")
    assert ((await desk.ticket(1)).is_current, (await desk.ticket(2)).is_current) == (True, False)
    desk.forget()
    desk.expect_quiet()


@pytest.mark.parametrize(
    ("sender", "where"),
    [
        pytest.param("5001", "5001", id="a stranger who knows the number"),
        pytest.param("bill", "1003", id="another client"),
        pytest.param("nora", "1007", id="a colleague on a channel of their own"),
    ],
)
async def test_whoever_has_no_part_in_it_joins_nothing_and_learns_nothing(
    make_desk: MakeStory, sender: str, where: str
) -> None:
    desk = await make_desk(story_desk(NORA))
    await desk.receives(EMAIL, sender="lena", text="Payroll failed")
    await desk.fast_forward(minutes=30)
    desk.forget()
    await desk.receives(sender=sender, text="What about T-1?")
    said = desk.expect_message(where, containing="(T-2)")
    assert "T-1" not in said
    assert "Payroll" not in said
    assert len([line for line in await desk.lines(1) if line.direction == "in"]) == 1
    await desk.does("vera", Reply("For Lena alone"), ticket=1)
    desk.expect_message("lena", EMAIL, containing="For Lena alone")
    desk.forget()
    desk.expect_quiet()


async def test_a_mail_is_not_answered_in_the_group_because_it_was_named_there(desk: Story) -> None:
    await desk.receives(EMAIL, sender="lena", text="Payroll failed")
    await desk.fast_forward(minutes=30)
    await desk.receives(sender="lena", address=GROUP, text="Any news on T-1?")
    desk.forget()
    await desk.does("vera", Reply("Here is the list"))
    desk.expect_message("lena", EMAIL, containing="Here is the list")
    desk.expect_quiet()


async def test_what_came_twice_within_minutes_is_suggested_as_one_and_the_earlier_promise_counts(desk: Story) -> None:
    await desk.receives(EMAIL, sender="lena", text="Payroll failed")
    await desk.go_to(NOON + timedelta(minutes=2))
    desk.forget()
    await desk.receives(sender="lena", text="Payroll failed")
    desk.expect_message("lena", containing="(T-2)")
    card = desk.expect_card("vera", containing="T-2 · Acme")
    assert "Perhaps the same as T-1, which came on another channel minutes before" in card
    assert [(await desk.ticket(number)).status for number in (1, 2)] == [Status.NEW, Status.NEW]
    await desk.presses("vera", "ticket.same")
    assert ((await desk.ticket(2)).status, (await desk.ticket(2)).merged_into) == (Status.MERGED, 1)
    assert (await desk.clock("first_response", 1)).due_at == instant(NOON + timedelta(hours=1))
    assert len([line for line in await desk.lines(1) if line.direction == "in"]) == 2
    desk.expect_message("lena", containing="T-2 and T-1 are about the same thing")
    assert (await desk.does("vera", Same(), ticket=2)).is_refused
    desk.expect_quiet()


async def test_a_colleague_on_another_channel_is_suggested_too_and_nobody_else(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(NORA))
    await desk.receives(EMAIL, sender="lena", text="Payroll failed")
    await desk.receives(EMAIL, sender="nora", text="Payroll failed")
    await desk.receives(sender="bill", text="Payroll failed")
    await desk.receives(sender="5001", text="Payroll failed")
    await desk.receives(sender="nora", text="Payroll failed")
    assert [(await desk.ticket(number)).same_as for number in (1, 2, 3, 4, 5)] == [None, None, None, None, 2]
    desk.forget()
    desk.expect_quiet()


async def test_what_came_later_or_was_answered_is_suggested_no_more(desk: Story) -> None:
    await desk.receives(EMAIL, sender="lena", text="Payroll failed")
    await desk.fast_forward(minutes=11)
    await desk.receives(sender="lena", text="The export is slow")
    await desk.receives(INAPP, sender="lena", text="Really slow")
    assert [(await desk.ticket(number)).same_as for number in (2, 3)] == [None, 2]
    desk.forget()
    await desk.does("vera", Reply("Looking"), ticket=3)
    assert "Perhaps the same" not in desk.expect_edit("vera", containing="T-3")
    answer = await desk.does("vera", Same(), ticket=2)
    assert answer.text == "Nothing came beside it that it could be the same as."
    desk.forget()
    desk.expect_quiet()

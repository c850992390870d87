"""Replies that a client did not read in the chat follow to their mail: once, together, and to an address of theirs."""

from datetime import timedelta

import pytest

from adapters.errors import PermanentError
from adapters.message import Channel, Vouched
from bot.tickets.command import AddNote, Reply, Resolve
from tests.builders import story_desk
from tests.harness import NOON, Story
from tests.stories.conftest import MakeStory

DATABASES = ("sqlite", "postgresql")
CHAT, MAIL, TELEGRAM = Channel.INAPP, Channel.EMAIL, Channel.TELEGRAM
LENA = "lena@acme.test"


@pytest.fixture
async def desk(make_desk: MakeStory) -> Story:
    """Lena asked in the chat and closed it."""
    desk = await make_desk()
    await desk.receives(CHAT, sender="lena", text="Payroll failed")
    desk.forget()
    return desk


async def says(desk: Story, text: str, *, after: int = 0) -> str:
    """Vera answers in the chat; gives the chat's name of it."""
    await desk.fast_forward(minutes=after)
    await desk.does("vera", Reply(text))
    desk.expect_message("lena", CHAT, containing=text)
    return desk.channels[CHAT].messages("user-17")[-1].external_id


async def reads(desk: Story, name: str) -> None:
    await desk.channels[CHAT].notices("user-17", name, "seen")
    await desk.settle()


async def test_what_is_not_read_follows_once_and_together(desk: Story) -> None:
    await says(desk, "Looking at it")
    await says(desk, "It was the bank", after=20)
    await desk.fast_forward(minutes=9)
    desk.expect_nothing("lena", MAIL)
    await desk.fast_forward(minutes=1)
    text = desk.expect_message("lena", MAIL, containing="You have not read this in our chat yet")
    # In Lena's own time.
    # In Lena's own time.
    assert text.index("Vera Kova, 09:00:\nLooking at it") < text.index("Vera Kova, 09:20:\nIt was the bank")
    await desk.fast_forward(hours=2)
    desk.expect_nothing("lena", MAIL)


async def test_what_comes_later_follows_alone(desk: Story) -> None:
    await says(desk, "Looking at it")
    await desk.fast_forward(minutes=31)
    desk.expect_message("lena", MAIL, containing="Looking at it")
    await says(desk, "It was the bank")
    await desk.fast_forward(minutes=31)
    assert "Looking" not in desk.expect_message("lena", MAIL, containing="It was the bank")
    desk.expect_nothing("lena", MAIL)


async def test_what_was_read_in_the_chat_is_not_sent_again(desk: Story) -> None:
    await says(desk, "Looking at it")
    await reads(desk, await says(desk, "It was the bank", after=5))
    await desk.fast_forward(hours=2)
    desk.expect_nothing("lena", MAIL)


async def test_whoever_writes_on_has_read_what_stands_above(desk: Story) -> None:
    await says(desk, "Looking at it")
    await desk.receives(CHAT, sender="lena", text="Thank you, and the export?")
    await desk.fast_forward(hours=2)
    desk.expect_nothing("lena", MAIL)


async def test_what_is_read_while_the_mail_waits_is_left_out_of_it(desk: Story) -> None:
    first = await says(desk, "Looking at it")
    desk.channels[MAIL].down()
    await says(desk, "It was the bank", after=10)
    await desk.fast_forward(minutes=25)
    await reads(desk, first)
    await desk.channels[MAIL].up()
    await desk.fast_forward(minutes=10)
    text = desk.expect_message("lena", MAIL, containing="It was the bank")
    assert "Looking at it" not in text


async def test_a_mail_that_waits_is_dropped_when_all_of_it_was_read(desk: Story) -> None:
    desk.channels[MAIL].down()
    name = await says(desk, "Looking at it")
    await desk.fast_forward(minutes=35)
    await reads(desk, name)
    await desk.channels[MAIL].up()
    await desk.fast_forward(minutes=30)
    desk.expect_nothing("lena", MAIL)
    assert [one.error for one in await desk.outbox("dropped") if one.what == "carried"] == [
        "it was read in the meantime"
    ]


async def test_an_answer_by_mail_goes_on_with_the_ticket_and_is_answered_by_mail(desk: Story) -> None:
    await says(desk, "Looking at it")
    await desk.fast_forward(minutes=31)
    desk.forget()
    mail = desk.channels[MAIL]
    sent = mail.messages(LENA)[-1].external_id
    await mail.says(LENA, "Thank you, and the export?", name="Lena", reply_to=sent)
    await desk.settle()
    assert [line.text for line in await desk.lines() if line.direction == "in"] == [
        "Payroll failed",
        "Thank you, and the export?",
    ]
    assert not await desk.is_there(2)
    await desk.does("vera", Reply("Tomorrow"))
    desk.expect_message("lena", MAIL, containing="Tomorrow")
    desk.expect_nothing("lena", CHAT)
    await desk.receives(CHAT, sender="lena", text="I am back here")
    await desk.does("vera", Reply("Then here"))
    desk.expect_message("lena", CHAT, containing="Then here")
    assert not await desk.is_there(2)


async def test_an_answer_that_names_no_mail_of_ours_finds_the_ticket_by_where_it_was_sent(desk: Story) -> None:
    await says(desk, "Looking at it")
    await desk.fast_forward(minutes=31)
    await desk.channels[MAIL].says(LENA, "Thank you, and the export?", name="Lena")
    await desk.settle()
    assert [line.text for line in await desk.lines() if line.direction == "in"][1:] == ["Thank you, and the export?"]


async def test_two_tickets_of_one_chat_are_one_mail(desk: Story) -> None:
    await says(desk, "Looking at it")
    await desk.receives(CHAT, sender="lena", text="/new The export hangs")
    desk.forget()
    await desk.does("vera", Reply("It is the bank"), ticket=1)
    await desk.does("vera", Reply("It runs again"), ticket=2)
    desk.forget()
    await desk.fast_forward(minutes=31)
    text = desk.expect_message("lena", MAIL, containing="It is the bank")
    assert "It runs again" in text
    desk.expect_nothing("lena", MAIL)


async def test_a_kill_at_any_step_makes_no_second_mail(desk: Story) -> None:
    await says(desk, "Looking at it")
    await desk.dies()
    desk.channels[MAIL].drop_after_sending()
    await desk.go_to(NOON + timedelta(minutes=31))
    await desk.dies()
    await desk.fast_forward(hours=2)
    (mail,) = desk.channels[MAIL].messages(LENA)
    assert "Looking at it" in mail.text


async def test_a_mail_that_is_refused_is_told_to_whoever_wrote(desk: Story) -> None:
    await says(desk, "Looking at it")
    desk.channels[MAIL].fail_next(PermanentError("no such mail box"))
    await desk.fast_forward(minutes=31)
    desk.expect_ping("vera", containing="no such mail box")
    desk.expect_nothing("lena", MAIL)


async def test_nothing_automatic_and_nothing_internal_follows(desk: Story) -> None:
    await desk.does("vera", AddNote("they owe us"))
    await desk.does("vera", Resolve(""))
    await desk.fast_forward(hours=2)
    desk.expect_nothing("lena", MAIL)


async def test_only_an_address_that_is_known_for_certain_is_written_to(make_desk: MakeStory) -> None:
    desk = await make_desk()
    claims = Vouched(client=None, name="Eve", email="eve@elsewhere.test")
    await desk.receives(CHAT, sender="eve", address="user-99", text="Hello", vouched=claims)
    desk.forget()
    await desk.does("dana", Reply("Hello Eve"))
    await desk.fast_forward(hours=2)
    assert not desk.channels[MAIL].messages("eve@elsewhere.test")


async def test_other_channels_call_their_readers_themselves(make_desk: MakeStory) -> None:
    desk = await make_desk()
    await desk.receives(TELEGRAM, sender="lena", text="Payroll failed")
    await desk.does("vera", Reply("Looking at it"))
    desk.forget()
    await desk.fast_forward(hours=2)
    desk.expect_nothing("lena", MAIL)


@pytest.mark.parametrize(
    ("written", "minutes"), [("5m", 5), pytest.param("never", None, id="a desk that wants it to stay in the chat")]
)
async def test_the_desk_says_after_how_long(make_desk: MakeStory, written: str, minutes: int | None) -> None:
    desk = await make_desk(story_desk(("[rules]\n", f'[rules]\nmail_unread_after = "{written}"\n')))
    await desk.receives(CHAT, sender="lena", text="Payroll failed")
    desk.forget()
    await says(desk, "Looking at it")
    await desk.fast_forward(minutes=(minutes or 600) - 1)
    desk.expect_nothing("lena", MAIL)
    await desk.fast_forward(minutes=1)
    assert len(desk.channels[MAIL].messages(LENA)) == (minutes is not None)

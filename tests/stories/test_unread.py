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


async def two_requests(desk: Story) -> str:
    """The mail in which replies about two tickets of Lena's followed; gives its name."""
    await says(desk, "Looking at it")
    await desk.receives(CHAT, sender="lena", text="/new The export hangs")
    await desk.does("vera", Reply("It is the bank"), ticket=1)
    await desk.does("vera", Reply("It runs again"), ticket=2)
    desk.forget()
    await desk.fast_forward(minutes=31)
    return desk.channels[MAIL].messages(LENA)[-1].external_id


async def heard_of(desk: Story, ticket: int) -> list[str]:
    return [line.text for line in await desk.lines(ticket) if line.direction == "in"][1:]


async def test_a_mail_about_two_tickets_says_which_reply_is_about_which(desk: Story) -> None:
    await two_requests(desk)
    text = desk.expect_message("lena", MAIL, containing="It is about more than one request.")
    assert "T-1, Vera Kova, 09:00:\nIt is the bank" in text
    assert "T-2, Vera Kova, 09:00:\nIt runs again" in text


async def test_a_mail_about_one_ticket_names_no_number(desk: Story) -> None:
    await says(desk, "Looking at it")
    await desk.fast_forward(minutes=31)
    assert "T-1" not in desk.expect_message("lena", MAIL, containing="Looking at it")


@pytest.mark.parametrize(
    ("written", "ticket"),
    [
        pytest.param("T-1: thank you, paid", 1, id="the first"),
        pytest.param("It hangs again (t-2)", 2, id="the second"),
        pytest.param("It hangs again", 2, id="none, so the last"),
        pytest.param("T-1 and T-2 are both fine", 2, id="both, so the last"),
        pytest.param("> T-1, Vera Kova:\n> It is the bank\n\nIt hangs", 2, id="one in what is quoted alone"),
        pytest.param("> T-2, Vera Kova:\n\nT-1 is paid", 1, id="another one in what is quoted"),
        pytest.param("What of T-999?", 2, id="none of theirs"),
    ],
)
async def test_an_answer_to_it_goes_where_its_own_words_say(desk: Story, written: str, ticket: int) -> None:
    sent = await two_requests(desk)
    await desk.channels[MAIL].says(LENA, written, name="Lena", reply_to=sent)
    await desk.settle()
    own = written.rpartition("\n\n")[2]  # a channel that knows of quotes folds them away
    assert [one.rpartition("\n\n")[2] for one in await heard_of(desk, ticket)] == [own]
    assert await heard_of(desk, 3 - ticket) == []
    assert not await desk.is_there(3)


async def test_a_ticket_that_the_mail_was_not_about_is_only_a_word_in_an_answer_to_it(desk: Story) -> None:
    sent = await two_requests(desk)
    await desk.receives(CHAT, sender="lena", text="/new The printer is on fire")
    await desk.channels[MAIL].says(LENA, "As in T-3, it hangs", name="Lena", reply_to=sent)
    await desk.settle()
    assert await heard_of(desk, 2) == ["As in T-3, it hangs"]
    assert await heard_of(desk, 3) == []


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
